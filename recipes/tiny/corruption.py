"""Stages with errors such as models make, to learn judging from."""

import random
import re
from collections.abc import Iterable
from dataclasses import replace

from langchain_llava_o1.drawn.canvas import COLOURS
from langchain_llava_o1.drawn.captions import answer_in, captions
from langchain_llava_o1.drawn.charts import Bar, Chart, SumChart
from langchain_llava_o1.drawn.items import LETTERS, Item
from langchain_llava_o1.drawn.questions import NUMBERS, Content
from langchain_llava_o1.drawn.scenes import CELLS, SHAPES, SIZES, Scene
from langchain_llava_o1.drawn.sum_questions import add_up, choices, name_bars
from langchain_llava_o1.drawn.trail_maps import KEYS, THINGS, KeyTrail, TrailMap
from langchain_llava_o1.drawn.trail_questions import colour_trail

REASONINGS_TRIED = 8
CLAIM_SHARE = 0.3
"""Of wrong choices, those that claim to come out right."""

ASTRAY_SHARE = 0.3
"""Of wrong choices, those that follow another trail than the one they took."""

ABSENT_SHARE = 0.2
"""Of wrong choices, those of a key or a colour that is not on the map."""


def corrupt(item: Item, stage_name: str, rng: random.Random) -> str:
    """Write a stage of an item with a few errors in it."""
    if stage_name == "caption":
        return rng.choice(captions(corrupt_told(item, rng, rng.choice((1, 2, 3)))))
    num_errors = rng.choice((1, 1, 2))
    if stage_name == "reasoning":
        return _corrupt_reasoning(item, rng, num_errors)
    rights = item.summaries() if stage_name == "summary" else item.conclusions(item.told)
    return _change_words(rng.choice(rights), rng, num_errors)


def corrupt_answer(item: Item, rng: random.Random) -> tuple[str, str, str, str]:
    """Write all stages with an error in the caption, in the reasoning, or in both."""
    is_seen, is_solved = rng.choice(((False, True), (True, False), (False, False)))
    told = item.told if is_seen else corrupt_told(item, rng, rng.choice((1, 1, 2)))
    if not item.reasonings(told):
        told, is_solved = item.told, False
    solved = rng.choice(item.reasonings(told))
    reasoning = solved if is_solved else _corrupt_reasoning(item, rng, 1, told)
    # The conclusion agrees with the reasoning, whatever that is.
    conclusion = rng.choice(item.conclusions(told)).replace(answer_in(solved), answer_in(reasoning))
    return rng.choice(item.summaries()), rng.choice(captions(told)), reasoning, conclusion


def corrupt_told(item: Item, rng: random.Random, num_errors: int) -> Content:
    """Change what a right caption tells as errors of a model would; of a map it takes another key."""
    if not isinstance(item.content, TrailMap):
        return corrupt_content(item.told, rng, num_errors)
    assert isinstance(item.told, KeyTrail)
    taken = KeyTrail.of(item.content, _other(item.content.keys, item.told.key, rng))
    if rng.random() < ASTRAY_SHARE:
        followed = KeyTrail.of(item.content, rng.choice(item.content.keys))
        taken = replace(followed, key=taken.key)
    elif rng.random() < ABSENT_SHARE:
        taken = replace(taken, key=rng.choice([key for key in KEYS if key not in item.content.keys]))
    return replace(taken, thing=item.told.thing) if rng.random() < CLAIM_SHARE else taken


def end_of(reasoning: str) -> str:
    """Return the end of a reasoning, in which it says its answer."""
    return reasoning[reasoning.rindex("The answer is") :]


def _corrupt_reasoning(item: Item, rng: random.Random, num_errors: int, told: Content | None = None) -> str:
    """Reason on a picture that is not quite this one, choose wrongly, or spoil the end."""
    told = told or item.told
    right = rng.choice(item.reasonings(told))
    if isinstance(told, KeyTrail):
        return _take_another_colour(item, told, rng)
    if isinstance(item.content, SumChart):
        assert isinstance(told, Chart)
        return _take_other_bars(item, told, rng)
    if rng.random() < 0.7:
        for _ in range(REASONINGS_TRIED):
            reasonings = item.reasonings(corrupt_content(told, rng, num_errors))
            if reasonings and end_of(reasonings[0]) != end_of(right):
                return rng.choice(reasonings)
    end = end_of(right)
    return right.removesuffix(end) + _change_words(end, rng, num_errors)


def _take_another_colour(item: Item, told: KeyTrail, rng: random.Random) -> str:
    trail_map = item.content
    assert isinstance(trail_map, TrailMap)
    solution = item.question.solve(told)
    assert solution is not None
    colour = _other(trail_map.colours, solution.answer, rng)
    walk = colour_trail(trail_map, colour)
    if rng.random() < ASTRAY_SHARE:
        walk = colour_trail(trail_map, rng.choice(trail_map.colours))
    elif rng.random() < ABSENT_SHARE:
        colour = rng.choice([other for other in COLOURS if other not in trail_map.colours])
    if rng.random() < CLAIM_SHARE:
        walk = f"{walk[: walk.index(':')]}: {told.key} key"
    return f"{rng.choice(('I take', 'Taking'))} {colour}. {walk}. {_end_with(item, colour, rng)}"


def _take_other_bars(item: Item, told: Chart, rng: random.Random) -> str:
    solution = item.question.solve(told)
    assert solution is not None
    # A caption that leaves bars out may leave nothing else to take.
    wrong = [bars for bars in choices(told) if name_bars(bars) != solution.answer] or choices(told)
    bars = rng.choice([bars for bars in wrong if name_bars(bars) in item.options] or wrong)
    sums = add_up(bars)
    if rng.random() < CLAIM_SHARE:
        total = add_up(next(bars for bars in choices(told) if name_bars(bars) == solution.answer)).split()[-1]
        sums = " ".join([*sums.split()[:-1], total])
    names = name_bars(bars)
    return f"{rng.choice(('I take', 'Taking'))} {names}. {sums}. {_end_with(item, names, rng)}"


def _end_with(item: Item, answer: str, rng: random.Random) -> str:
    """Say an answer; one that is not among the options is given the letter of one of them."""
    letter = None
    if item.options:
        letter = item.option_of(answer) or rng.choice(LETTERS[: len(item.options)])
    return item.say_answer(answer, letter)


_WORDS = {
    word: alternatives
    for alternatives in (CELLS, SIZES, tuple(COLOURS), SHAPES, THINGS, ("yes", "no"), LETTERS)
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
        if isinstance(content, Scene):
            content = _corrupt_scene(content, rng)
        else:
            assert isinstance(content, Chart)
            content = _corrupt_chart(content, rng)
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
