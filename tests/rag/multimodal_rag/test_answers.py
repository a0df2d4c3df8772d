"""What is retrieved goes to a search with its names, and the answer cites it."""

import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.vectorstores import InMemoryVectorStore
from langgraph.checkpoint.memory import InMemorySaver

from langchain_llava_o1 import (
    Collection,
    HashingEmbeddings,
    SearchResult,
    StageBeamContext,
    create_multimodal_rag,
    create_single_pass,
    create_stage_beam,
    image_block,
)
from langchain_llava_o1.errors import ConfigurationError
from tests.rag.album import answering_model, draw, in_memory, pictures_of
from tests.rag.multimodal_rag.asking import ONE, cited, rag
from tests.scripted_model import ScriptedModel


def test_what_is_found_is_shown_before_the_question(collection: Collection, model: ScriptedModel) -> None:
    state = rag(collection, model).invoke({"question": "A green picture?"}, context=ONE)
    content = model.calls[0].messages[0].content
    assert [block.get("text", block["type"]) for block in content] == [
        "Picture 1 (album/green.png):",
        "image",
        "Text 2 (album/notes.md, line 1):",
        "A green picture means go.",
        "A green picture?",
    ]
    assert pictures_of(model.calls[0]) == ["green"]
    question, answer = state["messages"]
    assert question.content == content
    assert answer.text.endswith("\n\n[1] album/green.png\n[2] album/notes.md, line 1")
    assert answer.response_metadata["sources"] == state["sources"]
    assert cited(state) == ["album/green.png", "album/notes.md"]


def test_sources_are_found_for_the_question_of_a_conversation_that_was_handed_on(
    collection: Collection, model: ScriptedModel
) -> None:
    call = {"name": "transfer", "args": {}, "id": "1", "type": "tool_call"}
    handed_on = [AIMessage("", tool_calls=[call]), ToolMessage("Done.", tool_call_id="1")]
    history = [HumanMessage("A green picture?"), *handed_on]
    state = rag(collection, model).invoke({"messages": history}, context=ONE)
    assert pictures_of(model.calls[0]) == ["green"]
    assert [message.type for message in state["messages"]] == ["human", "ai", "tool", "ai"]
    assert cited(state) == ["album/green.png", "album/notes.md"]


def test_the_state_is_that_of_the_search(collection: Collection, model: ScriptedModel) -> None:
    state = rag(collection, model).invoke({"question": "A green picture?"}, context=ONE)
    assert list(state["stages"]) == ["summary", "caption", "reasoning", "conclusion"]
    assert state["settings"]["candidates"] == 1
    result = SearchResult.from_state(state)
    assert len(result.pictures) == 1
    assert result.num_calls == 4


def test_only_sources_that_the_model_names_are_cited(collection: Collection) -> None:
    state = rag(collection, answering_model("As Text 2 says.")).invoke(
        {"question": "A green picture?"}, context=ONE
    )
    assert cited(state) == ["album/notes.md"]
    assert state["messages"][-1].text.endswith("\n\n[2] album/notes.md, line 1")


def test_the_list_of_sources_can_be_left_out_of_the_text(
    collection: Collection, model: ScriptedModel
) -> None:
    state = rag(collection, model, with_source_list=False).invoke(
        {"question": "A green picture?"}, context=ONE
    )
    assert "[1]" not in state["messages"][-1].text
    assert state["messages"][-1].response_metadata["sources"]


@pytest.mark.parametrize("form", ["image", "messages"])
def test_a_picture_is_searched_by_and_shown_with_the_question(
    collection: Collection, model: ScriptedModel, tmp_path: Path, form: str
) -> None:
    # Larger than it needs to be: what is short is no picture in base64.
    block = image_block(draw(tmp_path / "query.png", "blue", size=40))
    question = "What does it resemble?"
    given: dict[str, Any] = (
        {"question": question, "image": block["base64"]}
        if form == "image"
        else {"messages": [HumanMessage([block, {"type": "text", "text": question}])]}
    )
    state = rag(collection, model, k=1).invoke({**given, "retrieve_by": "image"}, context=ONE)
    assert cited(state) == ["album/blue.png"]
    assert pictures_of(model.calls[0]) == ["blue", "blue"]
    texts = [block["text"] for block in model.calls[0].messages[0].content if block["type"] == "text"]
    assert texts == ["Picture 1 (album/blue.png):", "The picture that is asked about:", question]


@pytest.mark.parametrize("k", [1, 2])
def test_a_picture_that_is_asked_about_and_found_is_shown_once(
    collection: Collection, model: ScriptedModel, album: Path, k: int
) -> None:
    block = image_block(album / "blue.png")
    asked = HumanMessage([block, {"type": "text", "text": "What is it?"}])
    state = rag(collection, model, k=k).invoke({"messages": [asked], "retrieve_by": "image"}, context=ONE)
    assert state["sources"][0]["name"] == "album/blue.png"
    assert pictures_of(model.calls[0]).count("blue") == 1
    content = model.calls[0].messages[0].content
    texts = [block["text"] for block in content if block["type"] == "text"]
    assert "The picture that is asked about:" not in texts
    assert texts[-1] == "What is it?"


def test_a_changed_picture_is_left_out_and_said(
    album: Path, collection: Collection, model: ScriptedModel
) -> None:
    draw(album / "green.png", "white")
    state = rag(collection, model).invoke({"question": "A green picture?"}, context=ONE)
    changed, *shown = state["sources"]
    assert changed["number"] is None
    assert "has changed since it was indexed" in changed["problem"]
    # In its place is the next best one.
    assert [source["number"] for source in shown] == [1, 2]
    assert shown[0]["name"] == "album/notes.md"
    assert "white" not in pictures_of(model.calls[0])


def test_with_nothing_to_show_the_model_is_not_asked(
    album: Path, collection: Collection, model: ScriptedModel, tmp_path: Path
) -> None:
    for path in album.iterdir():
        path.unlink()
    state = rag(collection, model, k=1).invoke({"question": "A green picture?"}, context=ONE)
    assert state["messages"][-1].text.startswith("Nothing was found that could be shown for this question.\n")
    assert "green.png cannot be read" in state["messages"][-1].text
    empty = tmp_path / "empty"
    empty.mkdir()
    nothing = rag(in_memory(empty), model).invoke({"question": "A green picture?"}, context=ONE)
    assert nothing["sources"] == []
    assert model.calls == []


def test_any_retriever_and_any_search_will_do(model: ScriptedModel) -> None:
    store = InMemoryVectorStore(HashingEmbeddings())
    store.add_texts(["Cats purr.", "Dogs bark."], metadatas=[{"source": "cats.txt"}, {"source": "dogs.txt"}])
    compiled = create_single_pass(model).compile()
    graph = create_multimodal_rag(store.as_retriever(search_kwargs={"k": 1}), compiled).compile()
    state = graph.invoke({"messages": [HumanMessage("What do dogs do? They bark?")]}, context={"seed": 1})
    assert cited(state) == ["dogs.txt"]
    assert state["settings"]["seed"] == 1
    with pytest.raises(ConfigurationError, match="VectorStoreRetriever cannot retrieve by image"):
        graph.invoke({"question": "Dogs?", "retrieve_by": "image"})


def test_a_conversation_goes_on_with_sources_and_stages_of_its_own_turn(
    collection: Collection, model: ScriptedModel
) -> None:
    graph = create_multimodal_rag(collection.as_retriever(1), create_stage_beam(model)).compile(
        checkpointer=InMemorySaver()
    )
    thread: Any = {"configurable": {"thread_id": "1"}}
    graph.invoke({"question": "A green picture?"}, thread, context=ONE)
    state = graph.invoke({"question": "A red picture?"}, thread, context=ONE)
    assert [message.type for message in state["messages"]] == ["human", "ai", "human", "ai"]
    assert cited(state) == ["album/red.png"]
    assert state["stages"]["caption"]["num_calls"] == 1
    last_question = model.calls[4].messages[-1]
    assert pictures_of(model.calls[4]) == ["red"]
    assert last_question.content[-1]["text"] == "A red picture?"
    # What is kept of the sources is plain data without pictures.
    assert len(json.dumps(state["sources"])) < 1000


async def test_events_of_the_search_are_streamed(collection: Collection, model: ScriptedModel) -> None:
    graph = rag(collection, model)
    events, nodes = [], []
    async for namespace, mode, data in graph.astream(
        {"question": "A green picture?"},
        context=StageBeamContext(candidates=2, seed=1),
        stream_mode=["custom", "updates"],
        subgraphs=True,
    ):
        if mode == "custom":
            events.append((data["type"], data["stage"]))
        elif not namespace:
            nodes += list(data)
    assert nodes == ["retrieve", "search", "cite"]
    assert events.count(("candidate", "caption")) == 2
    assert ("winner", "conclusion") in events


def test_the_search_is_drawn_inside(collection: Collection, model: ScriptedModel) -> None:
    drawn = rag(collection, model).get_graph(xray=True)
    own = {"retrieve", "cite", "quote", "report_nothing"}
    assert own | {"search:ask", "search:caption:sample"} <= set(drawn.nodes)
