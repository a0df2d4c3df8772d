"""Questions about pictures: what a question is, and what a solution of it holds.

A question kind knows how to choose its parameters and how to solve itself on what a caption
holds: on the real picture that gives reference answers, on a model's own caption it tells
whether the model's reasoning follows from it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from langchain_llava_o1.drawn.charts import Chart
from langchain_llava_o1.drawn.scenes import Scene
from langchain_llava_o1.drawn.trail_maps import KeyTrail, TrailMap


@dataclass(frozen=True)
class Solution:
    """A question solved on what a caption holds.

    Attributes:
        steps: Wordings of the steps to the answer; any of them is right.
        answer: The answer in its shortest form.
        sentence: The answer as a full sentence, without its dot.
        reason: What an explanation gives as the reason.
    """

    steps: tuple[str, ...]
    answer: str
    sentence: str
    reason: str


Content = Scene | Chart | TrailMap | KeyTrail


@dataclass(frozen=True)
class Walk:
    """Going through objects one by one, counting those that count.

    Each step looks at one object only, which a small model learns far sooner than naming at once
    all that count.
    """

    steps: tuple[str, ...]
    count: int

    @classmethod
    def through(cls, objects: Sequence[tuple[str, bool]]) -> "Walk":
        """Go through objects with whether each counts."""
        steps = []
        count = 0
        for name, is_counted in objects:
            count += is_counted
            steps.append(f"{name} {count if is_counted else 'no'}")
        return cls(tuple(steps), count)

    def __str__(self) -> str:
        """Write the walk, as "red 7 no, blue 9 1, green 8 2, so 2"."""
        return f"{', '.join(self.steps)}, so {self.count}"


Skill = Literal["perception", "reasoning"]
PERCEPTION_KINDS = frozenset({"attribute", "existence", "value"})
"""What is asked is to be seen at one place; all other kinds go through several, or work something out."""


@dataclass(frozen=True)
class Question:
    """A question whose wording is chosen, with all that its answers need.

    Attributes:
        kind: Name of the question kind.
        text: The question, without the request for a form of answer.
        topic: What is asked, as a noun phrase for the summary.
        plan: What to do, for the summary.
        answers: Answers of the right type, from which wrong options are drawn.
        solve: Solve it on the content of a caption; None where the content does not allow it.
        told: What a right caption tells where that is not all that the picture holds.
    """

    kind: str
    text: str
    topic: str
    plan: str
    answers: tuple[str, ...]
    solve: Callable[[Content], Solution | None] = field(repr=False)
    told: Content | None = None

    @property
    def skill(self) -> Skill:
        """What answering it takes most."""
        return "perception" if self.kind in PERCEPTION_KINDS else "reasoning"


NUMBERS = tuple(str(number) for number in range(21))
