"""Questions about pictures, and every right way this domain has to answer them in stages.

A question kind knows how to choose its parameters and how to solve itself on what a caption
holds: on the real picture that gives reference answers, on a model's own caption it tells
whether the model's reasoning follows from it.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from langchain_llava_o1.tiny.canvas import COLOURS
from langchain_llava_o1.tiny.charts import Bar, Chart
from langchain_llava_o1.tiny.scenes import COLUMNS, ROWS, SHAPES, SIZES, Scene, Thing


@dataclass(frozen=True)
class Description:
    """A description that objects may fit, as "small red circle"; what is None is free."""

    size: str | None = None
    colour: str | None = None
    shape: str | None = None

    def fits(self, thing: Thing) -> bool:
        """Tell whether an object is one of those described."""
        return all(
            wanted is None or wanted == found
            for wanted, found in (
                (self.size, thing.size),
                (self.colour, thing.colour),
                (self.shape, thing.shape),
            )
        )

    def __str__(self) -> str:
        """Write the description in the singular."""
        return " ".join(filter(None, (self.size, self.colour, self.shape or "object")))

    @property
    def plural(self) -> str:
        """The description in the plural."""
        return f"{self}s"


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


def sample_question(rng: random.Random, content: Content) -> Question:
    """Choose a kind and its parameters at random, so that each answer of a kind is likely."""
    makers: Sequence[Callable[[random.Random, Content], Question | None]] = (
        SCENE_QUESTIONS if isinstance(content, Scene) else CHART_QUESTIONS
    )
    while True:
        question = rng.choice(makers)(rng, content)
        if question is not None and question.solve(content) is not None:
            return question


def numbered(names: Sequence[str]) -> str:
    """Count names while listing them, as "1 A2, 2 B1"."""
    return ", ".join(f"{number} {name}" for number, name in enumerate(names, start=1)) or "none"


def describe(rng: random.Random, things: Sequence[Thing], *, num_free: int | None = None) -> Description:
    """Choose a description, usually of something in the picture."""
    thing = rng.choice(things)
    if rng.random() < 0.25:
        thing = Thing("", rng.choice(SIZES), rng.choice(tuple(COLOURS)), rng.choice(SHAPES))
    free = rng.sample(("size", "colour", "shape"), rng.choice((0, 1, 1, 2)) if num_free is None else num_free)
    return Description(
        size=None if "size" in free else thing.size,
        colour=None if "colour" in free else thing.colour,
        shape=None if "shape" in free else thing.shape,
    )


def describe_one(rng: random.Random, things: Sequence[Thing], *, hidden: str = "") -> Description | None:
    """Choose a description that fits exactly one object and leaves one attribute open."""
    for _ in range(12):
        thing = rng.choice(things)
        free = {hidden} | set(rng.sample(("size", "colour", "shape"), rng.choice((0, 1, 1, 2))))
        description = Description(
            size=None if "size" in free else thing.size,
            colour=None if "colour" in free else thing.colour,
            shape=None if "shape" in free else thing.shape,
        )
        if description != Description() and sum(map(description.fits, things)) == 1:
            return description
    return None


def _cells(description: Description, content: Content) -> list[str]:
    assert isinstance(content, Scene)
    return [thing.cell for thing in content.things if description.fits(thing)]


def _only(description: Description, content: Content) -> Thing | None:
    assert isinstance(content, Scene)
    fitting = [thing for thing in content.things if description.fits(thing)]
    return fitting[0] if len(fitting) == 1 else None


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


def count(rng: random.Random, content: Content) -> Question:
    """How many objects fit a description?"""
    assert isinstance(content, Scene)
    wanted = describe(rng, content.things)

    def solve(content: Content) -> Solution:
        cells = _cells(wanted, content)
        return Solution(
            steps=(
                f"The {wanted.plural} are {numbered(cells)}.",
                f"Counting {wanted.plural}: {numbered(cells)}.",
            ),
            answer=str(len(cells)),
            sentence=f"There are {len(cells)} {wanted.plural}",
            reason=f"the {wanted.plural} are {', '.join(cells) or 'none'}",
        )

    return Question(
        kind="count",
        text=rng.choice((f"How many {wanted.plural} are there?", f"Count the {wanted.plural}.")),
        topic=f"how many {wanted.plural} there are",
        plan=f"count the {wanted.plural}",
        answers=NUMBERS[:11],
        solve=solve,
    )


def subtract(rng: random.Random, content: Content) -> Question:
    """How many objects are left without those that fit a description?"""
    assert isinstance(content, Scene)
    removed = describe(rng, content.things)

    def solve(content: Content) -> Solution:
        assert isinstance(content, Scene)
        cells = [thing.cell for thing in content.things if not removed.fits(thing)]
        return Solution(
            steps=(
                f"Without the {removed.plural} there are left {numbered(cells)}.",
                f"Dropping {removed.plural} leaves {numbered(cells)}.",
            ),
            answer=str(len(cells)),
            sentence=f"There are {len(cells)} objects left",
            reason=f"without the {removed.plural} there are left {', '.join(cells) or 'none'}",
        )

    return Question(
        kind="subtract",
        text=rng.choice(
            (
                f"Subtract all {removed.plural}. How many objects are left?",
                f"Remove the {removed.plural}. How many objects remain?",
            )
        ),
        topic=f"how many objects are left without the {removed.plural}",
        plan=f"drop the {removed.plural} and count the others",
        answers=NUMBERS[:11],
        solve=solve,
    )


def existence(rng: random.Random, content: Content) -> Question:
    """Is there an object that fits a description?"""
    assert isinstance(content, Scene)
    wanted = describe(rng, content.things, num_free=rng.choice((0, 0, 1)))
    if rng.random() < 0.4:
        # One attribute changed: absent more often, and only just.
        name, choices = rng.choice((("size", SIZES), ("colour", tuple(COLOURS)), ("shape", SHAPES)))
        if getattr(wanted, name) is not None:
            wanted = Description(**{**vars(wanted), name: rng.choice(choices)})

    def solve(content: Content) -> Solution:
        cells = _cells(wanted, content)
        negation = "" if cells else "no "
        return Solution(
            steps=(
                f"The {wanted.plural} are {numbered(cells)}.",
                f"Looking for {wanted.plural}: {numbered(cells)}.",
            ),
            answer=_yes(bool(cells)),
            sentence=f"There is {negation or 'a '}{wanted}",
            reason=f"the {wanted.plural} are {', '.join(cells) or 'none'}",
        )

    return Question(
        kind="existence",
        text=rng.choice((f"Is there a {wanted}?", f"Do you see a {wanted}?")),
        topic=f"whether there is a {wanted}",
        plan=f"look for a {wanted}",
        answers=("yes", "no"),
        solve=solve,
    )


def comparison(rng: random.Random, content: Content) -> Question | None:
    """Are there more objects of one description than of another?"""
    assert isinstance(content, Scene)
    first, second = (describe(rng, content.things, num_free=2) for _ in range(2))
    if first == second:
        return None

    def solve(content: Content) -> Solution:
        ours, theirs = _cells(first, content), _cells(second, content)
        listed = f"{first.plural} are {numbered(ours)}. The {second.plural} are {numbered(theirs)}"
        is_more = len(ours) > len(theirs)
        return Solution(
            steps=(f"The {listed}.", f"All {listed}."),
            answer=_yes(is_more),
            sentence=f"There are {'' if is_more else 'not '}more {first.plural} than {second.plural}",
            reason=f"the {first.plural} are {len(ours)} and the {second.plural} are {len(theirs)}",
        )

    return Question(
        kind="comparison",
        text=rng.choice(
            (
                f"Are there more {first.plural} than {second.plural}?",
                f"Do {first.plural} outnumber {second.plural}?",
            )
        ),
        topic=f"whether there are more {first.plural} than {second.plural}",
        plan=f"count the {first.plural} and the {second.plural}",
        answers=("yes", "no"),
        solve=solve,
    )


def attribute(rng: random.Random, content: Content) -> Question | None:
    """What colour, shape or size has the one object that fits a description?"""
    assert isinstance(content, Scene)
    name, choices = rng.choice((("colour", tuple(COLOURS)), ("shape", SHAPES), ("size", SIZES)))
    wanted = describe_one(rng, content.things, hidden=name)
    if wanted is None:
        return None

    def solve(content: Content) -> Solution | None:
        thing = _only(wanted, content)
        if thing is None:
            return None
        value = getattr(thing, name)
        return Solution(
            steps=(
                f"The {wanted} is at {thing.cell}, its {name} is {value}.",
                f"At {thing.cell} is the {wanted}, {value}.",
            ),
            answer=value,
            sentence=f"The {name} of the {wanted} is {value}",
            reason=f"the {wanted} is at {thing.cell}",
        )

    return Question(
        kind="attribute",
        text=rng.choice((f"What {name} is the {wanted}?", f"Which {name} does the {wanted} have?")),
        topic=f"what {name} the {wanted} is",
        plan=f"find the {wanted} and read its {name}",
        answers=tuple(choices),
        solve=solve,
    )


def relation(rng: random.Random, content: Content) -> Question | None:
    """Is one object left of, right of, above or below another one?"""
    assert isinstance(content, Scene)
    first, second = describe_one(rng, content.things), describe_one(rng, content.things)
    if first is None or second is None or _only(first, content) == _only(second, content):
        return None
    words, axis, sign = rng.choice(
        (("left of", 1, 1), ("right of", 1, -1), ("above", 0, 1), ("below", 0, -1))
    )

    def solve(content: Content) -> Solution | None:
        one, other = _only(first, content), _only(second, content)
        if one is None or other is None or one.cell[axis] == other.cell[axis]:
            return None
        places = ROWS if axis == 0 else COLUMNS
        holds = sign * (places.index(other.cell[axis]) - places.index(one.cell[axis])) > 0
        return Solution(
            steps=(
                f"The {first} is at {one.cell}, the {second} at {other.cell}.",
                f"At {one.cell} is the {first}, at {other.cell} the {second}.",
            ),
            answer=_yes(holds),
            sentence=f"The {first} is {'' if holds else 'not '}{words} the {second}",
            reason=f"the {first} is at {one.cell} and the {second} at {other.cell}",
        )

    return Question(
        kind="relation",
        text=rng.choice(
            (f"Is the {first} {words} the {second}?", f"The {first}: is it {words} the {second}?")
        ),
        topic=f"whether the {first} is {words} the {second}",
        plan=f"find the {first} and the {second}",
        answers=("yes", "no"),
        solve=solve,
    )


def extreme(rng: random.Random, content: Content) -> Question:
    """Which bar is the highest, or the lowest?"""
    kind, choose = rng.choice((("highest", max), ("lowest", min)))

    def solve(content: Content) -> Solution:
        assert isinstance(content, Chart)
        bar: Bar = choose(content.bars, key=lambda bar: bar.value)
        return Solution(
            steps=(
                f"The {kind} value is {bar.value}, it is {bar.colour}.",
                f"With {bar.value} the {kind} is {bar.colour}.",
            ),
            answer=bar.colour,
            sentence=f"The {kind} bar is {bar.colour}",
            reason=f"the {kind} value is {bar.value}",
        )

    return Question(
        kind=kind,
        text=rng.choice((f"Which bar is the {kind}?", f"What colour is the {kind} bar?")),
        topic=f"which bar is the {kind}",
        plan=f"read the bars and find the {kind}",
        answers=tuple(COLOURS),
        solve=solve,
    )


def _value(content: Content, colour: str) -> int | None:
    assert isinstance(content, Chart)
    return next((bar.value for bar in content.bars if bar.colour == colour), None)


def value(rng: random.Random, content: Content) -> Question:
    """What is the value of a bar?"""
    assert isinstance(content, Chart)
    colour = rng.choice(content.bars).colour

    def solve(content: Content) -> Solution | None:
        found = _value(content, colour)
        if found is None:
            return None
        return Solution(
            steps=(f"The {colour} bar has {found}.", f"Reading the {colour} bar gives {found}."),
            answer=str(found),
            sentence=f"The value of the {colour} bar is {found}",
            reason=f"the {colour} bar ends at {found}",
        )

    return Question(
        kind="value",
        text=rng.choice((f"What is the value of the {colour} bar?", f"How high is the {colour} bar?")),
        topic=f"what value the {colour} bar has",
        plan=f"read the {colour} bar",
        answers=NUMBERS,
        solve=solve,
    )


def difference(rng: random.Random, content: Content) -> Question:
    """How far apart are two bars?"""
    assert isinstance(content, Chart)
    first, second = (bar.colour for bar in rng.sample(content.bars, 2))

    def solve(content: Content) -> Solution | None:
        one, other = _value(content, first), _value(content, second)
        if one is None or other is None:
            return None
        high, low = max(one, other), min(one, other)
        return Solution(
            steps=(
                f"The {first} bar has {one}, the {second} bar {other}. {high} minus {low} is {high - low}.",
                f"With {first} {one} and {second} {other}, {high} minus {low} is {high - low}.",
            ),
            answer=str(high - low),
            sentence=f"The difference of the {first} and the {second} bar is {high - low}",
            reason=f"{high} minus {low} is {high - low}",
        )

    return Question(
        kind="difference",
        text=rng.choice(
            (
                f"What is the difference between the {first} and the {second} bar?",
                f"By how much do the {first} and the {second} bar differ?",
            )
        ),
        topic=f"how far the {first} and the {second} bar differ",
        plan=f"read the {first} and the {second} bar and subtract",
        answers=NUMBERS,
        solve=solve,
    )


def above(rng: random.Random, content: Content) -> Question:
    """How many bars are higher than a value?"""
    assert isinstance(content, Chart)
    limit = max(0, rng.choice(content.bars).value + rng.choice((-1, 0, 0)))

    def solve(content: Content) -> Solution:
        assert isinstance(content, Chart)
        names = [bar.colour for bar in content.bars if bar.value > limit]
        return Solution(
            steps=(
                f"The bars above {limit} are {numbered(names)}.",
                f"Counting bars above {limit}: {numbered(names)}.",
            ),
            answer=str(len(names)),
            sentence=f"There are {len(names)} bars above {limit}",
            reason=f"the bars above {limit} are {', '.join(names) or 'none'}",
        )

    return Question(
        kind="above",
        text=rng.choice((f"How many bars are above {limit}?", f"Count the bars higher than {limit}.")),
        topic=f"how many bars are above {limit}",
        plan=f"read the bars and count those above {limit}",
        answers=NUMBERS[:7],
        solve=solve,
    )


SCENE_QUESTIONS = (count, subtract, existence, comparison, attribute, relation)
CHART_QUESTIONS = (extreme, value, difference, above)
