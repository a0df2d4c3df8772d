"""A search under way, as far as its stream has told: a fold over the stream into steps to draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any

from langchain_llava_o1.report.bracket import lay_out_bracket
from langchain_llava_o1.report.step import ShownStep, rank, show_candidates, show_step
from langchain_llava_o1.search.records import CandidateRecord, MatchRecord


@dataclass(frozen=True)
class OpenStep:
    """A step that is not over.

    Attributes:
        name: Its name.
        num_wanted: How many candidates it draws at most.
        candidates: Those that are there, in the order in which they came.
        matches: Those that are decided, likewise.
        scores: The judge's scores by candidate index, once there are any.
        round: Number of the round that is played, 0 before the first.
        num_in_round: Matches of that round.
    """

    name: str
    num_wanted: int
    candidates: Sequence[CandidateRecord] = ()
    matches: Sequence[MatchRecord] = ()
    scores: Sequence[float | None] = ()
    round: int = 0
    num_in_round: int = 0

    @property
    def num_decided(self) -> int:
        """How many matches of the round are decided."""
        return sum(match["round"] == self.round for match in self.matches)

    @property
    def status(self) -> str:
        """What it does now, in a line."""
        if self.round and self.num_decided < self.num_in_round:
            return f"round {self.round}: {self.num_decided} of {self.num_in_round} matches decided"
        if self.scores or self.round:
            return "choosing"
        if len(self.candidates) < self.num_wanted:
            return f"{len(self.candidates)} of {self.num_wanted} candidates drawn"
        return "judging"

    def take(self, update: Mapping[str, Any]) -> "OpenStep":
        """Return the step after one of its nodes has changed its state."""
        return replace(
            self,
            candidates=(*self.candidates, *update.get("candidates", ())),
            matches=(*self.matches, *update.get("matches", ())),
            scores=tuple(update.get("scores") or self.scores),
        )

    def show(self) -> ShownStep:
        """Prepare it to be drawn."""
        records = sorted(self.candidates, key=itemgetter("index"))
        candidates = show_candidates(records, winner=None, kept=())
        is_open = self.round > 0 and self.num_decided < self.num_in_round
        indices = [record["index"] for record in records]
        return ShownStep(
            name=self.name,
            part=self.name,
            candidates=candidates,
            num_wanted=self.num_wanted,
            bracket=lay_out_bracket(indices, self.matches, open_round=self.round if is_open else None),
            bars=rank(candidates, self.scores),
            note="",
            is_over=False,
            num_calls=0,
            num_tokens=None,
        )


@dataclass
class LiveSearch:
    """A search under way.

    Feed it what ``astream(stream_mode=["custom", "updates", "values"], subgraphs=True)`` gives.

    Attributes:
        settings: Of the search, once it has begun.
        limit: Name of the limit that it reached, or None.
        over: Steps that are over, in order.
        current: The step under way, if any: one follows another.
        state: The whole state as it was last told; the search's output in the end.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    limit: str | None = None
    over: list[ShownStep] = field(default_factory=list)
    current: OpenStep | None = None
    state: dict[str, Any] = field(default_factory=dict)

    @property
    def steps(self) -> list[ShownStep]:
        """All steps so far, as they are drawn."""
        return [*self.over, *([self.current.show()] if self.current else [])]

    @property
    def status(self) -> str:
        """What the search does now, in a line."""
        return f"{self.current.name}: {self.current.status}" if self.current else "starting"

    def take(self, namespace: tuple[str, ...], mode: str, data: Any) -> None:
        """Take in one part of the stream."""
        if mode == "custom":
            self._take_event(data)
        elif mode == "updates":
            for update in data.values():
                self._take_update(update or {}, is_step=bool(namespace))
        elif not namespace:
            self.state = data

    def _take_event(self, event: Mapping[str, Any]) -> None:
        if event["type"] == "stage_started":
            self.current = OpenStep(event["stage"], event["num_candidates"])
        elif event["type"] == "round" and self.current:
            self.current = replace(self.current, round=event["round"], num_in_round=event["num_matches"])

    def _take_update(self, update: Mapping[str, Any], *, is_step: bool) -> None:
        if is_step:
            self.current = self.current.take(update) if self.current else None
            return
        self.settings = update.get("settings", self.settings)
        self.limit = update.get("limit", self.limit)
        stages = update.get("stages")
        # At the beginning, "ask" clears what is left of an earlier turn.
        for name, record in stages.items() if isinstance(stages, Mapping) else ():
            self.over.append(show_step(name, record, settings=self.settings, limit=self.limit))
            self.current = None
