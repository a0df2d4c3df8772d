"""Running a search for the page: what it shows, as often as there is something new."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage

from langchain_llava_o1.app.live import LiveSearch
from langchain_llava_o1.app.upload import read_upload
from langchain_llava_o1.chat.local_engine import LocalEngineModel
from langchain_llava_o1.errors import ConfigurationError, LlavaO1Error
from langchain_llava_o1.judges.chat_model import name_of
from langchain_llava_o1.report.page import render_search
from langchain_llava_o1.report.result import SearchResult
from langchain_llava_o1.search.strategy import Strategy

_logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_DRAWINGS = 0.15


@dataclass(frozen=True)
class Drawing:
    """A search as the page shows it.

    Attributes:
        html: The drawing.
        result: The result, which the last drawing has if there is one.
    """

    html: str
    result: SearchResult | None = None


def read_question(picture: str | None, question: str) -> HumanMessage:
    """Make the question's message.

    Args:
        picture: Path of the picture's file, or of a PDF, all of whose pages are asked about.
        question: What is asked.

    Raises:
        ConfigurationError: If one of them is missing.
        ImageError: If the picture cannot be read.
    """
    if not picture:
        raise ConfigurationError("There is no picture. Drop one, or take the example under the question.")
    if not question.strip():
        raise ConfigurationError("The question is empty. Write what you want to know.")
    return HumanMessage([*read_upload(picture), {"type": "text", "text": question.strip()}])


async def show_search(
    model: BaseChatModel, picture: str | None, question: str, strategy: Strategy, *, key: str
) -> AsyncGenerator[Drawing, None]:
    """Search, and give the drawing of the search each time that it has changed; the last one has the answer.

    Whatever fails is told in the drawing.

    Args:
        model: The chat model.
        picture: Path of the picture's file.
        question: What is asked.
        strategy: The search with its judge and its settings.
        key: Tells this search from others in the same page.
    """
    live = LiveSearch()
    drawn = 0.0
    try:
        search = strategy.build(model)
        yield Drawing(render_search((), key=key, status="reading the picture"))
        message = await asyncio.to_thread(read_question, picture, question)
        if isinstance(model, LocalEngineModel) and not model.is_loaded:
            yield Drawing(render_search((), key=key, status=f"loading the model {model.model}"))
            await model.aload()
        yield Drawing(render_search((), key=key, status=live.status))
        stream: AsyncIterator[Any] = search.graph.compile().astream(
            {"messages": [message]},
            context=search.context,
            stream_mode=["custom", "updates", "values"],
            subgraphs=True,
        )
        async for namespace, mode, data in stream:
            live.take(namespace, mode, data)
            if time.monotonic() - drawn > _SECONDS_BETWEEN_DRAWINGS:
                drawn = time.monotonic()
                yield Drawing(render_search(live.steps, key=key, status=live.status))
        result = SearchResult.from_state(live.state, model_name=name_of(model))
        yield Drawing(render_search(live.steps, key=key, result=result), result)
    except LlavaO1Error as error:
        yield Drawing(render_search(live.steps, key=key, error=str(error)))
    # The page must say that there will be no answer, whatever a model or a library raised.
    except Exception as error:
        _logger.exception("The search failed")
        told = f"Unexpected {type(error).__name__}: {error} (the terminal shows where)"
        yield Drawing(render_search(live.steps, key=key, error=told))
