"""The server's graphs as tools, by its MCP endpoint."""

import json
from typing import Any

import httpx
import pytest
from langchain_core.tools import BaseTool
from langchain_mcp_adapters.client import MultiServerMCPClient
from langgraph_sdk import get_client

from langchain_llava_o1 import image_block
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path
from tests.integration.langgraph_server import ROOT, Server, run_example

CONFIGURATION = json.loads((ROOT / "langgraph.json").read_text())
PICTURE = image_block(demo_picture_path())["base64"]


async def tools_of(server: Server) -> dict[str, BaseTool]:
    connection: Any = {"transport": "streamable_http", "url": f"{server.address}/mcp"}
    return {tool.name: tool for tool in await MultiServerMCPClient({"llava-o1": connection}).get_tools()}


async def ask(server: Server, **arguments: str) -> str:
    tools = await tools_of(server)
    (block,) = await tools["visual_question"].ainvoke(arguments)
    return str(block["text"])


async def test_every_graph_is_a_tool_that_says_what_it_does(langgraph_server: Server) -> None:
    tools = await tools_of(langgraph_server)
    for name, graph in CONFIGURATION["graphs"].items():
        assert tools[name].description == graph["description"]


async def test_a_question_and_its_picture_are_all_that_is_asked_for(langgraph_server: Server) -> None:
    schema: Any = (await tools_of(langgraph_server))["visual_question"].args_schema
    assert set(schema["properties"]) == set(schema["required"]) == {"question", "image"}
    assert all(field["description"] for field in schema["properties"].values())


async def test_the_tool_returns_the_answer_alone(langgraph_server: Server) -> None:
    text = await ask(langgraph_server, question=DEMO_QUESTION, image=PICTURE)
    assert text == "{'answer': '6', 'error': None}"


async def test_what_is_no_text_is_told(langgraph_server: Server) -> None:
    async with get_client(url=langgraph_server.address) as client:
        state = await client.runs.wait(None, "visual_question", input={"question": 5, "image": PICTURE})
    assert isinstance(state, dict)
    assert state["answer"] is None
    assert "must be text" in state["error"]


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("/etc/hostname", "Ask the user to send the picture"),
        ("", "There is no `image`"),
        ("A" * 100, "known format"),
    ],
)
async def test_the_tool_says_what_to_change(langgraph_server: Server, image: str, said: str) -> None:
    text = await ask(langgraph_server, question=DEMO_QUESTION, image=image)
    assert text.startswith("{'answer': None, 'error': ")
    assert said in text.removeprefix("{'answer': None, 'error': ")


@pytest.mark.long
async def test_an_assistant_is_a_tool_with_its_own_settings(langgraph_server: Server) -> None:
    async with get_client(url=langgraph_server.address) as client:
        assistant = await client.assistants.create(
            "visual_question",
            name="quick_look",
            description="Looks once.",
            context={"max_tokens_per_stage": 1, "candidates": 1},
        )
        try:
            tool = (await tools_of(langgraph_server))["quick_look"]
            (block,) = await tool.ainvoke({"question": DEMO_QUESTION, "image": PICTURE})
        finally:
            await client.assistants.delete(assistant["assistant_id"])
    assert tool.description == "Looks once."
    # One token is too little for any stage: the assistant's settings were taken.
    assert "'6'" not in block["text"]


async def test_agents_find_a_card_of_the_agent(langgraph_server: Server) -> None:
    async with get_client(url=langgraph_server.address) as client:
        (assistant,) = await client.assistants.search(graph_id="agent")
    path = f"/a2a/{assistant['assistant_id']}/.well-known/agent-card.json"
    async with httpx.AsyncClient(base_url=langgraph_server.address) as http:
        card = (await http.get(path)).json()
    assert card["name"] == "agent"
    assert card["description"] == CONFIGURATION["graphs"]["agent"]["description"]


@pytest.mark.long
def test_the_example_runs_with_a_server(langgraph_server: Server) -> None:
    printed = run_example("12_mcp_client.py", langgraph_server)
    assert "visual_question takes question, image" in printed
    assert "'answer': '6'" in printed
