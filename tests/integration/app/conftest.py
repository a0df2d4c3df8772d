"""`llava-o1 app` in a process of its own, with the embedded model, and its page in a browser."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.integration.servers import free_port, wait_until_served


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app's address; its uploads go to a folder of the test's own."""
    folder = tmp_path_factory.mktemp("app")
    log = folder / "log.txt"
    port = free_port()
    command = [sys.executable, "-m", "langchain_llava_o1.cli", "app", "--port", str(port), "--model", "tiny"]
    environment = {**os.environ, "GRADIO_TEMP_DIR": str(folder)}
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
        try:
            wait_until_served(f"http://127.0.0.1:{port}/", process, log)
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            process.wait(120)


DESKTOP = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=390, height=844)


@pytest.fixture(params=["light"])
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page on a desktop in light or dark colors, or on a phone."""
    is_phone = request.param == "phone"
    context = browser.new_context(
        viewport=PHONE if is_phone else DESKTOP, color_scheme="light" if is_phone else request.param
    )
    context.set_default_timeout(120_000)
    requests: list[str] = []
    opened = context.new_page()
    opened.on("request", lambda each: requests.append(each.url))
    opened.goto(address)
    expect(opened.locator("#question textarea")).to_be_visible()
    yield opened
    context.close()
    assert [url for url in requests if not url.startswith((address, "data:", "blob:"))] == []
