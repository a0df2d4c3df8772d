"""An agent's conversation about photographs: how much of it is kept, and what its model and its tool see."""

import importlib
import io
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from langchain.agents import create_agent
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.pregel.remote import RemoteGraph
from langgraph.store.memory import InMemoryStore
from PIL import Image

from langchain_llava_o1 import (
    KeepPicturesMiddleware,
    VisualReasoningMiddleware,
    VisualReasoningTool,
    create_stage_beam,
)
from langchain_llava_o1.chat.messages import image_blocks
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.conversation_size import saved_bytes
from langchain_llava_o1.pictures.blocks import bytes_of, digest_of_block, read_reference
from langchain_llava_o1.search.kept_pictures import NAMESPACE
from tests.agents.calls import BLUE, RED, asked, picture, seen_by, tool_over
from tests.agents.hosted_agent import MAX_PIXELS, PHOTO, AgentModel, Thread, agent_of, kept_in, looking, show
from tests.scripted_model import ScriptedModel

DAMAGED = {"type": "image", "base64": "aGVsbG8=", "mime_type": "image/png"}


@pytest.fixture(params=["sync", "async"])
def talk(request: pytest.FixtureRequest) -> Callable[[Any], Thread]:
    return lambda agent: Thread(agent, is_async=request.param == "async")


@pytest.fixture
def store() -> InMemoryStore:
    return InMemoryStore()


@pytest.fixture
def saver() -> InMemorySaver:
    return InMemorySaver()


async def test_three_turns_about_a_photo_take_little(
    talk: Callable[[Any], Thread], store: InMemoryStore, saver: InMemorySaver
) -> None:
    model, seeing = looking(), ScriptedModel()
    thread = talk(agent_of(model, seeing, store=store, checkpointer=saver))
    await thread.say(PHOTO)
    await thread.say(question="What colour?")
    messages = await thread.say(question="How many?")

    (kept,) = kept_in(store)
    sent = bytes_of(PHOTO) or b""
    assert Image.open(io.BytesIO(kept)).size == (640, 480)
    assert len(kept) < len(sent) / 3
    assert saved_bytes(saver) <= 3 * len(kept)
    assert thread.updates <= 2 * len(kept)
    # The agent's model and the tool's see the picture itself, in the last turn as in the first.
    (shown,) = image_blocks(messages)
    assert read_reference(shown)
    assert bytes_of(shown) != kept
    assert [bytes_of(block) for block in model.pictures] == [kept]
    assert {bytes_of(block) for call in seeing.calls for block in image_blocks(call.messages)} == {kept}


async def test_without_intake_only_the_first_turn_weighs(
    talk: Callable[[Any], Thread], store: InMemoryStore, saver: InMemorySaver
) -> None:
    model = looking()
    thread = talk(agent_of(model, ScriptedModel(), reads_intake=False, store=store, checkpointer=saver))
    await thread.say(PHOTO)
    after_one = saved_bytes(saver)
    await thread.say(question="What colour?")
    (kept,) = kept_in(store)
    assert saved_bytes(saver) - after_one < len(kept)
    assert [bytes_of(block) for block in model.pictures] == [kept]


async def test_without_a_store_pictures_are_shrunk_in_their_messages(talk: Callable[[Any], Thread]) -> None:
    model = looking()
    (shown,) = image_blocks(
        await talk(agent_of(model, ScriptedModel(), checkpointer=InMemorySaver())).say(PHOTO)
    )
    assert read_reference(shown) is None
    assert Image.open(io.BytesIO(bytes_of(shown) or b"")).size == (640, 480)
    assert model.pictures == [shown]


async def test_pictures_can_be_kept_as_they_are_sent(
    talk: Callable[[Any], Thread], store: InMemoryStore
) -> None:
    model, keeping = looking(), KeepPicturesMiddleware(max_pixels=None)
    agent = agent_of(model, ScriptedModel(), keeping=keeping, store=store, checkpointer=InMemorySaver())
    await talk(agent).say(PHOTO)
    assert [bytes_of(block) for block in model.pictures] == kept_in(store) == [bytes_of(PHOTO)]


@pytest.mark.parametrize("reads_intake", [True, False])
async def test_after_a_damaged_picture_the_conversation_goes_on(
    talk: Callable[[Any], Thread], *, reads_intake: bool
) -> None:
    model, seeing = looking(), ScriptedModel()
    thread = talk(agent_of(model, seeing, reads_intake=reads_intake, checkpointer=InMemorySaver()))
    messages = await thread.say(RED, DAMAGED)
    assert (
        "[Left out: Attachment 2: The 5 bytes, which begin with b'hello', are no picture"
        in model.read[0][0].text
    )
    # The tool does not look at another picture than the one that is meant.
    assert not seeing.calls
    assert "no picture in a known format" in messages[-1].text
    assert messages[-1].text.endswith("For an earlier picture give `image_index`.")

    await thread.say(BLUE)
    assert [bytes_of(block) for block in seen_by(seeing)] == [bytes_of(BLUE)]
    assert [bytes_of(block) for block in model.pictures] == [bytes_of(RED), bytes_of(BLUE)]


async def test_a_damaged_picture_alone_is_what_the_tool_speaks_of(talk: Callable[[Any], Thread]) -> None:
    messages = await talk(agent_of(looking(), ScriptedModel(), checkpointer=InMemorySaver())).say(DAMAGED)
    assert "no picture in a known format" in messages[-1].text
    assert "image_index" not in messages[-1].text


async def test_a_thread_of_earlier_is_mended(talk: Callable[[Any], Thread], saver: InMemorySaver) -> None:
    earlier: Any = create_agent(looking(), tools=[tool_over(ScriptedModel())], checkpointer=saver)
    with pytest.raises(OSError, match="cannot identify"):
        await talk(earlier).say(DAMAGED)

    seeing = ScriptedModel()
    await talk(agent_of(looking(), seeing, checkpointer=saver)).say(RED)
    assert [bytes_of(block) for block in seen_by(seeing)] == [bytes_of(RED)]


async def test_pictures_that_a_tool_brings_are_kept(
    talk: Callable[[Any], Thread], store: InMemoryStore
) -> None:
    model = AgentModel(tool_name="show")
    agent = agent_of(model, ScriptedModel(), store=store, checkpointer=InMemorySaver())
    (shown,) = image_blocks(await talk(agent).say())
    (kept,) = kept_in(store)
    assert read_reference(shown)
    assert [bytes_of(block) for block in model.pictures] == [kept]


async def test_a_hosted_model_fetches_what_it_alone_can_read(talk: Callable[[Any], Thread]) -> None:
    places = (
        {"type": "image", "file_id": "file-1"},
        {"type": "image", "url": "https://example.org/picture.png"},
        {"type": "image", "source": {"type": "file", "file_id": "file-2"}},
    )
    model = AgentModel(tool_name="show")
    await talk(agent_of(model, ScriptedModel(), checkpointer=InMemorySaver())).say(*places)
    assert model.read[0][0].content[:3] == list(places)


async def test_a_model_that_cannot_see_reads_what_the_search_says(
    talk: Callable[[Any], Thread], store: InMemoryStore
) -> None:
    model, seeing = AgentModel(tool_name="show"), ScriptedModel()
    keeping = KeepPicturesMiddleware(max_pixels=MAX_PIXELS)
    middleware = VisualReasoningMiddleware(create_stage_beam(seeing), {"candidates": 1, "seed": 1})
    agent: Any = create_agent(
        model, tools=[show], middleware=[keeping, middleware], store=store, checkpointer=InMemorySaver()
    )
    await talk(keeping.on_intake(agent)).say(PHOTO, DAMAGED)
    assert model.pictures == []
    told = "\n".join(message.text for message in model.read[-1])
    assert told.count("as a visual model sees it") == 2
    assert "[Left out: Attachment 2: The 5 bytes" in told
    looked_at = {digest_of_block(block) for call in seeing.calls for block in image_blocks(call.messages)}
    assert looked_at == {item.key for item in store.search(NAMESPACE)}


async def test_the_tool_finds_a_picture_by_its_number(
    talk: Callable[[Any], Thread], store: InMemoryStore
) -> None:
    model, seeing = looking(), ScriptedModel()
    model.arguments["image_index"] = 1
    await talk(agent_of(model, seeing, store=store, checkpointer=InMemorySaver())).say(PHOTO, RED)
    assert [bytes_of(block) for block in seen_by(seeing)] == kept_in(store)


async def test_a_search_on_a_server_is_sent_the_picture_itself(
    talk: Callable[[Any], Thread], store: InMemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = create_stage_beam(ScriptedModel()).compile()
    sent: list[dict[str, Any]] = []

    def stream(self: RemoteGraph, given: Any, **options: Any) -> Iterator[Any]:
        sent.extend(image_blocks(given["messages"]))
        return here.stream(given, **options)

    def astream(self: RemoteGraph, given: Any, **options: Any) -> AsyncIterator[Any]:
        sent.extend(image_blocks(given["messages"]))
        return here.astream(given, **options)

    monkeypatch.setattr(RemoteGraph, "stream", stream)
    monkeypatch.setattr(RemoteGraph, "astream", astream)
    looking_elsewhere = VisualReasoningTool(search=RemoteGraph("stage_beam", url="http://127.0.0.1:9"))
    keeping = KeepPicturesMiddleware(max_pixels=MAX_PIXELS)
    agent: Any = create_agent(
        looking(), tools=[looking_elsewhere], middleware=[keeping], store=store, checkpointer=InMemorySaver()
    )
    await talk(keeping.on_intake(agent)).say(PHOTO)
    assert [bytes_of(block) for block in sent] == kept_in(store)
    assert [read_reference(block) for block in sent] == [None]


async def test_a_picture_that_is_no_longer_kept_is_said_to_be_lost(
    talk: Callable[[Any], Thread], store: InMemoryStore
) -> None:
    model = looking()
    thread = talk(agent_of(model, ScriptedModel(), store=store, checkpointer=InMemorySaver()))
    await thread.say(PHOTO)
    for item in store.search(NAMESPACE):
        store.delete(NAMESPACE, item.key)
    await thread.say()
    assert "no longer kept" in model.read[-1][0].text


def test_fields_of_the_agents_own_are_left_alone() -> None:
    agent = KeepPicturesMiddleware().on_intake(create_agent(looking(), tools=[tool_over(ScriptedModel())]))
    state = agent.invoke({"messages": [asked(picture("red"))], "image": "nowhere.png"})  # type: ignore[call-overload]
    assert [message.type for message in state["messages"]] == ["human", "ai", "tool", "ai"]


def test_no_pixels_at_all_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="max_pixels is 0; give the most pixels of a picture"):
        KeepPicturesMiddleware(max_pixels=0)


def test_an_agent_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="agent is a AgentModel; give what create_agent returned"):
        KeepPicturesMiddleware().on_intake(looking())  # type: ignore[arg-type]


def test_without_langchain_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain.agents.middleware", None)
    monkeypatch.delitem(sys.modules, "langchain_llava_o1.agents.keeping")
    with pytest.raises(ModuleNotFoundError, match=r"langchain-llava-o1\[agent\]"):
        importlib.import_module("langchain_llava_o1.agents.keeping")
