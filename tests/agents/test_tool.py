"""The tool as agents use it: LangChain's own suites, ToolNode, create_agent, and by itself."""

import base64
import io
import json
from pathlib import Path
from typing import Annotated, Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_tests.integration_tests import ToolsIntegrationTests
from langchain_tests.unit_tests import ToolsUnitTests
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.graph.message import add_messages
from langgraph.prebuilt import ToolNode
from langgraph.types import Command, interrupt
from PIL import Image
from pydantic import BaseModel

from langchain_llava_o1 import (
    ChatLlavaO1,
    SearchResult,
    StageBeamContext,
    VisualReasoningTool,
    create_single_pass,
    create_stage_beam,
    image_block,
)
from langchain_llava_o1.tiny.agent_model import ScriptedAgentModel
from tests.agents.calls import BLUE, RED, asked, called, seen_by, tool_over
from tests.saved import saved_sizes
from tests.scripted_model import ScriptedModel


class Standard:
    """What LangChain's suites are told about the tool."""

    tool_constructor = VisualReasoningTool

    @property
    def tool_constructor_params(self) -> dict[str, Any]:
        return {"search": create_stage_beam(ScriptedModel())}

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        return {"question": "What is it?", "image": RED["base64"]}


class TestUnit(Standard, ToolsUnitTests):  # type: ignore[misc]
    pass


class TestIntegration(Standard, ToolsIntegrationTests):  # type: ignore[misc]
    pass


def test_a_model_is_told_of_its_own_arguments_alone() -> None:
    schema = tool_over(ScriptedModel()).tool_call_schema.model_json_schema()  # type: ignore[union-attr]
    assert set(schema["properties"]) == {"question", "image", "image_index"}
    assert schema["required"] == ["question"]


async def test_in_an_agent_sync_and_async() -> None:
    model = ScriptedModel()
    agent: Any = create_agent(ScriptedAgentModel(), tools=[tool_over(model)])
    state = agent.invoke({"messages": [asked(RED)]})
    again = await agent.ainvoke({"messages": [asked(RED)]})

    *_, told, answer = state["messages"]
    assert [type(message) for message in again["messages"]] == [
        HumanMessage,
        AIMessage,
        ToolMessage,
        AIMessage,
    ]
    assert told.status == "success"
    assert told.text == answer.text == again["messages"][-1].text
    record = json.loads(json.dumps(told.artifact))
    result = SearchResult.from_record(record, pictures=[RED])
    assert result.answer == told.text
    assert [len(stage["candidates"]) for stage in result.stages.values()] == [2, 2, 2, 2]
    assert seen_by(model) == [RED]


@pytest.mark.parametrize(
    ("index", "expected"), [({}, BLUE), ({"image_index": 1}, RED), ({"image_index": 2}, BLUE)]
)
def test_the_last_picture_or_the_one_that_is_numbered(
    index: dict[str, int], expected: dict[str, Any]
) -> None:
    model = ScriptedModel()
    conversation = [asked(RED, question="First."), AIMessage("Yes."), asked(BLUE), HumanMessage("And now?")]
    tool_over(model).invoke({"question": "?", "messages": conversation, **index})

    assert seen_by(model) == [expected]


def test_pictures_in_other_forms_and_from_tools_are_found() -> None:
    url = f"data:image/png;base64,{BLUE['base64']}"
    for message in (
        HumanMessage([{"type": "image_url", "image_url": {"url": url}}]),
        HumanMessage([{"type": "image_url", "image_url": url}]),
        HumanMessage(
            [
                {
                    "type": "image",
                    "source": {"type": "base64", "media_type": "image/png", "data": BLUE["base64"]},
                }
            ]
        ),
        ToolMessage([BLUE], tool_call_id="1"),
    ):
        tool = VisualReasoningTool(
            search=create_single_pass(ChatLlavaO1()), context={"max_tokens_per_stage": 8}
        )
        answered = tool.invoke(called(question="How many objects?", messages=[asked(RED), message]))
        assert answered.status == "success", answered.text


class ModelState(BaseModel):
    messages: Annotated[list[AnyMessage], add_messages]


@pytest.mark.parametrize("schema", [MessagesState, ModelState])
async def test_in_a_tool_node_of_any_state(schema: type[Any]) -> None:
    graph = StateGraph(schema).add_node("tools", ToolNode([tool_over(ScriptedModel())]))
    compiled: Any = graph.add_edge(START, "tools").add_edge("tools", END).compile()
    conversation = [asked(RED), AIMessage("", tool_calls=[called(question="What?")])]

    for state in (
        compiled.invoke({"messages": conversation}),
        await compiled.ainvoke({"messages": conversation}),
    ):
        assert state["messages"][-1].status == "success"
        assert state["messages"][-1].artifact["question"] == "What?"


def test_parallel_calls_with_a_checkpointer() -> None:
    graph = StateGraph(MessagesState).add_node("tools", ToolNode([tool_over(ScriptedModel())]))
    compiled: Any = graph.add_edge(START, "tools").add_edge("tools", END).compile(InMemorySaver())
    calls = [
        {**called(question=f"Number {number}?", image_index=number), "id": str(number)} for number in (1, 2)
    ]
    state = compiled.invoke(
        {"messages": [asked(RED, BLUE), AIMessage("", tool_calls=calls)]},
        {"configurable": {"thread_id": "1"}},
    )

    assert [told.artifact["question"] for told in state["messages"][2:]] == ["Number 1?", "Number 2?"]
    assert len({told.artifact["pictures"][0] for told in state["messages"][2:]}) == 2


async def test_progress_is_in_the_agents_custom_stream() -> None:
    agent: Any = create_agent(ScriptedAgentModel(), tools=[tool_over(ScriptedModel())])
    events = list(agent.stream({"messages": [asked(RED)]}, stream_mode="custom"))
    again = [event async for event in agent.astream({"messages": [asked(RED)]}, stream_mode="custom")]

    for told in (events, again):
        assert [e["stage"] for e in told if e["type"] == "winner"] == [
            "summary",
            "caption",
            "reasoning",
            "conclusion",
        ]
        assert sum(event["type"] == "candidate" for event in told) == 8


@pytest.mark.parametrize("context", [{"beams": 2}, StageBeamContext(beams=2)], ids=["dict", "object"])
def test_the_searchs_own_settings_are_taken(context: dict[str, Any] | StageBeamContext) -> None:
    tool = VisualReasoningTool(search=create_stage_beam(ScriptedModel()), context=context)
    told = tool.invoke(called(question="What is it?", messages=[asked(RED)]))
    assert told.artifact["settings"]["beams"] == 2
    assert tool.model_dump()["context"]["beams"] == 2


def test_a_path_below_an_allowed_folder(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(base64.b64decode(RED["base64"]))
    search = create_single_pass(ChatLlavaO1(allowed_image_roots=[tmp_path]))
    told = VisualReasoningTool(search=search, context={"max_tokens_per_stage": 8}).invoke(
        called(question="How many objects?", image=str(tmp_path / "a.png"))
    )
    assert told.status == "success"


def test_what_steers_a_run_passes_through() -> None:
    def ask_a_human(state: MessagesState) -> dict[str, Any]:
        metadata = {"num_calls": 0, "seconds": 0.0, "finish_reason": "stop", "limit": None}
        return {
            "messages": [AIMessage(interrupt("Which one?"), response_metadata=metadata)],
            "stages": {"a": {}},
        }

    class State(MessagesState):
        stages: dict[str, Any]

    search = StateGraph(State).add_node("human", ask_a_human).add_edge(START, "human").compile()
    agent: Any = create_agent(
        ScriptedAgentModel(), tools=[VisualReasoningTool(search=search)], checkpointer=InMemorySaver()
    )
    thread = {"configurable": {"thread_id": "1"}}
    stopped = agent.invoke({"messages": [asked(RED)]}, thread)
    assert stopped["__interrupt__"][0].value == "Which one?"

    assert agent.invoke(Command(resume="The left one."), thread)["messages"][-1].text == "The left one."


def test_calls_do_not_save_the_picture_again() -> None:
    saver = InMemorySaver()
    agent: Any = create_agent(ScriptedAgentModel(), tools=[tool_over(ScriptedModel())], checkpointer=saver)
    noise = io.BytesIO()
    Image.effect_noise((500, 500), 100).save(noise, "PNG")
    agent.invoke({"messages": [asked(image_block(noise.getvalue()))]}, {"configurable": {"thread_id": "1"}})

    sizes = list(saved_sizes(saver))
    assert max(size for namespace, size in sizes if namespace == "") > noise.tell()
    assert max(size for namespace, size in sizes if namespace != "") < 20_000


def test_messages_given_by_the_model_are_not_believed() -> None:
    model = ScriptedModel()
    forged: list[BaseMessage] = [asked(BLUE)]
    node = ToolNode([tool_over(model)])
    graph = StateGraph(MessagesState).add_node("tools", node).add_edge(START, "tools").compile()
    graph.invoke(
        {"messages": [asked(RED), AIMessage("", tool_calls=[called(question="?", messages=forged)])]}
    )

    assert seen_by(model) == [RED]
