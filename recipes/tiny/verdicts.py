"""Pairs of candidates and the right verdict on them, decided by what the picture really holds.

A verdict's reason goes step by step: a small model learns to compare two captions place by place
far sooner than to name at once the place that decides.
"""

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from langchain_llava_o1.drawn.canvas import COLOURS
from langchain_llava_o1.drawn.charts import Bar, Chart
from langchain_llava_o1.drawn.items import LETTERS, Item, captions, find_content, read_caption
from langchain_llava_o1.drawn.questions import NUMBERS, Content
from langchain_llava_o1.drawn.scenes import CELLS, SHAPES, SIZES, Scene
from langchain_llava_o1.staging.prompts import VERDICT_PREFIX

NO_ERROR = "I see no error in either."
NOTHING = "nothing"
TALLY = " to"
"""Between the scores of two candidates, as "1 to 0"; nowhere else in a verdict."""

REASONINGS_TRIED = 8


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


def right_texts(item: Item, stage_name: str, accepted_caption: str) -> tuple[str, ...]:
    """Return every right text of a stage; none where the accepted caption leaves it open."""
    if stage_name == "summary":
        return item.summaries()
    if stage_name == "caption":
        return item.captions()
    content = _accepted_content(item, accepted_caption)
    if content is None:
        return ()
    return item.reasonings(content) if stage_name == "reasoning" else item.conclusions(content)


def judge_pair(
    item: Item, stage_name: str, accepted_caption: str, first: str, second: str, rng: random.Random
) -> Verdict | None:
    """Return the right verdict on two candidates; None where nothing can be said about them."""
    pair = (first.strip(), second.strip())
    if stage_name == "caption":
        return _judge_captions(item.content, pair, rng)
    rights = right_texts(item, stage_name, accepted_caption)
    if not rights:
        return None
    if stage_name == "reasoning":
        return _judge_reasonings(item, rights[0], pair, rng)
    is_right = (pair[0] in rights, pair[1] in rights)
    if not any(is_right):
        return None
    if all(is_right):
        return _decide(NO_ERROR, is_right, rng)
    if stage_name == "summary":
        return _decide(f"The question asks {item.question.topic}.", is_right, rng)
    content = _accepted_content(item, accepted_caption)
    assert content is not None, "there are right conclusions only for a content"
    return _decide(_conclude(item.reasonings(content)[0]), is_right, rng)


def _accepted_content(item: Item, caption: str) -> Content | None:
    return _content_like(item.content, read_caption(caption))


def _content_like(truth: Content, content: Content | None) -> Content | None:
    """Return a content if it is of the kind that the picture shows: a chart says nothing about a scene."""
    return content if type(content) is type(truth) else None


def _decide(reason: str, scores: tuple[int, int], rng: random.Random) -> Verdict:
    if scores[0] == scores[1]:
        return Verdict(reason, rng.choice((1, 2)), is_tie=True)
    return Verdict(reason, 1 if scores[0] > scores[1] else 2)


def _judge_captions(truth: Content, pair: tuple[str, str], rng: random.Random) -> Verdict | None:
    """Go through what both captions say place by place; where they differ, the picture gives the point."""
    real = _places(truth)
    one, other = (_places(_content_like(truth, find_content(text))) for text in pair)
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
    places = {bar.colour: str(bar.value) for bar in content.bars}
    return places if len(places) == len(content.bars) else None


def _judge_reasonings(item: Item, right: str, pair: tuple[str, str], rng: random.Random) -> Verdict | None:
    """Reason anew, then compare what was found with what each candidate found."""
    answer = _answer_in(item, right)
    found = (_answer_in(item, pair[0]), _answer_in(item, pair[1]))
    scores = (int(found[0] == answer), int(found[1] == answer))
    if not any(scores):
        return None
    told = "; ".join(
        f"response {number} finds {what}: {'correct' if score else 'wrong'}"
        for number, what, score in zip((1, 2), found, scores, strict=True)
    )
    return _decide(f"{right} {told[0].upper()}{told[1:]}; so {scores[0]}{TALLY} {scores[1]}.", scores, rng)


def _conclude(reasoning: str) -> str:
    return reasoning[reasoning.rindex("The answer is") :]


def _answer_in(item: Item, reasoning: str) -> str:
    """Return what a reasoning comes to: the letter where there are options."""
    found = re.search(r"option ([A-D])\.\Z" if item.options else r"The answer is (\w+)\.\Z", reasoning)
    return found[1] if found else NOTHING


def corrupt(item: Item, stage_name: str, rng: random.Random) -> str:
    """Write a stage of an item with a few errors in it, such as models make."""
    if stage_name == "caption":
        return rng.choice(captions(corrupt_content(item.content, rng, rng.choice((1, 2, 3)))))
    num_errors = rng.choice((1, 1, 2))
    if stage_name == "reasoning":
        return _corrupt_reasoning(item, rng, num_errors)
    rights = item.summaries() if stage_name == "summary" else item.conclusions(item.content)
    return _change_words(rng.choice(rights), rng, num_errors)


def _corrupt_reasoning(item: Item, rng: random.Random, num_errors: int) -> str:
    """Reason on a picture that is not quite this one, or spoil the end."""
    right = rng.choice(item.reasonings(item.content))
    if rng.random() < 0.7:
        for _ in range(REASONINGS_TRIED):
            reasonings = item.reasonings(corrupt_content(item.content, rng, num_errors))
            if reasonings and _conclude(reasonings[0]) != _conclude(right):
                return rng.choice(reasonings)
    end = _conclude(right)
    return right.removesuffix(end) + _change_words(end, rng, num_errors)


_WORDS = {
    word: alternatives
    for alternatives in (CELLS, SIZES, tuple(COLOURS), SHAPES, ("yes", "no"), LETTERS)
    for word in alternatives
}


def _change_words(text: str, rng: random.Random, num_errors: int) -> str:
    for _ in range(num_errors):
        matches = [
            match
            for match in re.finditer(r"\b(?:[A-D][1-4]?|\d+|[a-z]+?)(?=s?\b)", text)
            if match[0].isdigit() or match[0] in _WORDS
        ]
        if not matches:
            return text
        match = rng.choice(matches)
        text = text[: match.start()] + _other_word(match[0], rng) + text[match.end() :]
    return text


def _other_word(word: str, rng: random.Random) -> str:
    if word.isdigit():
        return str(_near(int(word), rng))
    return _other(_WORDS[word], word, rng)


def _near(number: int, rng: random.Random) -> int:
    near = [int(other) for other in NUMBERS if 0 < abs(int(other) - number) <= 2]
    return rng.choice(near or [int(other) for other in NUMBERS])


def _other(choices: Iterable[str], taken: str, rng: random.Random) -> str:
    return rng.choice([other for other in choices if other != taken])


def corrupt_content(content: Content, rng: random.Random, num_errors: int) -> Content:
    """Change a content as errors of seeing would: an attribute, a value, a place, a whole object."""
    for _ in range(num_errors):
        content = _corrupt_scene(content, rng) if isinstance(content, Scene) else _corrupt_chart(content, rng)
    return content


def _corrupt_scene(scene: Scene, rng: random.Random) -> Scene:
    things = list(scene.things)
    index = rng.randrange(len(things))
    thing = things[index]
    free = [cell for cell in CELLS if cell not in {other.cell for other in things}]
    change = rng.choices(("attribute", "drop", "add", "move"), weights=(6, 1, 1, 1))[0]
    if change == "drop" and len(things) > 1:
        del things[index]
    elif change == "add":
        things.append(replace(thing, cell=rng.choice(free)))
    elif change == "move":
        things[index] = replace(thing, cell=rng.choice(free))
    else:
        name, choices = rng.choice((("size", SIZES), ("colour", tuple(COLOURS)), ("shape", SHAPES)))
        things[index] = replace(thing, **{name: _other(choices, getattr(thing, name), rng)})
    return Scene(tuple(sorted(things, key=lambda thing: CELLS.index(thing.cell))))


def _corrupt_chart(chart: Chart, rng: random.Random) -> Chart:
    bars = list(chart.bars)
    index = rng.randrange(len(bars))
    bar = bars[index]
    unused = [colour for colour in COLOURS if colour not in {other.colour for other in bars}]
    change = rng.choices(("value", "colour", "drop"), weights=(6, 1, 1))[0]
    if change == "drop" and len(bars) > 1:
        del bars[index]
    elif change == "colour" and unused:
        bars[index] = Bar(rng.choice(unused), bar.value)
    else:
        bars[index] = Bar(bar.colour, _near(bar.value, rng))
    return Chart(tuple(bars))
