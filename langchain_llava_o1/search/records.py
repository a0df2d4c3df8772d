"""What a search keeps of every candidate, match and step: plain data that a checkpoint can hold."""

from langchain_core.messages.ai import UsageMetadata
from typing_extensions import TypedDict


class Beam(TypedDict):
    """An answer as far as it goes.

    Attributes:
        text: The accepted stages, each in its tags; the last one may be open.
        incomplete: Names of the stages that no candidate filled well.
        finish_reason: Why the model stopped after the last candidate.
        score: Score of the last candidate, None where the judge gives none.
    """

    text: str
    incomplete: list[str]
    finish_reason: str
    score: float | None


EMPTY_BEAM = Beam(text="", incomplete=[], finish_reason="", score=None)


class CandidateRecord(TypedDict):
    """One sampled text.

    Attributes:
        index: Position among the candidates of its step, from 0.
        beam: Which of the step's beams it goes on from, from 0.
        text: The stage or stages in their tags where well formed, else what there is; a sentence has no tags
            except the one that closes its stage.
        tokens: Tokens the model generated for it, 0 where the model does not say.
        seed: Seed it was sampled with.
        finish_reason: Why the model stopped, as it says: "stop", "length", "untagged", …; "sentence" where it
            was stopped at the end of a sentence.
        is_complete: Whether it has its tags and something between them; of a sentence, whether it has an end.
        mean_logprob: Mean log-probability of its tokens, None where the model does not say.
    """

    index: int
    beam: int
    text: str
    tokens: int
    seed: int
    finish_reason: str
    is_complete: bool
    mean_logprob: float | None


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
    """Everything that happened in one step: at a stage, at a sentence, or over a whole answer.

    Attributes:
        part: Name of the stage, or "answer" where several stages were written at once.
        candidates: All candidates, by index.
        matches: All matches, in the order played; none where a judge scores.
        scores: The judge's score of each candidate, a finite number, or None where the judge has none for it;
            None instead of the list where the judge compares, or had nothing to choose.
        winner: Index of the accepted candidate, the best of those that are kept.
        kept: Indices of the candidates that the search goes on from, the best first; one may occur several
            times where they are drawn with replacement.
        is_complete: Whether the accepted candidate is well formed.
        num_calls: Model calls spent, sampling and judging together.
        usage: Tokens of those calls, None where the model does not say.
    """

    part: str
    candidates: list[CandidateRecord]
    matches: list[MatchRecord]
    scores: list[float | None] | None
    winner: int
    kept: list[int]
    is_complete: bool
    num_calls: int
    usage: UsageMetadata | None
