"""Verdicts on puzzles follow trails and add up bars anew."""

import random
import re
from dataclasses import replace

from langchain_llava_o1.drawn.canvas import COLOURS
from langchain_llava_o1.drawn.captions import captions
from langchain_llava_o1.drawn.charts import SumChart
from langchain_llava_o1.drawn.trail_maps import KEYS, KeyTrail, TrailMap
from recipes.tiny.corruption import corrupt
from recipes.tiny.verdicts import judge_pair
from tests.recipes.judged import puzzle


def test_the_trails_of_two_keys_are_followed_whatever_the_captions_claim() -> None:
    item = puzzle(TrailMap)
    trail_map, right = item.content, item.told
    wrong = KeyTrail.of(trail_map, next(key for key in trail_map.keys if key != right.key))
    claim = captions(replace(wrong, thing=right.thing))[0]

    verdict = judge_pair(item, "caption", ("",), claim, captions(right)[1], random.Random(0))

    assert verdict is not None
    assert verdict.reason == (
        f"Looking for the {right.thing}. "
        f"Response 1: {wrong.key} {', '.join(wrong.cells)}: {wrong.thing}: wrong; "
        f"response 2: {right.key} {', '.join(right.cells)}: {right.thing}: correct; so 0 to 1."
    )
    assert verdict.choice == 2


def test_what_is_not_on_the_map_leads_nowhere_whatever_is_claimed() -> None:
    item = puzzle(TrailMap)
    trail_map, right = item.content, item.told
    key = next(shape for shape in KEYS if shape not in trail_map.keys)
    colour = next(colour for colour in COLOURS if colour not in trail_map.colours)
    caption = captions(replace(right, key=key))[0]
    reasoning = item.reasonings(right)[0]
    taken = item.question.solve(right).answer
    before = ("", captions(right)[0])

    of_keys = judge_pair(item, "caption", ("",), caption, captions(right)[1], random.Random(0))
    of_colours = judge_pair(
        item, "reasoning", before, reasoning, reasoning.replace(taken, colour), random.Random(0)
    )

    assert of_keys is not None
    assert f"Response 1: {key} nowhere: wrong; response 2: {right.key} " in of_keys.reason
    assert of_keys.choice == 2
    assert of_colours is not None
    assert f"response 2: {colour} nowhere: wrong; so 1 to 0." in of_colours.reason
    assert of_colours.choice == 1


def test_a_colour_is_to_lead_to_the_key_of_the_accepted_caption() -> None:
    item = puzzle(TrailMap)
    trail_map = item.content
    accepted = KeyTrail.of(trail_map, next(key for key in trail_map.keys if key != item.told.key))
    follows, ignores = item.reasonings(accepted)[0], item.reasonings(item.told)[0]

    verdict = judge_pair(item, "reasoning", ("", captions(accepted)[0]), follows, ignores, random.Random(0))

    assert verdict is not None
    assert verdict.choice == 1
    assert verdict.reason.endswith(f": {item.told.key}: wrong; so 1 to 0.")


def test_bars_are_added_up_anew() -> None:
    item = puzzle(SumChart)
    right = item.reasonings(item.told)[0]
    wrong = corrupt(item, "reasoning", random.Random(0))

    verdict = judge_pair(item, "reasoning", ("", item.captions()[0]), right, wrong, random.Random(0))

    assert verdict is not None
    assert verdict.choice == 1
    values = {bar.colour: bar.value for bar in item.content.bars}
    checked = re.findall(r"(\w+) (\d+), (\w+) (\d+), (\w+) (\d+): .*? make (\d+): ", verdict.reason)
    assert len(checked) == 2
    for one, first, two, second, three, third, _ in checked:
        assert [values[one], values[two], values[three]] == [int(first), int(second), int(third)]


def test_two_wrong_choices_are_a_tie() -> None:
    item = puzzle(TrailMap)
    keys = [key for key in item.content.keys if key != item.told.key]
    wrong = [captions(KeyTrail.of(item.content, key))[0] for key in keys]

    verdict = judge_pair(item, "caption", ("",), wrong[0], wrong[1], random.Random(0))

    assert verdict is not None
    assert verdict.is_tie
    assert verdict.reason.endswith("so 0 to 0.")
