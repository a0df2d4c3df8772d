"""Putting one question to a model: each answer is that of a search of the catalogue."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from langchain_llava_o1.cli.failures import BadUsageError, checking_usage
from langchain_llava_o1.cli.question import ImageBlock
from langchain_llava_o1.search.catalogue import DEFAULT_SEARCH, SINGLE_PASS, find_search
from langchain_llava_o1.search.strategy import BuiltSearch, Strategy

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from langchain_llava_o1 import ChatLlavaO1, SearchResult

Listener = Callable[[dict[str, Any]], None]
"""Receives the events of a search (``search/events.py``)."""

Result = TypeVar("Result")

_SINGLE_PASS_TEMPERATURE = 0.0


@dataclass(frozen=True)
class AnswerSettings:
    """How a question is to be answered.

    Attributes:
        model: Hub id, folder, "tiny", or provider and model, as in ``openai:gpt-4o``; None for the default.
        num_candidates: Candidates per step, of which 1 answers in a single pass; None for the default.
        temperature: Sampling temperature; None for the search's default, in a single pass 0.
        seed: Seed of the sampling; None draws one.
        search: Name of the search.
        judge: What decides between candidates; None for the search's own default.
        further: Further settings of the search, by name.
        streams_text: Whether events tell a single candidate's text as it is written.
        base_url: Server of the model; None for its provider's own, or where it is a checkpoint.
        adapter: Folder of LoRA adapters for a checkpoint; None for none.
        top_p: Share of the likeliest tokens that are sampled from; None for the model's default.
    """

    model: str | None = None
    num_candidates: int | None = None
    temperature: float | None = None
    seed: int | None = None
    search: str = DEFAULT_SEARCH
    judge: str | None = None
    further: dict[str, Any] = field(default_factory=dict)
    streams_text: bool = False
    base_url: str | None = None
    adapter: Path | None = None
    top_p: float | None = None

    @property
    def is_checkpoint(self) -> bool:
        """Whether the model is computed here; a server or a provider may ask for money."""
        name = self.model or ""
        return self.base_url is None and (":" not in name or Path(name).exists())

    @property
    def strategy(self) -> Strategy:
        """The search with its judge and all of its settings."""
        entry = find_search(self.search)
        given: dict[str, Any] = {"temperature": self.temperature, "seed": self.seed}
        if entry.has_candidates and self.num_candidates == 1:
            entry = find_search(SINGLE_PASS)
        elif self.num_candidates != 1:
            given["candidates"] = self.num_candidates
        if not entry.has_candidates and self.temperature is None:
            given["temperature"] = _SINGLE_PASS_TEMPERATURE
        chosen = {name: value for name, value in given.items() if value is not None}
        return Strategy(entry.name, self.judge, {**self.further, **chosen})

    def build_search(self, model: "BaseChatModel") -> BuiltSearch:
        """Build the search.

        Raises:
            BadUsageError: If search, judge and settings do not go together.
        """
        with checking_usage():
            return self.strategy.build(model)


def create_model(settings: AnswerSettings) -> "ChatLlavaO1":
    """Create the chat model of the checkpoint that the settings name.

    Raises:
        BadUsageError: If the adapter is in no folder.
    """
    from langchain_llava_o1 import ChatLlavaO1

    given: dict[str, Any] = {"model": settings.model, "temperature": settings.temperature}
    if settings.top_p is not None:
        given["top_p"] = settings.top_p
    if settings.adapter is not None:
        if not settings.adapter.is_dir():
            raise BadUsageError(f"There is no folder {settings.adapter}; name one `llava-o1 train` wrote.")
        given["adapter"] = str(settings.adapter)
    return ChatLlavaO1.model_validate(given)


def open_model(settings: AnswerSettings) -> "BaseChatModel":
    """Create the chat model that the settings name: of a checkpoint, or of any provider.

    Raises:
        BadUsageError: If the model of a provider cannot be created, or has an adapter.
    """
    if settings.is_checkpoint:
        return create_model(settings)
    name = settings.model or ""
    if settings.adapter is not None:
        raise BadUsageError(f"{settings.adapter} is for a checkpoint; {name} is served elsewhere.")
    from langchain_llava_o1.chat.model_name import ModelName

    with checking_usage():
        return ModelName.hosted(name, base_url=settings.base_url, top_p=settings.top_p).open()


def answer_question(
    pictures: Sequence[ImageBlock], question: str, settings: AnswerSettings, listener: Listener
) -> "SearchResult":
    """Answer a question about pictures.

    Args:
        pictures: LangChain image blocks that hold them, in order.
        question: What is asked.
        settings: The model, the search and its settings.
        listener: Called with every event while the answer is made.

    Raises:
        BadUsageError: If search, judge and settings do not go together.
    """
    from langchain_core.messages import HumanMessage

    from langchain_llava_o1 import SearchResult
    from langchain_llava_o1.judges.chat_model import name_of

    model = open_model(settings)
    search = settings.build_search(model)
    message = HumanMessage([*pictures, {"type": "text", "text": question}])
    state = run_graph(search.graph.compile(), {"messages": [message]}, search.context, settings, listener)
    return SearchResult.from_state(state, model_name=name_of(model))


def run_graph(
    graph: Any, given: dict[str, Any], context: Any, settings: AnswerSettings, listener: Listener
) -> dict[str, Any]:
    """Run a graph to its end; events of searches anywhere in it go to the listener.

    Args:
        graph: A compiled search, or a graph with one in it.
        given: What it starts from.
        context: Settings of the search, as it was built.
        settings: How the question is to be answered.
        listener: Called with every event.
    """
    from langchain_llava_o1.search.events import STREAM_TEXT

    config = {"configurable": {STREAM_TEXT: settings.streams_text}}

    async def run() -> dict[str, Any]:
        state: dict[str, Any] = {}
        parts: AsyncIterator[Any] = graph.astream(
            given, config, context=context, stream_mode=["custom", "values"], subgraphs=True
        )
        async for namespace, mode, data in parts:
            if mode == "custom":
                listener(data)
            elif not namespace:
                state = data
        return state

    return run_until_interrupted(run())


def run_until_interrupted(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end, or leave at once on Ctrl-C.

    ``asyncio.run`` would wait on its way out for threads that cannot be stopped, such as one that reads
    a model's weights.
    """
    runner = asyncio.Runner()
    try:
        result = runner.run(coroutine)
    except KeyboardInterrupt:
        raise
    except BaseException:
        runner.close()
        raise
    runner.close()
    return result
