"""Answering a question from a collection: what is retrieved goes to a search, whose answer cites it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_llava_o1.cli import answering
from langchain_llava_o1.cli.answering import AnswerSettings, Listener
from langchain_llava_o1.cli.failures import BadUsageError
from langchain_llava_o1.cli.output import write_error
from langchain_llava_o1.cli.question import Asked, ImageBlock
from langchain_llava_o1.errors import ConfigurationError

if TYPE_CHECKING:
    from langchain_llava_o1 import SearchResult
    from langchain_llava_o1.rag.sources import Source


@dataclass(frozen=True)
class CollectionSettings:
    """Where answers come from.

    Attributes:
        path: Folder of the collection.
        num_sources: Most pictures and passages to show to the search.
        retrieve_by: "text", "image" or "both"; None for all there is to search by.
    """

    path: Path
    num_sources: int
    retrieve_by: str | None


@dataclass(frozen=True)
class CollectionAnswer:
    """An answer and the sources that were retrieved for it."""

    result: "SearchResult"
    sources: "list[Source]"


def read_collection_settings(
    path: Path | None, num_sources: int | None, retrieve_by: str | None, asked: Asked
) -> CollectionSettings | None:
    """Check the options that go with ``--collection``; None without one.

    Raises:
        BadUsageError: If one is given without a collection, or there is nothing to retrieve by.
    """
    if path is None:
        if num_sources is not None or retrieve_by is not None:
            option = "--sources" if num_sources is not None else "--by"
            raise BadUsageError(f"{option} goes with --collection; leave it out, or name a collection.")
        return None
    if retrieve_by in ("image", "both") and not asked.num_pictures:
        raise BadUsageError(f"--by {retrieve_by} needs a picture; write IMAGE before QUESTION.")
    return CollectionSettings(path, num_sources or 1, retrieve_by)


def answer_from_collection(
    pictures: Sequence[ImageBlock],
    question: str,
    settings: AnswerSettings,
    collection: CollectionSettings,
    listener: Listener,
) -> CollectionAnswer:
    """Answer a question, with a picture or without one, from what a collection holds.

    Raises:
        ConfigurationError: If there is no such collection, or nothing in it could be shown.
        BadUsageError: If search, judge and settings do not go together.
    """
    from langchain_core.messages import HumanMessage

    from langchain_llava_o1 import SearchResult, create_multimodal_rag, open_collection
    from langchain_llava_o1.judges.chat_model import name_of

    retriever = open_collection(collection.path, must_exist=True).as_retriever(collection.num_sources)
    model = answering.open_model(settings)
    search = settings.build_search(model)
    graph = create_multimodal_rag(retriever, search.graph, with_source_list=False).compile()
    given: dict[str, Any] = {
        "messages": [HumanMessage([*pictures, {"type": "text", "text": question}])],
        "retrieve_by": collection.retrieve_by,
    }
    state = answering.run_graph(graph, given, search.context, settings, listener)
    if state["messages"][-1].response_metadata.get("finish_reason") == "quoted":
        return _quoted(state, question, name_of(model))
    if not state.get("stages"):
        raise ConfigurationError(f"{state['messages'][-1].text} The collection is {collection.path}.")
    result = SearchResult.from_state(state, model_name=name_of(model))
    # The message has the sources before the question.
    return CollectionAnswer(replace(result, question=question), state["sources"])


def _quoted(state: dict[str, Any], question: str, model_name: str) -> CollectionAnswer:
    """Return what was found as the answer, where the model cannot read it and no search was made."""
    from langchain_llava_o1 import SearchResult

    message = state["messages"][-1]
    result = SearchResult(
        question=question,
        answer=str(message.text),
        reasoning="",
        stages={},
        settings={"seed": None},
        usage=None,
        num_calls=0,
        seconds=0.0,
        finish_reason=message.response_metadata["finish_reason"],
        model_name=model_name,
    )
    return CollectionAnswer(result, state["sources"])


def report_sources(sources: "list[Source]") -> None:
    """Write what the answer cites to standard error, and what was left out."""
    from langchain_llava_o1.rag.sources import format_citations

    for source in sources:
        if source["problem"] is not None:
            write_error(f"llava-o1: warning: {source['name']} is left out: {source['problem']}")
    if citations := format_citations(sources):
        write_error(citations)
