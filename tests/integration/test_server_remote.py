"""Searches on a LangGraph server as graphs of a program elsewhere."""

from collections.abc import Iterator
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import HumanMessage, ToolCall, ToolMessage
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.pregel.remote import RemoteException, RemoteGraph
from langgraph_sdk import get_client, get_sync_client

from langchain_llava_o1 import SearchContext, SearchResult, VisualReasoningTool, image_block
from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path
from langchain_llava_o1.tiny.agent_model import ScriptedAgentModel
from tests.integration.langgraph_server import Server, run_example

FORM = {"question": DEMO_QUESTION, "image": image_block(demo_picture_path())["base64"]}
QUESTION = HumanMessage([image_block(demo_picture_path()), {"type": "text", "text": DEMO_QUESTION}])
CONTEXT = {"candidates": 2, "seed": 2}
STAGE_NAMES = [stage.name for stage in STAGES]


def called(**arguments: Any) -> ToolCall:
    return ToolCall(name="visual_reasoning", args=arguments, id="call_1", type="tool_call")


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
        remote.invoke({**FORM, "image": "/etc/hostname"}, context={**CONTEXT, "unanswerable": "error"})


def test_a_remote_search_is_drawn_with_its_stages(remote: RemoteGraph) -> None:
    nodes = set(remote.get_graph(xray=True).nodes)
    assert {
        f"{name}:{node}" for name in STAGE_NAMES for node in ("plan", "sample", "match", "select")
    } < nodes


def test_a_remote_search_is_a_node_of_another_graph(remote: RemoteGraph) -> None:
    builder = StateGraph(MessagesState)
    builder.add_node("look", remote)
    builder.add_edge(START, "look")
    builder.add_edge("look", END)
    graph = builder.compile()
    parts: list[Any] = list(
        graph.stream({"messages": [QUESTION]}, stream_mode=["custom", "values"], subgraphs=True)
    )
    messages = parts[-1][2]["messages"]
    assert [message.type for message in messages] == ["human", "ai"]
    assert messages[-1].text == "6"
    # What the remote search tells of itself comes through.
    told = [data["stage"] for _, mode, data in parts if mode == "custom" and data["type"] == "winner"]
    assert told == STAGE_NAMES
    assert "look:caption:match" in graph.get_graph(xray=True).nodes


def told_and_events(parts: list[Any]) -> tuple[ToolMessage, list[dict[str, Any]]]:
    told = next(data for mode, data in reversed(parts) if mode == "values")["messages"][-2]
    assert isinstance(told, ToolMessage)
    return told, [data for mode, data in parts if mode == "custom"]


def check_told(told: ToolMessage, events: list[dict[str, Any]]) -> None:
    assert told.text == "6"
    result = SearchResult.from_record(told.artifact)
    assert result.settings["candidates"] == CONTEXT["candidates"]
    assert result.settings["seed"] == CONTEXT["seed"]
    assert [len(stage["candidates"]) for stage in result.stages.values()] == [2, 2, 2, 2]
    assert [event["stage"] for event in events if event["type"] == "winner"] == STAGE_NAMES


@pytest.mark.parametrize(
    "context",
    [CONTEXT, pytest.param(SearchContext(candidates=2, seed=2), marks=pytest.mark.long)],
    ids=["dict", "object"],
)
def test_a_remote_search_is_an_agents_tool(
    remote: RemoteGraph, context: dict[str, Any] | SearchContext
) -> None:
    tool = VisualReasoningTool(search=remote, context=context)
    agent: Any = create_agent(ScriptedAgentModel(), tools=[tool])
    parts = list(agent.stream({"messages": [QUESTION]}, stream_mode=["custom", "values"]))
    check_told(*told_and_events(parts))


@pytest.mark.long
async def test_a_remote_search_is_an_agents_tool_in_an_event_loop(langgraph_server: Server) -> None:
    async with get_client(url=langgraph_server.address) as client:
        tool = VisualReasoningTool(search=RemoteGraph("stage_beam", client=client), context=CONTEXT)
        agent: Any = create_agent(ScriptedAgentModel(), tools=[tool])
        stream = agent.astream({"messages": [QUESTION]}, stream_mode=["custom", "values"])
        parts = [part async for part in stream]
    check_told(*told_and_events(parts))


def test_what_a_remote_search_refuses_reaches_the_agent_in_words(remote: RemoteGraph) -> None:
    tool = VisualReasoningTool(search=remote, context=CONTEXT)
    told = tool.invoke(called(question="What is it?", image="/etc/hostname"))
    assert told.status == "error"
    assert told.text == (
        "image: Paths in messages are not read (/etc/hostname).\n"
        "Please send another file, with your question."
    )


def test_settings_that_a_remote_search_does_not_have_are_told(
    remote: RemoteGraph, caplog: pytest.LogCaptureFixture
) -> None:
    told = VisualReasoningTool(search=remote, context={"beams": 0}).invoke(
        called(question="What is it?", messages=[QUESTION])
    )
    assert told.status == "error"
    # The language model cannot mend it; who runs the program can.
    assert "the log says what is wrong" in told.text
    assert "beams is 0; it must be a whole number from 1 to 64" in caplog.text


def test_an_agent_without_a_key_says_which_one_is_missing(langgraph_server: Server) -> None:
    with get_sync_client(url=langgraph_server.address) as client:
        agent = RemoteGraph("agent", sync_client=client)
        with pytest.raises(RemoteException, match=r"OPENAI_API_KEY is not set.*export OPENAI_API_KEY="):
            agent.invoke({"messages": [QUESTION]}, context={"model": "openai:gpt-5.2"})


@pytest.mark.long
def test_the_example_runs_with_a_server(langgraph_server: Server) -> None:
    printed = run_example("11_remote_graph.py", langgraph_server)
    assert "conclusion is settled" in printed
    assert "Answer: 6" in printed
