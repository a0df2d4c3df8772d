"""How much a conversation about a photo saves and streams."""

import io
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.store.memory import InMemoryStore
from PIL import Image

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.pictures.base64_text import decode_base64
from langchain_llava_o1.pictures.blocks import image_block
from langchain_llava_o1.search.kept_pictures import NAMESPACE
from langchain_llava_o1.search.strategy import Strategy

_PHOTO_SIZE = (4000, 3000)
_GRAIN = 6
"""Pixels of one grain of the photo's noise."""
_QUESTIONS = ("How many objects are there?", "How many of them are red?", "Is there a large square?")


@dataclass(frozen=True)
class ConversationSize:
    """Bytes that a conversation took.

    Attributes:
        turns: Questions that were asked.
        sent: Of the photo's file, as it was sent with the first question.
        stored: Of the picture's file, as it is kept.
        checkpoints: Of everything that the checkpointer holds, or of the database's file.
        updates: Of everything that was streamed in the mode "updates", as JSON.
    """

    turns: int
    sent: int
    stored: int
    checkpoints: int
    updates: int

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return asdict(self)


async def measure_conversation_size(
    model: BaseChatModel, strategy: Strategy, database: Path | None = None
) -> ConversationSize:
    """Ask three questions about a photo of 12 megapixels, in one thread, and count the bytes.

    Args:
        model: The chat model that answers.
        strategy: How each question is answered.
        database: Path of the SQLite file that is to have the checkpoints; None keeps them in memory.

    Raises:
        ConfigurationError: If the strategy's parts do not go together, or SQLite's checkpointer is missing.
    """
    built = strategy.build(model)
    store, photo = InMemoryStore(), _draw_photo()
    updates = 0
    async with _open_saver(database) as saver:
        graph = built.graph.compile(checkpointer=saver, store=store)
        config: RunnableConfig = {"configurable": {"thread_id": "conversation"}}
        for number, question in enumerate(_QUESTIONS):
            blocks = [] if number else [image_block(photo)]
            message = HumanMessage([*blocks, {"type": "text", "text": question}])
            parts = graph.astream(
                {"messages": [message]}, config, context=built.context, stream_mode="updates", subgraphs=True
            )
            async for _, update in parts:
                updates += len(json.dumps(update, default=repr))
    stored = sum(len(decode_base64(item.value["base64"])) for item in await store.asearch(NAMESPACE))
    # Only once it is closed the file has all that was written.
    saved = saved_bytes(saver) if isinstance(saver, InMemorySaver) else Path(str(database)).stat().st_size
    return ConversationSize(len(_QUESTIONS), len(photo), stored, saved, updates)


@asynccontextmanager
async def _open_saver(database: Path | None) -> AsyncIterator[BaseCheckpointSaver[Any]]:
    if database is None:
        yield InMemorySaver()
        return
    try:
        from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "Checkpoints in SQLite need a package of LangGraph's: pip install langgraph-checkpoint-sqlite."
        ) from error
    async with AsyncSqliteSaver.from_conn_string(str(database)) as saver:
        yield saver


def saved_bytes(saver: InMemorySaver) -> int:
    """Return how many bytes a checkpointer in memory holds, written to a database or not."""
    blobs = sum(len(blob[1]) for blob in saver.blobs.values())
    writes = sum(len(write[2][1]) for group in saver.writes.values() for write in group.values())
    checkpoints = sum(
        len(checkpoint[1]) + len(metadata[1])
        for namespaces in saver.storage.values()
        for saved in namespaces.values()
        for checkpoint, metadata, _ in saved.values()
    )
    return blobs + writes + checkpoints


def _draw_photo() -> bytes:
    """Draw a picture that compresses no better than a camera's: a JPEG of about 4 MB."""
    width, height = (edge // _GRAIN for edge in _PHOTO_SIZE)
    noise = Image.frombytes("RGB", (width, height), random.Random(0).randbytes(3 * width * height))
    file = io.BytesIO()
    noise.resize(_PHOTO_SIZE, Image.Resampling.BICUBIC).save(file, "JPEG", quality=92)
    return file.getvalue()
