"""`llava-o1 mcp`, a process of its own, asked by the official client."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from langchain_llava_o1 import image_block
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path
from tests.integration.servers import free_port, wait_until_listening

COMMAND = [sys.executable, "-m", "langchain_llava_o1.cli", "mcp"]
SETTINGS = ["--candidates", "2", "--seed", "1"]
FOLDER = demo_picture_path().parent
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "mcp.md"


def environment(**variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LLAVA_O1_")}
    return {**kept, **variables}


@asynccontextmanager
async def started(*options: str, **variables: str) -> AsyncIterator[ClientSession]:
    command, *arguments = [*COMMAND, *SETTINGS, *options]
    parameters = StdioServerParameters(command=command, args=arguments, env=environment(**variables))
    async with stdio_client(parameters) as streams, ClientSession(*streams) as client:
        await client.initialize()
        yield client


async def ask(client: ClientSession, image: object) -> tuple[bool, str]:
    result = await client.call_tool("visual_reasoning", {"question": DEMO_QUESTION, "image": str(image)})
    (content,) = result.content
    assert content.type == "text"
    return result.isError, content.text


async def test_on_standard_input_and_output() -> None:
    told: list[str | None] = []

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        told.append(message)

    async with started("--image-root", str(FOLDER)) as client:
        (tool,) = (await client.list_tools()).tools
        assert str(FOLDER) in tool.inputSchema["properties"]["image"]["description"]
        arguments = {"question": DEMO_QUESTION, "image": str(demo_picture_path())}
        result = await client.call_tool(tool.name, arguments, progress_callback=listen)
        assert not result.isError
        assert [content.text for content in result.content if content.type == "text"] == ["6"]
        assert [text for text in told if text and "is kept" in text][-1].startswith("conclusion: ")
        assert await ask(client, image_block(demo_picture_path())["base64"]) == (False, "6")
        assert await ask(client, "/etc/hostname") == (
            True,
            f"image: /etc/hostname is outside the allowed folders ({FOLDER}). Name a picture from there, or "
            "ask the user to send the picture itself.",
        )
        is_error, text = await ask(client, "https://example.com/a.png")
        assert is_error
        assert "not fetched from URLs" in text


@pytest.mark.long
async def test_the_environment_allows_folders() -> None:
    async with started(LLAVA_O1_IMAGE_ROOTS=str(FOLDER)) as client:
        assert await ask(client, demo_picture_path()) == (False, "6")


@pytest.mark.long
async def test_by_default_no_file_is_read() -> None:
    async with started() as client:
        is_error, text = await ask(client, demo_picture_path())
    assert is_error
    assert "Paths in messages are not read" in text


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    options = [*SETTINGS, "--http", "--port", str(port), "--image-root", str(FOLDER)]
    path = tmp_path_factory.mktemp("mcp") / "log.txt"
    with path.open("w") as log:
        process = subprocess.Popen([*COMMAND, *options], env=environment(), stderr=log)
    try:
        wait_until_listening(port, process)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 130
    first, *_, last = path.read_text().splitlines()
    assert first == f"llava-o1: MCP at http://127.0.0.1:{port}/mcp; Ctrl-C ends it"
    assert last == "llava-o1: interrupted"
    assert "Traceback" not in path.read_text()


@pytest.mark.long
async def test_by_http(address: str) -> None:
    async with (
        streamable_http_client(address) as (incoming, outgoing, _),
        ClientSession(incoming, outgoing) as client,
    ):
        await client.initialize()
        assert await ask(client, demo_picture_path()) == (False, "6")


@pytest.mark.long
def test_a_page_from_elsewhere_is_refused(address: str) -> None:
    for headers in ({"Origin": "https://example.com"}, {"Host": "example.com"}):
        assert httpx.post(address, json={}, headers=headers).status_code in (403, 421)


@pytest.mark.long
def test_a_port_that_is_taken_is_told(address: str) -> None:
    port = address.removesuffix("/mcp").rpartition(":")[2]
    done = subprocess.run(
        [*COMMAND, "--http", "--port", port, "--image-urls"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 1
    assert f"127.0.0.1:{port} cannot be listened on" in done.stderr
    assert done.stdout == ""


@pytest.fixture(scope="module")
def inspector() -> None:
    """Skip where the protocol's inspector cannot be had."""
    if shutil.which("npx") is None:
        pytest.skip("npx is not installed, which runs the inspector: https://nodejs.org")
    found = subprocess.run(
        ["npm", "view", "@modelcontextprotocol/inspector", "version"], capture_output=True, text=True
    )
    if found.returncode:
        pytest.skip(f"the npm registry cannot be reached: {found.stderr[-300:]}")


@pytest.mark.long
@pytest.mark.usefixtures("inspector")
def test_the_inspector_reads_what_the_docs_tell_it_to(tmp_path: Path, address: str) -> None:
    shutil.copy(demo_picture_path(), tmp_path / "picture.png")
    block = re.search(r"```console\n(npx .*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert block
    commands = block[1].replace("\\\n", "").replace("http://127.0.0.1:8000/mcp", address).splitlines()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    told = []
    for command in commands:
        variables = environment(PATH=path, npm_config_yes="true")
        done = subprocess.run(
            command, shell=True, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stderr
        told.append(json.loads(done.stdout))

    listed, answered, listed_by_http = told
    for tools in (listed, listed_by_http):
        assert [tool["name"] for tool in tools["tools"]] == ["visual_reasoning"]
    (content,) = answered["content"]
    assert not answered["isError"]
    assert content["text"].isdigit()
