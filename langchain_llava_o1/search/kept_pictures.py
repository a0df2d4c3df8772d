"""Pictures of a conversation, kept once by content in LangGraph's store; the messages refer to them.

Without a store the pictures stay in the messages.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from langchain_core.messages import BaseMessage
from langgraph.config import get_store
from langgraph.store.base import BaseStore

from langchain_llava_o1.pictures.blocks import read_reference
from langchain_llava_o1.pictures.references import KeptFile, put_back

NAMESPACE = ("langchain_llava_o1", "pictures")
"""Where pictures are in the store, each under the SHA-256 of its file."""

MARK_PREFIX = "llava_o1_"
"""How the names of this package's own ``extras`` begin. No model is sent them."""

_LOST = "[A picture was here, and is no longer kept.]"

Block = str | dict[str, Any]


def current_store(own: BaseStore | None = None) -> BaseStore | None:
    """Return the store of the graph that runs now; ``own`` where none does."""
    try:
        return get_store()
    except (RuntimeError, KeyError):
        return own


def keep_pictures(store: BaseStore, files: Mapping[str, KeptFile]) -> None:
    """Put files into the store, by digest, except those that it has."""
    for digest, file in files.items():
        if store.get(NAMESPACE, digest) is None:
            store.put(NAMESPACE, digest, file.as_record(), index=False)


async def akeep_pictures(store: BaseStore, files: Mapping[str, KeptFile]) -> None:
    """Do what ``keep_pictures`` does without blocking the event loop."""
    for digest, file in files.items():
        if await store.aget(NAMESPACE, digest) is None:
            await store.aput(NAMESPACE, digest, file.as_record(), index=False)


def restore_pictures(messages: Sequence[BaseMessage], store: BaseStore | None) -> list[BaseMessage]:
    """Return the messages as a model is sent them: with the pictures themselves in them.

    Args:
        messages: A conversation of a search's state.
        store: Where the pictures are kept.

    Returns:
        Copies, where anything changes. A picture that is no longer kept becomes a text that says so.
    """
    found: dict[str, KeptFile] = {}
    for digest in _digests_in(messages):
        item = store.get(NAMESPACE, digest) if store else None
        if item is not None:
            found[digest] = KeptFile.from_record(item.value)
    return [_restore(message, found) for message in messages]


async def arestore_pictures(messages: Sequence[BaseMessage], store: BaseStore | None) -> list[BaseMessage]:
    """Do what ``restore_pictures`` does without blocking the event loop."""
    found: dict[str, KeptFile] = {}
    for digest in _digests_in(messages):
        item = await store.aget(NAMESPACE, digest) if store else None
        if item is not None:
            found[digest] = KeptFile.from_record(item.value)
    return [_restore(message, found) for message in messages]


def change_blocks(message: BaseMessage, change: Callable[[Block], Iterable[Block]]) -> BaseMessage:
    """Return a message whose blocks are changed, each into any number; itself where none is."""
    if not isinstance(message.content, list):
        return message
    content = [changed for block in message.content for changed in change(block)]
    return message if content == message.content else message.model_copy(update={"content": content})


def _digests_in(messages: Sequence[BaseMessage]) -> list[str]:
    blocks = (block for message in messages if isinstance(message.content, list) for block in message.content)
    digests = (read_reference(block) for block in blocks if isinstance(block, dict))
    return list(dict.fromkeys(filter(None, digests)))


def _restore(message: BaseMessage, found: Mapping[str, KeptFile]) -> BaseMessage:
    def change(block: Block) -> list[Block]:
        if not isinstance(block, dict):
            return [block]
        digest = read_reference(block)
        if digest is not None:
            if digest not in found:
                return [{"type": "text", "text": _LOST}]
            block = put_back(block, found[digest])
        return [_without_marks(block)]

    return change_blocks(message, change)


def _without_marks(block: dict[str, Any]) -> dict[str, Any]:
    extras = block.get("extras")
    if not isinstance(extras, Mapping) or not any(str(name).startswith(MARK_PREFIX) for name in extras):
        return block
    kept = {name: value for name, value in extras.items() if not str(name).startswith(MARK_PREFIX)}
    rest = {name: value for name, value in block.items() if name != "extras"}
    return {**rest, "extras": kept} if kept else rest
