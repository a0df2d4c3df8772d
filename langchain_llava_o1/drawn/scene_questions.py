"""Questions about shape scenes."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from langchain_llava_o1.drawn.canvas import COLOURS
from langchain_llava_o1.drawn.questions import NUMBERS, Content, Question, Solution, Walk
from langchain_llava_o1.drawn.scenes import SHAPES, SIZES, Scene, Thing


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


def _walk(content: Content, counts: Callable[[Thing], bool]) -> Walk:
    assert isinstance(content, Scene)
    return Walk.through([(str(thing), counts(thing)) for thing in content.things])


def _only(description: Description, content: Content) -> Thing | None:
    assert isinstance(content, Scene)
    fitting = [thing for thing in content.things if description.fits(thing)]
    return fitting[0] if len(fitting) == 1 else None


@dataclass(frozen=True)
class _Found:
    """The first object that fits, and the walk that ends at it."""

    thing: Thing
    walk: str


def _find(description: Description, content: Content) -> _Found | None:
    assert isinstance(content, Scene)
    passed: list[str] = []
    for thing in content.things:
        if description.fits(thing):
            return _Found(thing, ", ".join((*passed, f"{thing} yes")))
        passed.append(f"{thing} no")
    return None


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


def count(rng: random.Random, content: Content) -> Question:
    """How many objects fit a description?"""
    assert isinstance(content, Scene)
    wanted = describe(rng, content.things)

    def solve(content: Content) -> Solution:
        walk = _walk(content, wanted.fits)
        return Solution(
            steps=(f"Counting {wanted.plural}: {walk}.", f"The {wanted.plural}: {walk}."),
            answer=str(walk.count),
            sentence=f"There are {walk.count} {wanted.plural}",
            reason=f"going through all places finds {walk.count}",
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
        walk = _walk(content, lambda thing: not removed.fits(thing))
        return Solution(
            steps=(f"Dropping {removed.plural}: {walk}.", f"Without the {removed.plural}: {walk}."),
            answer=str(walk.count),
            sentence=f"There are {walk.count} objects left",
            reason=f"going through all places leaves {walk.count}",
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
        walk = _walk(content, wanted.fits)
        return Solution(
            steps=(f"Looking for {wanted.plural}: {walk}.", f"The {wanted.plural}: {walk}."),
            answer=_yes(walk.count > 0),
            sentence=f"There is {'a' if walk.count else 'no'} {wanted}",
            reason=f"going through all places finds {walk.count}",
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
        ours, theirs = _walk(content, first.fits), _walk(content, second.fits)
        is_more = ours.count > theirs.count
        return Solution(
            steps=(
                f"Counting {first.plural}: {ours}. Counting {second.plural}: {theirs}.",
                f"The {first.plural}: {ours}. The {second.plural}: {theirs}.",
            ),
            answer=_yes(is_more),
            sentence=f"There are {'' if is_more else 'not '}more {first.plural} than {second.plural}",
            reason=f"there are {ours.count} {first.plural} and {theirs.count} {second.plural}",
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
        found = _find(wanted, content)
        if found is None:
            return None
        value = getattr(found.thing, name)
        return Solution(
            steps=(f"Looking for the {wanted}: {found.walk}.", f"The {wanted}: {found.walk}."),
            answer=value,
            sentence=f"The {name} of the {wanted} is {value}",
            reason=f"the {wanted} is at {found.thing.cell}",
        )

    return Question(
        kind="attribute",
        text=rng.choice((f"What {name} is the {wanted}?", f"Which {name} does the {wanted} have?")),
        topic=f"what {name} the {wanted} is",
        plan=f"find the {wanted} and read its {name}",
        answers=tuple(choices),
        solve=solve,
    )


_AXES = (("rows", ("above", "below")), ("columns", ("left of", "right of")))
"""In the order of a place's name, with how one of two is to the other if its line comes sooner, or later."""


def relation(rng: random.Random, content: Content) -> Question | None:
    """Is one object left of, right of, above or below another one?"""
    assert isinstance(content, Scene)
    first, second = describe_one(rng, content.things), describe_one(rng, content.things)
    if first is None or second is None or _only(first, content) == _only(second, content):
        return None
    axis, (lines, ways) = rng.choice(tuple(enumerate(_AXES)))
    words = rng.choice(ways)

    def solve(content: Content) -> Solution | None:
        one, other = _find(first, content), _find(second, content)
        if one is None or other is None:
            return None
        here, there = one.thing.cell, other.thing.cell
        if here[axis] == there[axis]:
            return None
        way = ways[here[axis] > there[axis]]
        holds = way == words
        # The order in words of its own: it is not learned from a bare yes or no.
        end = (
            f"{here} and {there}: {lines} {here[axis]} and {there[axis]}, so {way}; "
            f"asked is {words}: {_yes(holds)}."
        )
        return Solution(
            steps=(
                f"Looking for the {first}: {one.walk}. Looking for the {second}: {other.walk}. {end}",
                f"The {first}: {one.walk}. The {second}: {other.walk}. {end}",
            ),
            answer=_yes(holds),
            sentence=f"The {first} is {'' if holds else 'not '}{words} the {second}",
            reason=f"the {first} is at {here} and the {second} at {there}",
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


SCENE_QUESTIONS = (count, subtract, existence, comparison, attribute, relation)
"""Every kind; a kind returns None where the picture gives it nothing to ask."""
