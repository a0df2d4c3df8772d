"""Retrieval-augmented answers about pictures and texts: retrieve → search → cite."""

from dataclasses import dataclass
from inspect import signature
from typing import Any, Literal

from langchain_core.documents import Document
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Overwrite

from langchain_llava_o1.chat.messages import image_blocks
from langchain_llava_o1.errors import ConfigurationError, ImageError
from langchain_llava_o1.pictures.blocks import bytes_of, data_url_of
from langchain_llava_o1.pictures.picture import digest_of
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.rag.retriever import Route
from langchain_llava_o1.rag.sources import (
    Exhibit,
    ShownSources,
    Source,
    cite,
    format_citations,
    quote_passages,
    show_sources,
)
from langchain_llava_o1.rag.state import RagInput, RagOutput, RagState
from langchain_llava_o1.search.attachments import AttachmentReader, problems_of
from langchain_llava_o1.search.conversation_graph import ConversationGraph
from langchain_llava_o1.search.kept_pictures import current_store, restore_pictures
from langchain_llava_o1.search.question import NO_IMAGE, SOURCES, UNREADABLE, check_question
from langchain_llava_o1.search.tool_calls import leave_out_tool_calls
from langchain_llava_o1.staging.prompts import QUESTION_PICTURE_HEADING

_DOCUMENTS_PER_SOURCE = 5
_READS_NO_PASSAGES = "The model reads no passages of text, only questions about pictures."
_NOTHING_FOUND = "Nothing was found that could be shown for this question."


def create_multimodal_rag(
    retriever: BaseRetriever,
    search: StateGraph[Any, Any, Any, Any] | CompiledStateGraph[Any, Any, Any, Any],
    *,
    image_policy: ImagePolicy | None = None,
    with_source_list: bool = True,
) -> StateGraph[Any, Any, Any, Any]:
    """Build a graph that retrieves pictures and texts for a question and lets a search answer, uncompiled.

    All that is retrieved goes into the question's message, each picture or passage after a line that names it
    ("Picture 1 (scenes/0003.png):") unless it is the only one, so that the conversation holds what the answer
    rests on. Settings are those of the search:
    ``graph.compile().invoke({"question": …}, context=StageBeamContext(candidates=8))``.

    The answer cites the sources that the search's text names by number, and otherwise all that were shown: in
    the state's ``sources``, in ``response_metadata["sources"]`` and at the end of its text. A picture or text
    that has changed since it was indexed, or is gone, is left out; ``sources`` says so.

    A model whose profile says that it reads no passages of text, as that of ``tiny`` does, is shown pictures
    alone; where the best source is a passage, the answer quotes it and says why (``finish_reason`` "quoted").

    Args:
        retriever: Any retriever. One that takes ``image=`` and ``by=``, as ``MultimodalRetriever`` does,
            searches by the question's picture as well; one that takes ``k=`` is asked for more documents than
            its ``k``, in the place of those that are not fit to be shown.
        search: Any graph that answers ``messages``, compiled or not, such as ``create_stage_beam(model)``.
            The question's ``image`` is read from where the search itself may read it; for a graph that is
            none of this package's searches, from where the environment allows.
        image_policy: From where retrieved pictures may be read; by default the retriever's own
            ``image_policy``, else what the environment allows.
        with_source_list: Whether the answer's text ends in the list of what it cites.

    Raises:
        ConfigurationError: If there is no retriever or no graph.
    """
    if not isinstance(retriever, BaseRetriever):
        raise ConfigurationError(
            f"retriever must be a LangChain retriever, got {type(retriever).__name__}. Take a collection's "
            "or a vector store's .as_retriever()."
        )
    if not isinstance(search, StateGraph | CompiledStateGraph):
        raise ConfigurationError(
            f"search must be a graph such as create_stage_beam(model), got {type(search).__name__}."
        )
    builder = search if isinstance(search, StateGraph) else search.builder
    compiled = search.compile(name="search") if isinstance(search, StateGraph) else search
    nodes = _Nodes(
        retriever=retriever,
        image_policy=image_policy,
        with_source_list=with_source_list,
        replies_to_problems=isinstance(builder, ConversationGraph),
        reads_passages=builder.attachments.reads_passages if isinstance(builder, ConversationGraph) else True,
    )
    graph = ConversationGraph(
        RagState,
        context_schema=builder.context_schema,
        input_schema=RagInput,
        output_schema=RagOutput,
    )
    graph.attachments = (
        builder.attachments
        if isinstance(builder, ConversationGraph)
        else AttachmentReader(ImagePolicy.from_environment(), is_local=True)
    )
    graph.add_node("retrieve", nodes.retrieve)
    graph.add_node("search", compiled)
    graph.add_node("cite", nodes.cite_sources)
    graph.add_node("quote", _quote)
    graph.add_node("report_nothing", _report_nothing)
    graph.add_edge(START, "retrieve")
    graph.add_conditional_edges("retrieve", nodes.what_next, ["search", "quote", "report_nothing"])
    graph.add_edge("search", "cite")
    graph.add_edge("cite", END)
    graph.add_edge("quote", END)
    graph.add_edge("report_nothing", END)
    return graph


@dataclass(frozen=True)
class _Nodes:
    """What happens before the search and after it.

    Attributes:
        retriever: Finds the sources.
        image_policy: Where retrieved pictures may come from; None for what the retriever or the environment
            allows.
        with_source_list: Whether the answer's text ends in the list of what it cites.
        replies_to_problems: Whether the search itself replies to what cannot be read.
        reads_passages: Whether the search's model can read a passage of text.
    """

    retriever: BaseRetriever
    image_policy: ImagePolicy | None
    with_source_list: bool
    replies_to_problems: bool
    reads_passages: bool

    def retrieve(self, state: RagState, config: RunnableConfig) -> dict[str, Any]:
        """Find sources, and put those that are fit to be shown before the question."""
        messages = leave_out_tool_calls(state.get("messages") or [])
        check_question(messages)
        nothing_yet: dict[str, Any] = {"retrieve_by": None, "stages": Overwrite({}), "sources": []}
        if problems := problems_of(messages[-1:]):
            if not self.replies_to_problems:
                raise ImageError("\n".join(problems))
            return nothing_yet
        (question,) = restore_pictures(messages[-1:], current_store())
        most = getattr(self.retriever, "k", None) if _takes(self.retriever, "k") else None
        documents = _find(self.retriever, question, state.get("retrieve_by"), config, most)
        shown = show_sources(documents, self._choose_source_policy(), most=most)
        # A passage that is the best source is quoted, unless there is a picture to answer about.
        if not self.reads_passages and (image_blocks([question]) or not shown.begins_with_passage):
            shown = shown.without_passages(_READS_NO_PASSAGES)
        return {**nothing_yet, "sources": shown.sources, "messages": [_put_before(question, shown)]}

    def what_next(self, state: RagState) -> Literal["search", "quote", "report_nothing"]:
        """Search where there is anything to answer from that the model can read."""
        kinds = [source["kind"] for source in state["sources"] if source["number"] is not None]
        if "text" in kinds and not self.reads_passages:
            return "quote"
        question = leave_out_tool_calls(state["messages"])[-1:]
        # What cannot be read is the search's to tell.
        is_asked_about = bool(image_blocks(question) or problems_of(question))
        return "search" if kinds or is_asked_about else "report_nothing"

    def cite_sources(self, state: RagState) -> dict[str, Any]:
        """Mark the sources that the answer names, and say them with it."""
        answer = state["messages"][-1]
        if answer.response_metadata.get("finish_reason") in (NO_IMAGE, UNREADABLE):
            return {}
        sources = cite(state["sources"], _texts_of(state))
        cited = _with_sources(answer, sources, in_text=self.with_source_list)
        return {"sources": sources, "messages": [cited]}

    def _choose_source_policy(self) -> ImagePolicy:
        # With every question: a retriever may open its collection with the first one.
        own = getattr(self.retriever, "image_policy", None)
        return self.image_policy or own or ImagePolicy.from_environment()


def _takes(retriever: BaseRetriever, name: str) -> bool:
    # What LangChain itself asks for its parameters.
    return name in signature(retriever._get_relevant_documents).parameters  # noqa: SLF001


def _find(
    retriever: BaseRetriever,
    question: BaseMessage,
    by: Route | None,
    config: RunnableConfig,
    most: int | None,
) -> list[Document]:
    text = str(question.text)
    if not _takes(retriever, "image"):
        if by in ("image", "both"):
            raise ConfigurationError(
                f"{type(retriever).__name__} cannot retrieve by {by}; it takes text alone. Leave retrieve_by "
                "out, or use a MultimodalRetriever."
            )
        return retriever.invoke(text, config)
    image = next(filter(None, map(data_url_of, image_blocks([question]))), None)
    # More than are shown, in the place of those that have changed or are gone.
    options = {} if most is None else {"k": most * _DOCUMENTS_PER_SOURCE}
    return retriever.invoke(text, config, image=image, by=by, **options)


def _put_before(question: BaseMessage, shown: ShownSources) -> HumanMessage:
    """Put sources before a question, in one message that takes the question's place.

    A picture of the question that is among them, because the collection has it, is shown once.
    """
    content = question.content
    given = [{"type": "text", "text": content}] if isinstance(content, str) else content
    hashes = {digest for exhibit in shown.exhibits for digest in _hashes_of(exhibit)}
    own = [block for block in given if hashes.isdisjoint(_picture_hashes(block))]
    is_asked_with_picture = bool(image_blocks([HumanMessage(own)]))
    blocks = shown.blocks(is_asked_with_picture=is_asked_with_picture)
    if blocks and is_asked_with_picture:
        blocks.append({"type": "text", "text": QUESTION_PICTURE_HEADING})
    return HumanMessage([*blocks, *own], id=question.id, additional_kwargs={SOURCES: len(shown.exhibits)})


def _hashes_of(exhibit: Exhibit) -> list[str | None]:
    """Return the hash of a source's file, and of what a block of it holds, which may be written anew."""
    return [exhibit.source["content_hash"], *_picture_hashes(exhibit.block)]


def _picture_hashes(block: str | dict[str, Any]) -> list[str]:
    """Return the hash of a block's picture; none where it is no picture, or elsewhere."""
    # A block without a picture that can be read is left for the search to refuse.
    held = map(bytes_of, image_blocks([HumanMessage([block])]))
    return [digest_of(data) for data in held if data is not None]


def _quote(state: RagState) -> dict[str, Any]:
    """Say that the model cannot read what was found, and quote it."""
    sources: list[Source] = [
        {**source, "is_cited": source["number"] is not None and source["kind"] == "text"}
        for source in state["sources"]
    ]
    quoted = quote_passages(sources, leave_out_tool_calls(state["messages"])[-1].content)
    metadata = {"finish_reason": "quoted", "sources": sources}
    text = f"{_READS_NO_PASSAGES} What was found says:\n\n{quoted}"
    return {"sources": sources, "messages": [AIMessage(text, response_metadata=metadata)]}


def _report_nothing(state: RagState) -> dict[str, Any]:
    """Say that there is nothing to answer from, and what was left out."""
    problems = [f"Left out: {source['problem']}" for source in state["sources"]]
    metadata = {"finish_reason": "nothing_found", "sources": state["sources"]}
    return {"messages": [AIMessage("\n".join([_NOTHING_FOUND, *problems]), response_metadata=metadata)]}


def _texts_of(state: RagState) -> list[str]:
    """Return what the model wrote: the accepted candidates, or for a foreign search its answer."""
    answer = state["messages"][-1]
    records = (state.get("stages") or {}).values()
    accepted = [record["candidates"][record["winner"]]["text"] for record in records]
    return [*accepted, str(answer.text)]


def _with_sources(answer: BaseMessage, sources: list[Source], *, in_text: bool) -> BaseMessage:
    metadata = {**answer.response_metadata, "sources": sources}
    citations = format_citations(sources)
    content: Any = answer.content
    if in_text and citations:
        listed = f"\n\n{citations}"
        content = (
            content + listed if isinstance(content, str) else [*content, {"type": "text", "text": listed}]
        )
    return answer.model_copy(update={"content": content, "response_metadata": metadata})
