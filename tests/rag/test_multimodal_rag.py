"""What is retrieved goes to a search with its names, and the answer cites it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from langchain_core.language_models import ModelProfile
from langchain_core.messages import HumanMessage
from langchain_core.vectorstores import InMemoryVectorStore
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.graph.state import CompiledStateGraph

from langchain_llava_o1 import (
    Collection,
    HashingEmbeddings,
    SearchResult,
    StageBeamContext,
    create_multimodal_rag,
    create_single_pass,
    create_stage_beam,
    image_block,
    index_folder,
)
from langchain_llava_o1.errors import ConfigurationError, ImageError, MessageError
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.staging import capabilities
from tests.rag.album import answering_model, describing_model, draw, in_memory, pictures_of
from tests.scripted_model import ScriptedModel

ONE = StageBeamContext(candidates=1, seed=1)


@pytest.fixture
def album(tmp_path: Path) -> Path:
    for colour in ("red", "green", "blue"):
        draw(tmp_path / "album" / f"{colour}.png", colour)
    (tmp_path / "album" / "notes.md").write_text("A green picture means go.")
    return tmp_path / "album"


@pytest.fixture
def collection(album: Path, tmp_path: Path) -> Collection:
    collection = in_memory(tmp_path)
    index_folder(album, collection, describing_model())
    return collection


@pytest.fixture
def model() -> ScriptedModel:
    return answering_model()


def rag(
    collection: Collection, model: ScriptedModel, k: int = 2, **options: Any
) -> CompiledStateGraph[Any, Any, Any, Any]:
    return create_multimodal_rag(collection.as_retriever(k), create_stage_beam(model), **options).compile()


def cited(state: dict[str, Any]) -> list[str]:
    return [source["name"] for source in state["sources"] if source["is_cited"]]


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


class ModelOfPictures(ScriptedModel):
    """A model that says that it reads no passages, as ``ChatLlavaO1(model="tiny")`` does."""

    def _resolve_model_profile(self) -> ModelProfile:
        profile: dict[str, Any] = {capabilities.PREFILL: True, capabilities.PICTURES_ONLY: True}
        return cast("ModelProfile", profile)


@pytest.fixture
def reads_pictures(model: ScriptedModel) -> ModelOfPictures:
    return ModelOfPictures(write=model.write)


def test_a_passage_is_quoted_where_the_model_cannot_read_it(
    collection: Collection, reads_pictures: ModelOfPictures
) -> None:
    state = rag(collection, reads_pictures).invoke({"question": "What means go?"}, context=ONE)
    answer = state["messages"][-1]
    assert answer.text == (
        "The model reads no passages of text, only questions about pictures. What was found says:\n\n"
        "A green picture means go.\n[1] album/notes.md, line 1"
    )
    assert answer.response_metadata["finish_reason"] == "quoted"
    assert reads_pictures.calls == []
    assert cited(state) == ["album/notes.md"]


def test_a_picture_that_is_the_best_source_is_answered_about_without_the_passages(
    collection: Collection, reads_pictures: ModelOfPictures
) -> None:
    state = rag(collection, reads_pictures, k=3).invoke({"question": "A green picture?"}, context=ONE)
    content = reads_pictures.calls[0].messages[0].content
    texts = [block["text"] for block in content if block["type"] == "text"]
    assert texts[0] == "Picture 1 (album/green.png):"
    assert texts[1].startswith("Picture 2 (")
    assert "A green picture means go." not in texts
    (passage,) = [source for source in state["sources"] if source["kind"] == "text"]
    assert (passage["number"], passage["is_cited"]) == (None, False)
    assert "reads no passages" in str(passage["problem"])


def test_a_question_with_a_picture_is_answered_about_it_without_the_passage(
    collection: Collection, reads_pictures: ModelOfPictures, tmp_path: Path
) -> None:
    block = image_block(draw(tmp_path / "query.png", "white", size=40))
    asked = HumanMessage([block, {"type": "text", "text": "What means go?"}])
    given = {"messages": [asked], "retrieve_by": "text"}
    state = rag(collection, reads_pictures, k=1).invoke(given, context=ONE)
    assert pictures_of(reads_pictures.calls[0]) == ["white"]
    assert cited(state) == []


class PolicedModel(ScriptedModel):
    """A model that says which pictures messages may name, as ``ChatLlavaO1`` does."""

    image_policy: ImagePolicy


def create_foreign_search(model: ScriptedModel) -> StateGraph[Any, Any, Any, Any]:
    """Build a search that tells nothing of pictures."""
    graph: StateGraph[Any, Any, Any, Any] = StateGraph(MessagesState)
    graph.add_node("answer", create_single_pass(model).compile())
    graph.add_edge(START, "answer")
    return graph


@pytest.mark.parametrize("is_compiled", [False, True])
@pytest.mark.parametrize(
    ("create_search", "has_own_policy", "allowing", "is_read"),
    [
        (create_stage_beam, True, "model", True),
        (create_stage_beam, True, "environment", False),
        (create_single_pass, True, "model", True),
        (create_stage_beam, False, "nobody", False),
        (create_stage_beam, False, "environment", True),
        (create_foreign_search, True, "model", False),
        (create_foreign_search, True, "environment", True),
    ],
)
def test_the_questions_picture_is_read_from_where_the_search_may_read_it(
    create_search: Callable[[ScriptedModel], StateGraph[Any, Any, Any, Any]],
    has_own_policy: bool,
    allowing: str,
    is_read: bool,
    is_compiled: bool,
    tmp_path: Path,
    collection: Collection,
    model: ScriptedModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    picture = draw(tmp_path / "asked" / "white.png", "white")
    if allowing == "environment":
        monkeypatch.setenv("LLAVA_O1_IMAGE_ROOTS", str(picture.parent))
    if has_own_policy:
        roots = (picture.parent,) if allowing == "model" else ()
        model = PolicedModel(write=model.write, image_policy=ImagePolicy(allowed_roots=roots))
    search = create_search(model)
    is_ours = create_search is create_stage_beam
    graph = create_multimodal_rag(
        collection.as_retriever(1), search.compile() if is_compiled else search
    ).compile()
    asked = {"question": "This?", "image": str(picture)}
    if is_read:
        graph.invoke(asked, context={"seed": 1})
        assert pictures_of(model.calls[0])[-1] == "white"
    else:
        with pytest.raises(ImageError, match="Paths in messages are not read"):
            graph.invoke(asked, context={"seed": 1, "unanswerable": "error"} if is_ours else {"seed": 1})


def test_sources_may_be_kept_to_other_places(
    collection: Collection, model: ScriptedModel, tmp_path: Path
) -> None:
    elsewhere = ImagePolicy(allowed_roots=(tmp_path / "elsewhere",))
    graph = rag(collection, model, k=1, image_policy=elsewhere)
    state = graph.invoke({"question": "A red picture?"}, context=ONE)
    assert "outside the allowed folders" in state["sources"][0]["problem"]


def test_what_cannot_work_is_refused(collection: Collection, model: ScriptedModel) -> None:
    search = create_stage_beam(model)
    with pytest.raises(ConfigurationError, match="must be a LangChain retriever, got Collection"):
        create_multimodal_rag(cast("Any", collection), search)
    with pytest.raises(ConfigurationError, match=r"must be a graph such as .*, got ScriptedModel"):
        create_multimodal_rag(collection.as_retriever(), cast("Any", model))
    with pytest.raises(MessageError, match="The last message is missing"):
        rag(collection, model).invoke({"messages": []}, context=ONE)
