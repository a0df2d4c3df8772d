"""Searches on a LangGraph server as graphs of a program elsewhere."""

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.pregel.remote import RemoteException, RemoteGraph
from langgraph_sdk import get_client, get_sync_client

from langchain_llava_o1 import image_block
from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path
from tests.integration.langgraph_server import Server, run_example

FORM = {"question": DEMO_QUESTION, "image": image_block(demo_picture_path())["base64"]}
CONTEXT = {"candidates": 2, "seed": 1}
STAGE_NAMES = [stage.name for stage in STAGES]


@pytest.fixture
def remote(langgraph_server: Server) -> Iterator[RemoteGraph]:
    with get_sync_client(url=langgraph_server.address) as client:
        yield RemoteGraph("stage_beam", sync_client=client)


def test_a_remote_search_answers(remote: RemoteGraph) -> None:
    state: Any = remote.invoke(FORM, context=CONTEXT)
    assert state["messages"][-1]["content"] == "6"
    assert list(state["stages"]) == STAGE_NAMES


async def test_a_remote_search_streams_what_happens_inside(langgraph_server: Server) -> None:
    async with get_client(url=langgraph_server.address) as client:
        remote = RemoteGraph("stage_beam", client=client)
        parts = [
            part
            async for part in remote.astream(
                FORM, context=CONTEXT, stream_mode=["custom", "updates"], subgraphs=True
            )
        ]
    inside = {namespace[0].split(":")[0] for namespace, _, _ in parts if namespace}
    assert inside == set(STAGE_NAMES)
    winners = [data["stage"] for _, mode, data in parts if mode == "custom" and data["type"] == "winner"]
    assert winners == STAGE_NAMES


def test_a_failure_elsewhere_says_what_it_is(remote: RemoteGraph) -> None:
    with pytest.raises(RemoteException, match="LLAVA_O1_IMAGE_ROOTS"):
        remote.invoke({**FORM, "image": "/etc/hostname"}, context=CONTEXT)


def test_a_remote_search_is_drawn_with_its_stages(remote: RemoteGraph) -> None:
    nodes = set(remote.get_graph(xray=True).nodes)
    assert {f"{name}:{node}" for name in STAGE_NAMES for node in ("plan", "sample", "rank", "select")} < nodes


def test_a_remote_search_is_a_node_of_another_graph(remote: RemoteGraph) -> None:
    builder = StateGraph(MessagesState)
    builder.add_node("look", remote)
    builder.add_edge(START, "look")
    builder.add_edge("look", END)
    graph = builder.compile()
    question = HumanMessage([image_block(demo_picture_path()), {"type": "text", "text": DEMO_QUESTION}])
    parts: list[Any] = list(
        graph.stream({"messages": [question]}, stream_mode=["custom", "values"], subgraphs=True)
    )
    messages = parts[-1][2]["messages"]
    assert [message.type for message in messages] == ["human", "ai"]
    assert messages[-1].text == "6"
    # What the remote search tells of itself comes through.
    told = [data["stage"] for _, mode, data in parts if mode == "custom" and data["type"] == "winner"]
    assert told == STAGE_NAMES
    assert "look:caption:rank" in graph.get_graph(xray=True).nodes


def test_the_example_runs_with_a_server(langgraph_server: Server) -> None:
    printed = run_example("11_remote_graph.py", langgraph_server)
    assert "conclusion is settled" in printed
    assert "Answer: 6" in printed
