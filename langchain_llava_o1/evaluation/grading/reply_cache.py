"""Replies of graders on disk, so that nobody is asked the same twice."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from langchain_llava_o1.data.annotation.spending import Usage

REPLIES_FILE = "grader.jsonl"
"""Where the command keeps them, in the folder of a run."""


@dataclass(frozen=True)
class CachedReply:
    """A reply that was paid for.

    Attributes:
        key: Digest of what was asked (``digest_of``).
        model: Who was asked.
        told: What it wrote.
        input_tokens: Tokens read.
        output_tokens: Tokens generated.
    """

    key: str
    model: str
    told: str
    input_tokens: int = 0
    output_tokens: int = 0


class ReplyCache:
    """A file with a line of JSON for each reply, or memory alone.

    Several processes may write to one file; each knows what was there when it began, and its own. A process
    may be killed at any moment: the line that it was writing is passed over.

    Attributes:
        path: The file; None for memory alone.
        used: What the replies took that were there before.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Read what is there; the file and its folder are made where they are missing."""
        self.path = path
        self.used = Usage()
        self._replies: dict[str, CachedReply] = {}
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            for reply in _read_replies(path):
                self._replies[reply.key] = reply
                self.used += Usage(1, reply.input_tokens, reply.output_tokens)

    def find(self, key: str) -> CachedReply | None:
        """Return the reply to what was asked before; None where it was not."""
        return self._replies.get(key)

    def keep(self, reply: CachedReply) -> None:
        """Keep a reply; it is in the file, whole, when this returns."""
        self._replies[reply.key] = reply
        if self.path is None:
            return
        line = json.dumps(asdict(reply), ensure_ascii=False).encode(errors="replace")
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        # One call writes all of it, behind whatever others write. The line break before it ends the line of
        # a process that was killed.
        with os.fdopen(descriptor, "ab", buffering=0) as file:
            file.write(b"\n" + line + b"\n")


def digest_of(*parts: Any) -> str:
    """Return what stands for a question: the same for the same model, prompt, temperature and try."""
    text = json.dumps(parts, ensure_ascii=False)
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()


def _read_replies(path: Path) -> Iterator[CachedReply]:
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            try:
                yield CachedReply(**json.loads(line))
            except (ValueError, TypeError):
                # A blank line, or one that was cut off.
                continue
