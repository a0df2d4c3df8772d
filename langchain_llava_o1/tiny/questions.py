"""Questions about pictures: what a question is, and what a solution of it holds.

A question kind knows how to choose its parameters and how to solve itself on what a caption
holds: on the real picture that gives reference answers, on a model's own caption it tells
whether the model's reasoning follows from it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from langchain_llava_o1.tiny.charts import Chart
from langchain_llava_o1.tiny.scenes import Scene


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


Content = Scene | Chart


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
    """

    kind: str
    text: str
    topic: str
    plan: str
    answers: tuple[str, ...]
    solve: Callable[[Content], Solution | None] = field(repr=False)


NUMBERS = tuple(str(number) for number in range(21))


def numbered(names: Sequence[str]) -> str:
    """Count names while listing them, as "1 A2, 2 B1"."""
    return ", ".join(f"{number} {name}" for number, name in enumerate(names, start=1)) or "none"
