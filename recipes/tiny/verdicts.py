"""Pairs of candidates and the right verdict on them, decided by what the picture really holds.

A verdict's reason goes step by step: a small model learns to compare two captions place by place
far sooner than to name at once the place that decides.
"""

import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from langchain_llava_o1.drawn.canvas import COLOURS
from langchain_llava_o1.drawn.captions import answer_in, find_content, is_alike
from langchain_llava_o1.drawn.charts import Chart, SumChart
from langchain_llava_o1.drawn.items import Item
from langchain_llava_o1.drawn.questions import Content
from langchain_llava_o1.drawn.scenes import CELLS, Scene
from langchain_llava_o1.drawn.sum_questions import ADDED, add_up, name_bars
from langchain_llava_o1.drawn.trail_maps import KeyTrail, TrailMap
from langchain_llava_o1.drawn.trail_questions import colour_trail
from langchain_llava_o1.staging.prompts import VERDICT_PREFIX
from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.staging.transcript import parse_transcript
from recipes.tiny.corruption import end_of

NO_ERROR = "I see no error in either."
NOTHING = "nothing"
NOWHERE = "nowhere"
"""Where a key or a colour leads that is not on the map."""

TALLY = " to"
"""Between the scores of two candidates, as "1 to 0"; nowhere else in a verdict."""

MARKS = (" correct", " wrong")
"""What is said of a finding."""


@dataclass(frozen=True)
class Verdict:
    """The right verdict on a pair: why, and which response (1 or 2).

    Attributes:
        reason: What tells them apart.
        choice: The better response.
        is_tie: Whether neither is better, so that the choice is a draw of lots.
    """

    reason: str
    choice: int
    is_tie: bool = False

    def text(self, *, with_reason: bool) -> str:
        """Write the verdict as the model is to write it."""
        choice = f"{VERDICT_PREFIX} {self.choice}"
        return f"{self.reason}\n{choice}" if with_reason else choice


def judge_pair(
    item: Item, part_name: str, accepted: Sequence[str], first: str, second: str, rng: random.Random
) -> Verdict | None:
    """Return the right verdict on two candidates; None where nothing can be said about them.

    Args:
        item: What is asked.
        part_name: Name of a stage, or "answer" for whole answers in their tags.
        accepted: Texts of the stages before it.
        first: A candidate.
        second: Another one.
        rng: Draws lots between two that are as good.
    """
    pair = (first.strip(), second.strip())
    if part_name == "answer":
        return _judge_answers(item, pair, rng)
    told = item.read_caption(accepted[1]) if len(accepted) > 1 else None
    if part_name == "caption":
        if isinstance(item.content, TrailMap):
            return _judge_choices(f"the {_thing_wanted(item)}", _check_key(item), pair, rng)
        return _judge_captions(item.content, pair, rng)
    if part_name == "reasoning" and told is not None:
        if isinstance(told, KeyTrail):
            return _judge_choices(f"the {told.key} key", _check_colour(item, told.key), pair, rng)
        if isinstance(item.content, SumChart):
            assert isinstance(told, Chart)
            return _judge_choices(_total_wanted(item), _check_sum(item, told), pair, rng)
    rights = item.right_texts(part_name, accepted)
    if not rights:
        return None
    if part_name == "reasoning":
        return _judge_solutions(rights[0], answer_in(pair[0]), answer_in(pair[1]), rng)
    is_right = (pair[0] in rights, pair[1] in rights)
    if not any(is_right):
        return None
    if all(is_right):
        return _decide(NO_ERROR, is_right, rng)
    if part_name == "summary":
        return _decide(f"The question asks {item.question.topic}.", is_right, rng)
    return _decide(end_of(accepted[2].strip()), is_right, rng)


class _Check(NamedTuple):
    """What a candidate's choice really comes to, and how many points that is worth."""

    finding: str
    points: int

    @classmethod
    def of(cls, finding: str, *, is_right: bool) -> "_Check":
        """Say whether what was found is what is looked for, which is worth a point."""
        return cls(f"{finding}: {'correct' if is_right else 'wrong'}", int(is_right))


def _thing_wanted(item: Item) -> str:
    assert isinstance(item.told, KeyTrail)
    return item.told.thing


def _total_wanted(item: Item) -> str:
    found = re.search(r"\d+", item.question.text)
    assert found is not None, "a question about a sum names it"
    return found[0]


def _judge_choices(
    wanted: str, check: Callable[[str], _Check | None], pair: tuple[str, str], rng: random.Random
) -> Verdict | None:
    """Follow up what each candidate chose, whatever it claims, and compare that with what is wanted."""
    one, other = map(check, pair)
    if one is None or other is None:
        return None
    found = f"Response 1: {one.finding}; response 2: {other.finding}"
    reason = f"Looking for {wanted}. {found}; so {one.points}{TALLY} {other.points}."
    return _decide(reason, (one.points, other.points), rng)


def _check_key(item: Item) -> Callable[[str], _Check | None]:
    """Follow the trail of the key that a caption takes."""

    def check(text: str) -> _Check | None:
        trail_map, told = item.content, find_content(text)
        assert isinstance(trail_map, TrailMap)
        assert isinstance(item.told, KeyTrail)
        if not isinstance(told, KeyTrail):
            return None
        if told.key not in trail_map.keys:
            return _Check.of(f"{told.key} {NOWHERE}", is_right=False)
        found = KeyTrail.of(trail_map, told.key)
        return _Check.of(f"{found.key} {found}", is_right=found.thing == item.told.thing)

    return check


def _check_colour(item: Item, key: str) -> Callable[[str], _Check | None]:
    """Follow the trail of the colour that a reasoning takes; it is to lead to the key of the caption."""

    def check(text: str) -> _Check | None:
        trail_map = item.content
        assert isinstance(trail_map, TrailMap)
        taken = re.match(r"(?:I take|Taking) (\w+)\. ", text)
        if taken is None or taken[1] not in COLOURS:
            return None
        if taken[1] not in trail_map.colours:
            return _Check.of(f"{taken[1]} {NOWHERE}", is_right=False)
        walk = colour_trail(trail_map, taken[1])
        is_right = walk.endswith(f": {key} key") and answer_in(text) in (taken[1], item.option_of(taken[1]))
        return _Check.of(f"{taken[1]} {walk.removesuffix(' key')}", is_right=is_right)

    return check


def _check_sum(item: Item, chart: Chart) -> Callable[[str], _Check | None]:
    """Add up the bars that a reasoning takes."""

    def check(text: str) -> _Check | None:
        taken = re.match(r"(?:I take|Taking) ([a-z, ]+)\. ", text)
        names = re.split(", | and ", taken[1]) if taken else []
        bars = [bar for name in names for bar in chart.bars if bar.colour == name]
        solution = item.question.solve(chart)
        if len(bars) != ADDED or solution is None:
            return None
        answer = name_bars(bars)
        is_right = answer == solution.answer and answer_in(text) in (answer, item.option_of(answer))
        return _Check.of(f"{', '.join(map(str, bars))}: {add_up(bars)}", is_right=is_right)

    return check


def _judge_answers(item: Item, pair: tuple[str, str], rng: random.Random) -> Verdict | None:
    """Check whole answers: what they chose, or what they came to beside one's own solution."""
    stages = [
        {found.stage.name: found.body.strip() for found in parse_transcript(text).stages} for text in pair
    ]
    if any(len(found) < len(STAGES) for found in stages):
        return None
    if isinstance(item.content, TrailMap):
        return _judge_choices(f"the {_thing_wanted(item)}", _check_both_trails(item), pair, rng)
    if isinstance(item.content, SumChart):
        reasonings = (stages[0]["reasoning"], stages[1]["reasoning"])
        return _judge_choices(_total_wanted(item), _check_sum(item, item.content), reasonings, rng)
    right = item.reasonings(item.told)[0]
    found = [answer_in(answer["reasoning"]) for answer in stages]
    return _judge_solutions(right, found[0], found[1], rng)


def _check_both_trails(item: Item) -> Callable[[str], _Check | None]:
    """Follow the key of an answer's caption, then the colour of its reasoning: it is to lead to that key."""

    def check(text: str) -> _Check | None:
        stages = {found.stage.name: found.body.strip() for found in parse_transcript(text).stages}
        told = find_content(stages["caption"])
        key = _check_key(item)(stages["caption"])
        colour = _check_colour(item, told.key)(stages["reasoning"]) if isinstance(told, KeyTrail) else None
        if key is None or colour is None:
            return None
        return _Check(f"{key.finding}, {colour.finding}", key.points + colour.points)

    return check


def _decide(reason: str, scores: tuple[int, int], rng: random.Random) -> Verdict:
    if scores[0] == scores[1]:
        return Verdict(reason, rng.choice((1, 2)), is_tie=True)
    return Verdict(reason, 1 if scores[0] > scores[1] else 2)


def _judge_captions(truth: Content, pair: tuple[str, str], rng: random.Random) -> Verdict | None:
    """Go through what both captions say place by place; where they differ, the picture gives the point."""
    real = _places(truth)
    # A caption of another kind of picture says nothing about this one.
    one, other = (_places(told if is_alike(truth, told) else None) for told in map(find_content, pair))
    if one is None or other is None or real is None:
        return None
    steps = []
    scores = (0, 0)
    for name in _in_order(truth, [*one, *other]):
        said = (one.get(name, NOTHING), other.get(name, NOTHING))
        step = f"{name} {said[0]}, {said[1]}"
        if said[0] != said[1]:
            seen = real.get(name, NOTHING)
            scores = (scores[0] + (said[0] == seen), scores[1] + (said[1] == seen))
            # Named once more right before what is seen there, as in a caption: what is learned of
            # describing then serves judging.
            step += f": I see {name} {seen}, so {scores[0]}{TALLY} {scores[1]}"
        steps.append(step)
    return _decide(f"{'; '.join(steps)}.", scores, rng)


def _in_order(truth: Content, names: Iterable[str]) -> list[str]:
    """Sort places as captions do, bars as they are first named."""
    return sorted(set(names), key=CELLS.index) if isinstance(truth, Scene) else list(dict.fromkeys(names))


def _places(content: Content | None) -> dict[str, str] | None:
    """Return what is at each place, or the value of each bar; None where a place is named twice."""
    if content is None:
        return None
    if isinstance(content, Scene):
        places = {thing.cell: f"{thing.size} {thing.colour} {thing.shape}" for thing in content.things}
        return places if len(places) == len(content.things) else None
    assert isinstance(content, Chart)
    places = {bar.colour: str(bar.value) for bar in content.bars}
    return places if len(places) == len(content.bars) else None


def _judge_solutions(right: str, first: str, second: str, rng: random.Random) -> Verdict | None:
    """Reason anew, then compare what was found with what each candidate found."""
    answer = answer_in(right)
    found = (first or NOTHING, second or NOTHING)
    scores = (int(found[0] == answer), int(found[1] == answer))
    if not any(scores):
        return None
    told = "; ".join(
        f"response {number} finds {what}: {'correct' if score else 'wrong'}"
        for number, what, score in zip((1, 2), found, scores, strict=True)
    )
    return _decide(f"{right} {told[0].upper()}{told[1:]}; so {scores[0]}{TALLY} {scores[1]}.", scores, rng)
