"""What a page shows of a search: the attributes of its result, without the ways to read and write one."""

from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages.ai import UsageMetadata

from langchain_llava_o1.search.records import StageRecord


@dataclass(frozen=True)
class Outcome:
    """An answer and how it came about; ``SearchResult`` says what the attributes are."""

    question: str
    answer: str
    reasoning: str
    stages: dict[str, StageRecord]
    settings: dict[str, Any]
    usage: UsageMetadata | None
    num_calls: int
    seconds: float
    finish_reason: str
    limit: str | None = None
    model_name: str | None = None
    pictures: tuple[dict[str, Any], ...] = field(default=(), repr=False)
