"""The MCP server's tool, with the official client in the same process."""

from pathlib import Path
from typing import Any

import pytest
from mcp.shared.memory import create_connected_server_and_client_session
from mcp.types import CallToolResult

from langchain_llava_o1 import ChatLlavaO1, create_single_pass, create_stage_beam
from langchain_llava_o1.agents.mcp_server import create_mcp_server
from langchain_llava_o1.pictures.policy import ImagePolicy
from tests.agents.calls import RED
from tests.scripted_model import Call, Reply, ScriptedModel

NOTHING_ALLOWED = ImagePolicy()


async def call(
    search: Any,
    arguments: dict[str, Any],
    name: str = "visual_reasoning",
    context: dict[str, Any] | None = None,
    **options: Any,
) -> CallToolResult:
    server = create_mcp_server(search, context or {}, NOTHING_ALLOWED)
    async with create_connected_server_and_client_session(server) as client:
        return await client.call_tool(name, arguments, **options)


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert content.type == "text"
    return content.text


async def test_the_answer_and_progress() -> None:
    told: list[tuple[float, str | None]] = []

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, message))

    result = await call(
        create_stage_beam(ScriptedModel()),
        {"question": "What?", "image": RED["base64"]},
        context={"candidates": 2, "seed": 1},
        progress_callback=listen,
    )
    assert not result.isError
    assert text_of(result).startswith("note ")
    assert [progress for progress, _ in told] == list(range(1, len(told) + 1))
    messages = [message for _, message in told]
    assert messages[0] == "summary: sampling, 2 at a time"
    assert sum("is kept" in str(message) for message in messages) == 4


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        (NOTHING_ALLOWED, "The picture, as a data URL or base64."),
        (ImagePolicy(allow_urls=True), "The picture, as an https URL, a data URL or base64."),
        (
            ImagePolicy(allowed_roots=(Path("/a"), Path("/b"))),
            "The picture, as the absolute path of a file below /a or /b, a data URL or base64.",
        ),
    ],
)
async def test_clients_are_told_which_pictures_are_read(policy: ImagePolicy, told: str) -> None:
    server = create_mcp_server(create_single_pass(ScriptedModel()), {}, policy)
    async with create_connected_server_and_client_session(server) as client:
        (tool,) = (await client.list_tools()).tools
    assert tool.name == "visual_reasoning"
    assert tool.description
    assert tool.inputSchema["properties"]["image"]["description"] == told
    assert tool.inputSchema["properties"]["question"]["description"]
    assert tool.annotations
    assert tool.annotations.openWorldHint is policy.allow_urls


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            {"question": "What?", "image": "/etc/hostname"},
            "image: Paths in messages are not read (/etc/hostname). Ask the user to send the picture itself.",
        ),
        ({"question": "What?"}, "The arguments cannot be used: image is missing. Call the tool"),
        ({"question": "", "image": "a.png"}, "question is ''; it must be a text that is not empty."),
        ({"question": "What?", "image": 3}, "image is 3; it must be a text that is not empty."),
        ({"question": "What?", "image": "a.png", "beams": 2}, "'beams' is unknown."),
    ],
)
async def test_what_is_wrong_is_told(arguments: dict[str, Any], told: str) -> None:
    result = await call(create_single_pass(ChatLlavaO1()), arguments)
    assert result.isError
    assert told in text_of(result)


async def test_a_failing_model_is_told() -> None:
    def fail(call: Call) -> Reply:
        raise ConnectionError("the server is gone")

    result = await call(
        create_stage_beam(ScriptedModel(write=fail)), {"question": "What?", "image": RED["base64"]}
    )
    assert result.isError
    assert "ConnectionError: the server is gone" in text_of(result)


async def test_an_unknown_tool_is_told() -> None:
    result = await call(create_single_pass(ScriptedModel()), {}, name="look")
    assert result.isError
    assert text_of(result) == "There is no tool 'look'; there is visual_reasoning."
