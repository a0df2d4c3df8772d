"""The site that ``make docs`` builds."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

import langchain_llava_o1
from langchain_llava_o1 import errors

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
LOADED = re.compile(
    r"<(?:script|img|iframe|source|audio|video|embed)\b[^>]*?\b(?:src|srcset)=[\"']?(?P<src>[^\"'\s>]+)"
    r"|<link\b(?=[^>]*\brel=[\"']?(?:stylesheet|icon|preload|modulepreload|manifest))"
    r"[^>]*?\bhref=[\"']?(?P<href>[^\"'\s>]+)"
    r"|url\([\"']?(?P<url>(?!data:)[^\"')]+)",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built with warnings as errors."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    class QuietHandler(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_every_public_name_is_in_the_reference(site: Path) -> None:
    entries = {found for page in (site / "api").rglob("*.html") for found in ids_of(page)}
    names = {f"langchain_llava_o1.{name}" for name in langchain_llava_o1.__all__}
    names |= {f"langchain_llava_o1.errors.{name}" for name in vars(errors) if not name.startswith("_")}
    assert names <= entries


@pytest.mark.parametrize(
    "name",
    ["SearchContext", "SinglePassContext", "StageBeamContext", "SentenceBeamContext", "SwiresContext"],
)
def test_every_setting_is_in_the_reference(site: Path, name: str) -> None:
    context = getattr(langchain_llava_o1, name)
    entries = ids_of(site / "api" / "searches" / "index.html")
    assert {f"langchain_llava_o1.{name}.{setting}" for setting in context.model_fields} <= entries


def ids_of(page: Path) -> set[str]:
    return set(re.findall(r'\bid="([^"]+)"', page.read_text(encoding="utf-8")))


def test_no_page_names_anything_to_load_from_elsewhere(site: Path) -> None:
    pages = [path for path in site.rglob("*") if path.suffix in (".html", ".css", ".svg")]
    loaded = [
        found[found.lastgroup or 0]
        for page in pages
        for found in LOADED.finditer(page.read_text(encoding="utf-8"))
    ]
    assert len(loaded) > len(pages)
    assert not [place for place in loaded if place.startswith(("http:", "https:", "//"))]


def test_a_reader_finds_and_sees_everything_without_a_network(browser: Browser, address: str) -> None:
    context = browser.new_context(color_scheme="dark")
    # Deadlines only bound a hang: the search's index is read by a script of the page, in a thread of its own.
    context.set_default_timeout(300_000)
    page = context.new_page()
    requested: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    page.goto(address)
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "slate")
    search, found = page.get_by_role("textbox", name="Search"), page.locator(".md-search-result__link").first
    # The page listens to keys alone, so filling the field would go unnoticed.
    search.press_sequentially("HuggingFaceReward")
    found.click()
    expect(page).to_have_url(re.compile("judges"))
    page.get_by_role("link", name="Tutorial").first.click()
    expect(page.get_by_role("heading", name="Tutorial", level=1)).to_be_visible()
    for image in page.locator("article img").all():
        assert image.evaluate("image => image.complete && image.naturalWidth > 0")
    context.close()

    assert len(requested) > 5
    assert not [url for url in requested if not url.startswith((address, "data:", "blob:"))]
    assert not complaints
