"""What a search keeps of every candidate, match and stage: plain data that a checkpoint can hold."""

from langchain_core.messages.ai import UsageMetadata
from typing_extensions import TypedDict


class CandidateRecord(TypedDict):
    """One sampled text for a stage.

    Attributes:
        index: Position among the stage's candidates, from 0.
        text: The stage in its tags where well formed, else what there is.
        tokens: Tokens the model generated for it, 0 where the model does not say.
        seed: Seed it was sampled with.
        finish_reason: Why the model stopped, as it says: "stop", "length", "untagged", …
        is_complete: Whether it has both its tags and something between them.
    """

    index: int
    text: str
    tokens: int
    seed: int
    finish_reason: str
    is_complete: bool


class MatchRecord(TypedDict):
    """One comparison of two candidates.

    Attributes:
        round: Round of the bracket, from 1.
        first: Index of the candidate that was shown to the judge first.
        second: Index of the other one.
        winner: Index of the one that goes on.
        reason: Why, in the judge's words, or what settled it where the judge did not.
        verdicts: The judge's raw replies, one per order judged; empty where none was needed.
        is_read: Whether every verdict could be read.
        decided_by: "judge", "identical", "incomplete", "unreadable" or "disagreement".
    """

    round: int
    first: int
    second: int
    winner: int
    reason: str
    verdicts: list[str]
    is_read: bool
    decided_by: str


class StageRecord(TypedDict):
    """Everything that happened at one stage.

    Attributes:
        candidates: All N candidates, by index.
        matches: All N - 1 matches, in the order played.
        winner: Index of the accepted candidate.
        is_complete: Whether the accepted candidate is well formed.
        num_calls: Model calls spent, sampling and judging together.
        usage: Tokens of those calls, None where the model does not say.
    """

    candidates: list[CandidateRecord]
    matches: list[MatchRecord]
    winner: int
    is_complete: bool
    num_calls: int
    usage: UsageMetadata | None


def winner_of(record: StageRecord) -> CandidateRecord:
    """Return the accepted candidate of a stage."""
    return record["candidates"][record["winner"]]
