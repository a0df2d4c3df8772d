"""Puzzles answered from any choice, followed truthfully to where it leads.

A right choice is a guess, and right texts alone teach to write what the question wants at its end, whatever
was chosen. From a wrong choice a model learns to show where its own leads. On a map the choice itself is
learned, too, each of what is there to be as likely: which keys and colours there are is seen, and candidates
that differ are what a search chooses from. Of bars it is not: there the picture tells a little of which add
up.
"""

import random
from collections.abc import Sequence

from langchain_llava_o1.drawn.charts import SumChart
from langchain_llava_o1.drawn.items import Item
from langchain_llava_o1.drawn.sum_questions import add_up, choices, name_bars
from langchain_llava_o1.drawn.trail_maps import KeyTrail, TrailMap
from langchain_llava_o1.drawn.trail_questions import colour_trail
from recipes.tiny.sequences import Encoder
from recipes.tiny.token_sequence import Span, TokenSequence

_TAKES = ("I take", "Taking")


def answer_from_any_choice(encoder: Encoder, item: Item, rng: random.Random) -> TokenSequence | None:
    """Write an answer to a puzzle that chooses at random; None for other items."""
    if isinstance(item.content, TrailMap):
        caption, reasoning, answer = _follow_trails(item, item.content, rng)
    elif isinstance(item.content, SumChart):
        caption = [Span(rng.choice(item.captions()))]
        reasoning, answer = _add_up(item, item.content, rng)
    else:
        return None
    solution = item.question.solve(item.told)
    assert solution is not None, "a question is only chosen where its picture answers it"
    right, found = (item.option_of(each) or each for each in (solution.answer, answer))
    conclusion = rng.choice(item.conclusions(item.told)).replace(right, found)
    # An explanation gives the reason of the right answer, which a wrong one does not have.
    is_learned = " because " not in conclusion and " since " not in conclusion
    spans = ([Span(rng.choice(item.summaries()))], caption, reasoning, [Span(conclusion, is_learned)])
    return encoder.chosen(item, spans)


def _follow_trails(
    item: Item, trail_map: TrailMap, rng: random.Random
) -> tuple[Sequence[Span], Sequence[Span], str]:
    taken = KeyTrail.of(trail_map, rng.choice(trail_map.keys))
    caption = [
        Span(f"{rng.choice((*_TAKES, 'Choosing'))} the"),
        Span(f" {taken.key}", choices=tuple(f" {key}" for key in trail_map.keys)),
        Span(f" key. {taken}."),
    ]
    colour = rng.choice(trail_map.colours)
    walk = colour_trail(trail_map, colour)
    reasoning = [
        Span(rng.choice(_TAKES)),
        Span(f" {colour}", choices=tuple(f" {other}" for other in trail_map.colours)),
        Span(f". {walk}. {item.say_answer(colour, item.option_of(colour))}"),
    ]
    return caption, reasoning, colour


def _add_up(item: Item, chart: SumChart, rng: random.Random) -> tuple[Sequence[Span], str]:
    every = choices(chart)
    bars = rng.choice([bars for bars in every if name_bars(bars) in item.options] or every)
    answer = name_bars(bars)
    solution = item.question.solve(chart)
    assert solution is not None, "a question is only chosen where its picture answers it"
    return [
        Span(f"{rng.choice(_TAKES)} {answer}.", answer == solution.answer),
        Span(f" {add_up(bars)}. {item.say_answer(answer, item.option_of(answer))}"),
    ], answer
