"""One step as it is shown: its candidates, and its bracket or ranking. Candidates count from 1 here."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_llava_o1.report.bracket import Bracket, lay_out_bracket
from langchain_llava_o1.search.records import CandidateRecord, MatchRecord, StageRecord
from langchain_llava_o1.staging.transcript import parse_transcript

_DECIDED_BY = {
    "judge": "Decided by the judge.",
    "identical": "Needed no verdict.",
    "incomplete": "Needed no verdict.",
    "unreadable": "Decided by a coin.",
    "disagreement": "Decided by a coin.",
}


@dataclass(frozen=True)
class Paragraph:
    """Words of a text, without tags.

    Attributes:
        stage: Name of the stage that they are of; None outside every stage.
        text: The words.
    """

    stage: str | None
    text: str


@dataclass(frozen=True)
class ShownCandidate:
    """A candidate.

    Attributes:
        record: What the search kept of it.
        paragraphs: Its words.
        is_winner: Whether it was accepted.
        is_kept: Whether the search goes on from it.
    """

    record: CandidateRecord
    paragraphs: tuple[Paragraph, ...]
    is_winner: bool
    is_kept: bool

    @property
    def number(self) -> int:
        """Its number, from 1."""
        return self.record["index"] + 1

    @property
    def excerpt(self) -> str:
        """Its words in one line."""
        return " ".join(" ".join(paragraph.text for paragraph in self.paragraphs).split())


@dataclass(frozen=True)
class Bar:
    """A score as a bar: the better, the longer.

    Attributes:
        candidate: Whose score it is.
        score: The score, None where it is no finite number or there is none.
        width: Length, in percent of the width; 0 without a score.
    """

    candidate: ShownCandidate
    score: float | None
    width: float


@dataclass(frozen=True)
class ShownStep:
    """A step.

    Attributes:
        name: What records and events call it.
        part: What its candidates are for.
        candidates: By index.
        num_wanted: How many are to be drawn; more than there are while the search runs.
        bracket: Its knock-out, where matches were played.
        bars: Its ranking, the best first, where a judge scored.
        note: What is to be said about how it was decided.
        is_over: Whether it has a winner.
        num_calls: Model calls spent on it.
        num_tokens: Tokens generated for it; None where the model does not say.
    """

    name: str
    part: str
    candidates: tuple[ShownCandidate, ...]
    num_wanted: int
    bracket: Bracket | None
    bars: tuple[Bar, ...]
    note: str
    is_over: bool
    num_calls: int
    num_tokens: int | None

    @property
    def by_index(self) -> Mapping[int, ShownCandidate]:
        """Candidates by their index."""
        return {candidate.record["index"]: candidate for candidate in self.candidates}

    @property
    def winner(self) -> ShownCandidate | None:
        """The accepted candidate."""
        return next((candidate for candidate in self.candidates if candidate.is_winner), None)

    @property
    def has_beams(self) -> bool:
        """Whether its candidates go on from different answers."""
        return any(candidate.record["beam"] for candidate in self.candidates)

    @property
    def matches(self) -> Sequence[MatchRecord]:
        """All matches, by round and from top to bottom."""
        rounds = self.bracket.rounds if self.bracket else ()
        return [place.match for played in rounds for place in played.places if place.match]


def show_step(name: str, record: StageRecord, *, settings: Mapping[str, Any], limit: str | None) -> ShownStep:
    """Prepare a step of a search that is over.

    Args:
        name: Its name.
        record: What the search kept of it.
        settings: Of the search.
        limit: The limit that the search reached, if any.
    """
    candidates = show_candidates(record["candidates"], record["winner"], record["kept"])
    bracket = lay_out_bracket([candidate["index"] for candidate in record["candidates"]], record["matches"])
    usage = record["usage"]
    return ShownStep(
        name=name,
        part=record["part"],
        candidates=candidates,
        num_wanted=len(candidates),
        bracket=bracket,
        bars=rank(candidates, record["scores"] or ()),
        note=_note(record, bracket, settings, limit),
        is_over=True,
        num_calls=record["num_calls"],
        num_tokens=usage["output_tokens"] if usage else None,
    )


def show_candidates(
    records: Sequence[CandidateRecord], winner: int | None, kept: Sequence[int]
) -> tuple[ShownCandidate, ...]:
    """Prepare candidates, in their order."""
    return tuple(
        ShownCandidate(
            record, read_paragraphs(record["text"]), record["index"] == winner, record["index"] in kept
        )
        for record in records
    )


def read_paragraphs(text: str) -> tuple[Paragraph, ...]:
    """Take a text apart into its stages, and what stands outside of them."""
    transcript = parse_transcript(text)
    found = [Paragraph(stage.stage.name, stage.body) for stage in transcript.stages if stage.body]
    untagged = [Paragraph(None, transcript.untagged)] if transcript.untagged else []
    return (*found, *untagged)


def rank(candidates: Sequence[ShownCandidate], scores: Sequence[float | None]) -> tuple[Bar, ...]:
    """Draw scores, given in the candidates' order, as bars, the best first.

    The highest score has the longest bar. Where no score is below 0, lengths are in proportion to the scores;
    else the scores are taken for log-probabilities, and lengths are in proportion to the probabilities.
    """
    finite = _finite(scores)
    best, are_logs = max(finite, default=0.0), _are_logs(finite)
    bars = []
    for candidate, score in zip(candidates, scores, strict=True) if scores else ():
        share = 0.0
        if score is None or not math.isfinite(score):
            score = None
        elif are_logs:
            share = math.exp(score - best)
        elif best:
            share = score / best
        bars.append(Bar(candidate, score, width=round(100 * share, 2)))
    return tuple(sorted(bars, key=_worth, reverse=True))


def describe_decision(match: MatchRecord) -> str:
    """Say who or what decided a match."""
    return _DECIDED_BY.get(match["decided_by"], match["decided_by"])


def loser_of(match: MatchRecord) -> int:
    """Return the index of the candidate that lost."""
    return match["first"] if match["winner"] == match["second"] else match["second"]


def _finite(scores: Sequence[float | None]) -> list[float]:
    return [score for score in scores if score is not None and math.isfinite(score)]


def _are_logs(finite: Sequence[float]) -> bool:
    return min(finite, default=0.0) < 0


def _worth(bar: Bar) -> tuple[bool, float]:
    """Order bars as a search does: accepted first, complete before incomplete, then by score."""
    return bar.candidate.record["is_complete"], -math.inf if bar.score is None else bar.score


def _note(
    record: StageRecord, bracket: Bracket | None, settings: Mapping[str, Any], limit: str | None
) -> str:
    num_candidates, num_kept = len(record["candidates"]), len(record["kept"])
    if num_candidates == 1:
        return "One candidate was drawn, and taken."
    if record["scores"]:
        return _describe_scores(record)
    if bracket:
        if len(bracket.left) > num_kept:
            return (
                f"{limit or 'A limit'} ended the knock-out with {len(bracket.left)} candidates left; of "
                "those, the model was surest of the one that was taken."
            )
        return ""
    if (num_different := len(set(record["kept"]))) < num_kept:
        go_on = "goes on," if num_different == 1 else "go on, some"
        return f"{num_different} of {num_candidates} candidates {go_on} more than once."
    if num_kept == num_candidates:
        return f"All {num_candidates} candidates go on; there was nothing to choose."
    reasons = ["all candidates agree"] if settings.get("early_stop") else []
    reasons += [f"{limit} was reached"] if limit else []
    return f"Nothing was compared: {' or '.join(reasons) or 'all candidates agree'}."


def _describe_scores(record: StageRecord) -> str:
    scores = record["scores"] or []
    finite = _finite(scores)
    bars = "The higher the score, the better, and the longer its bar"
    bars += "; a bar of half the length means half the probability." if _are_logs(finite) else "."
    if len(finite) < len(scores):
        bars += " A candidate without a score has no bar."
    states = {candidate["is_complete"] for candidate in record["candidates"]}
    order = " Incomplete candidates come after complete ones." if len(states) > 1 else ""
    return f"The judge scored every candidate. {bars}{order}"
