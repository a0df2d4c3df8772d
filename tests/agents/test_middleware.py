"""A model that cannot see, in an agent whose pictures the search answers about."""

import importlib
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver

from langchain_llava_o1 import (
    ChatLlavaO1,
    VisualReasoningMiddleware,
    create_single_pass,
    create_stage_beam,
    image_block,
)
from langchain_llava_o1.agents.middleware import DESCRIBE
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path
from tests.agents.calls import BLUE, RED, asked
from tests.agents.tool_calling_model import ToolCallingModel, call_of
from tests.scripted_model import Call, Reply, ScriptedModel


class BlindModel(ToolCallingModel):
    """Refuses pictures as a text model's provider does; calls tools first, then repeats what it read."""

    num_tool_calls: int = 0

    def reply(self, messages: list[BaseMessage]) -> AIMessage:
        for message in messages:
            if any(block["type"] not in ("text", "tool_call") for block in message.content_blocks):
                raise ValueError("400: this model takes text alone")
        if sum(isinstance(message, ToolMessage) for message in messages) < self.num_tool_calls:
            return call_of("show", {}, messages)
        return AIMessage(str(messages[-1].text))


@tool
def show() -> list[dict[str, Any]]:
    """Show a picture."""
    return [BLUE]


def answer_with_question(call: Call) -> Reply:
    question = next(message for message in call.messages if isinstance(message, HumanMessage))
    colour = "red" if RED["base64"] in json.dumps(question.content) else "blue"
    return f"{call.stage.opening} {colour}: {question.text}"


def agent_of(model: BlindModel, seeing: ScriptedModel, **options: Any) -> Any:
    middleware = VisualReasoningMiddleware(create_stage_beam(seeing), {"candidates": 1, "seed": 1})
    return create_agent(model, tools=[show], middleware=[middleware], **options)


def runs(seeing: ScriptedModel) -> int:
    return sum(call.stage.name == "conclusion" for call in seeing.calls)


Run = Callable[[Any, dict[str, Any]], Any]


@pytest.fixture(params=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    async def invoke(agent: Any, state: dict[str, Any], config: Any = None) -> Any:
        return agent.invoke(state, config) if request.param == "sync" else await agent.ainvoke(state, config)

    return invoke


async def test_the_model_reads_what_the_search_answers(run: Callable[..., Any]) -> None:
    blind, seeing = BlindModel(), ScriptedModel(write=answer_with_question)
    state = await run(agent_of(blind, seeing), {"messages": [asked(RED, question="Which colour?")]})

    told = "[Picture 1, as a visual model sees it. Asked: 'Which colour?'. Answer: red: Which colour?]\n"
    assert blind.read[0][0].content == [
        {"type": "text", "text": told},
        {"type": "text", "text": "Which colour?"},
    ]
    # The state keeps the picture, and nothing else of it is shown.
    assert state["messages"][0].content[0] == RED
    assert set(state) == {"messages"}


async def test_a_picture_alone_is_described(run: Callable[..., Any]) -> None:
    blind, seeing = BlindModel(), ScriptedModel(write=answer_with_question)
    await run(agent_of(blind, seeing), {"messages": [HumanMessage([RED])]})
    assert f"red: {DESCRIBE}" in blind.read[0][0].text


async def test_each_picture_and_question_is_answered_once(run: Callable[..., Any]) -> None:
    blind, seeing = BlindModel(num_tool_calls=1), ScriptedModel(write=answer_with_question)
    agent = agent_of(blind, seeing, checkpointer=InMemorySaver())
    thread = {"configurable": {"thread_id": "1"}}
    # The same picture twice, and a tool that shows another one.
    await run(agent, {"messages": [asked(RED, RED)]}, thread)
    assert len(blind.read) == 2
    assert runs(seeing) == 2
    assert "[Picture 3, as a visual model sees it." in blind.read[1][-1].text
    assert "blue: What is it?" in blind.read[1][-1].text

    await run(agent, {"messages": [HumanMessage("What is it?")]}, thread)
    assert runs(seeing) == 2
    await run(agent, {"messages": [HumanMessage("And now?")]}, thread)
    assert runs(seeing) == 4
    assert "red: And now?" in blind.read[-1][0].text


async def test_a_conversation_without_pictures_asks_nothing(run: Callable[..., Any]) -> None:
    blind, seeing = BlindModel(), ScriptedModel()
    state = await run(agent_of(blind, seeing), {"messages": [HumanMessage("Hello")]})
    assert state["messages"][-1].text == "Hello"
    assert not seeing.calls


async def test_pictures_in_other_forms_do_not_reach_the_model(run: Callable[..., Any]) -> None:
    blind, seeing = BlindModel(), ScriptedModel(write=answer_with_question)
    url = f"data:image/png;base64,{RED['base64']}"
    forms = (
        {"type": "image_url", "image_url": {"url": url}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": RED["base64"]}},
    )
    await run(agent_of(blind, seeing), {"messages": [asked(*forms)]})
    assert blind.read[0][0].text.count("red: What is it?") == 2
    assert runs(seeing) == 1


async def test_a_picture_that_cannot_be_used_is_told_to_the_model(run: Callable[..., Any]) -> None:
    blind = BlindModel()
    middleware = VisualReasoningMiddleware(create_single_pass(ChatLlavaO1()))
    broken = {"type": "image", "base64": "aGVsbG8=", "mime_type": "image/png"}
    agent: Any = create_agent(blind, middleware=[middleware])
    await run(agent, {"messages": [asked(broken)]})
    assert "no picture in a known format" in blind.read[0][0].text


async def test_another_failure_of_the_search_is_raised(run: Callable[..., Any]) -> None:
    def fail(call: Call) -> Reply:
        raise ConnectionError("the server is gone")

    with pytest.raises(ConnectionError, match="the server is gone"):
        await run(agent_of(BlindModel(), ScriptedModel(write=fail)), {"messages": [asked(RED)]})


def test_progress_is_in_the_agents_custom_stream() -> None:
    agent = agent_of(BlindModel(), ScriptedModel(write=answer_with_question))
    events = list(agent.stream({"messages": [asked(RED)]}, stream_mode="custom"))
    assert [event["stage"] for event in events if event["type"] == "winner"] == [
        "summary",
        "caption",
        "reasoning",
        "conclusion",
    ]


def test_by_default_the_embedded_model_looks() -> None:
    blind = BlindModel()
    agent: Any = create_agent(blind, middleware=[VisualReasoningMiddleware(context={"seed": 1})])
    agent.invoke({"messages": [asked(image_block(demo_picture_path()), question=DEMO_QUESTION)]})
    assert "Answer: 6]" in blind.read[0][0].text


def test_a_search_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="search is a ScriptedModel"):
        VisualReasoningMiddleware(ScriptedModel())


def test_without_langchain_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain.agents.middleware", None)
    monkeypatch.delitem(sys.modules, "langchain_llava_o1.agents.middleware")
    with pytest.raises(ModuleNotFoundError, match=r"langchain-llava-o1\[agent\]"):
        importlib.import_module("langchain_llava_o1.agents.middleware")
