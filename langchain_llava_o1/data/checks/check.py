"""A check: looks at one example after the other, and sums up what it has seen."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from langchain_llava_o1.data.example import Example
from langchain_llava_o1.staging.transcript import Transcript, parse_transcript


@dataclass(frozen=True)
class Viewed:
    """An example as checks see it.

    Attributes:
        example: The example.
        picture_keys: What tells its pictures apart: a digest of their pixels. Where pictures are not decoded,
            or are missing or broken, their paths.
    """

    example: Example
    picture_keys: tuple[str, ...]

    @cached_property
    def transcripts(self) -> list[Transcript]:
        """The answers, taken apart into their stages."""
        return [parse_transcript(answer) for answer in self.example.answers]

    @cached_property
    def words(self) -> list[str]:
        """The answers without the tags of their stages."""
        return [
            " ".join([transcript.untagged, *(found.body for found in transcript.stages)])
            for transcript in self.transcripts
        ]


@dataclass(frozen=True)
class Finding:
    """What a check finds in an example; the check's flow makes a problem of it.

    Attributes:
        field: What of the line is meant.
        kind: What it is counted under.
        found: What is there.
        expected: What should be there.
        fix: What to do about it, a sentence.
    """

    field: str
    kind: str
    found: str
    expected: str
    fix: str


class Check(ABC):
    """Looks for one kind of fault, in memory that does not grow with the texts and pictures."""

    @abstractmethod
    def look(self, viewed: Viewed) -> Iterator[Finding]:
        """Return what is wrong with an example."""

    def sum_up(self) -> Mapping[str, Any]:
        """Return what all examples come to, as plain data by a name; by default nothing."""
        return {}
