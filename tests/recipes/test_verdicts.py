"""Verdicts on pairs follow from what the picture holds."""

import random
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.canvas import COLOURS
from langchain_llava_o1.drawn.captions import captions, read_caption
from langchain_llava_o1.drawn.charts import SumChart
from langchain_llava_o1.drawn.items import Item, make_item, make_puzzle
from langchain_llava_o1.drawn.scenes import Scene, Thing
from langchain_llava_o1.drawn.trail_maps import KEYS, KeyTrail, TrailMap
from recipes.tiny.corruption import corrupt, corrupt_answer, corrupt_content
from recipes.tiny.sequences import join_stages, reference_stages
from recipes.tiny.verdicts import judge_pair

STAGE_NAMES = ("summary", "caption", "reasoning", "conclusion")


def right_text(item: Item, stage_name: str) -> str:
    return {
        "summary": item.summaries()[0],
        "caption": item.captions()[0],
        "reasoning": item.reasonings(item.told)[0],
        "conclusion": item.conclusions(item.told)[0],
    }[stage_name]


def right_texts_before(item: Item, stage_name: str) -> list[str]:
    return [right_text(item, name) for name in STAGE_NAMES[: STAGE_NAMES.index(stage_name)]]


def puzzle(kind: type) -> Item:
    """Return a hard puzzle without options about a map or a chart."""
    items = (make_puzzle(seed, Difficulty.HARD) for seed in range(100))
    return next(item for item in items if isinstance(item.content, kind) and not item.options)


def scene_item(difficulty: Difficulty = Difficulty.HARD) -> Item:
    items = (make_item(seed, difficulty) for seed in range(100))
    return next(item for item in items if isinstance(item.content, Scene) and len(item.content.things) > 3)


def without_cell(thing: Thing) -> str:
    return f"{thing.size} {thing.colour} {thing.shape}"


def recoloured(scene: Scene, index: int) -> Scene:
    """Give one object of a scene another colour."""
    things = list(scene.things)
    things[index] = replace(things[index], colour="red" if things[index].colour != "red" else "blue")
    return Scene(tuple(things))


@pytest.mark.parametrize("make", [make_item, make_puzzle])
@pytest.mark.parametrize("stage_name", STAGE_NAMES)
def test_the_right_candidate_wins_in_either_position(
    stage_name: str, make: Callable[[int, Difficulty], Item]
) -> None:
    num_judged = 0
    for seed in range(60):
        rng = random.Random(seed)
        item = make(seed, Difficulty.HARD)
        right = right_text(item, stage_name)
        wrong = corrupt(item, stage_name, rng)
        accepted = right_texts_before(item, stage_name)
        verdict = judge_pair(item, stage_name, accepted, right, wrong, rng)
        swapped = judge_pair(item, stage_name, accepted, wrong, right, rng)
        if verdict is None or verdict.is_tie:
            continue
        num_judged += 1
        assert verdict.choice == 1
        assert swapped is not None
        assert swapped.choice == 2
    assert num_judged > 25


def test_captions_are_compared_place_by_place() -> None:
    item = scene_item()
    first, *middle, last = item.content.things
    wrong = recoloured(item.content, -1)

    verdict = judge_pair(item, "caption", (), captions(wrong)[0], item.captions()[1], random.Random(0))

    assert verdict is not None
    assert verdict.choice == 2
    said, seen = without_cell(wrong.things[-1]), without_cell(last)
    same = "; ".join(f"{thing}, {without_cell(thing)}" for thing in (first, *middle))
    assert verdict.reason == f"{same}; {last.cell} {said}, {seen}: I see {last.cell} {seen}, so 0 to 1."
    assert verdict.text(with_reason=False) == "Better: 2"
    assert verdict.text(with_reason=True).endswith("\nBetter: 2")


def test_nothing_is_said_about_a_caption_of_another_kind_of_picture() -> None:
    item = scene_item()
    chart = next(
        other
        for other in (make_item(seed, Difficulty.HARD) for seed in range(100))
        if not isinstance(other.content, Scene)
    )

    verdict = judge_pair(item, "caption", (), item.captions()[0], chart.captions()[0], random.Random(0))

    assert verdict is None


def test_an_object_that_is_missing_counts_as_nothing() -> None:
    item = scene_item()
    first = item.content.things[0]
    fewer = Scene(item.content.things[1:])

    verdict = judge_pair(item, "caption", (), captions(fewer)[0], item.captions()[0], random.Random(0))

    assert verdict is not None
    seen = without_cell(first)
    assert verdict.reason.startswith(f"{first.cell} nothing, {seen}: I see {first.cell} {seen}, so 0 to 1; ")
    assert verdict.choice == 2


def test_the_caption_with_more_places_right_wins() -> None:
    item = scene_item()
    one_error = recoloured(item.content, 0)
    two_errors = recoloured(recoloured(item.content, 1), 2)

    verdict = judge_pair(
        item, "caption", (), captions(one_error)[0], captions(two_errors)[0], random.Random(0)
    )

    assert verdict is not None
    assert re.search(r"so 0 to 1\b.*so 1 to 1\b.*so 2 to 1\b", verdict.reason)
    assert verdict.choice == 1
    assert not verdict.is_tie


def test_two_right_candidates_are_a_tie() -> None:
    item = make_item(5, Difficulty.HARD)

    for stage_name, pair in (("summary", item.summaries()[:2]), ("caption", item.captions()[:2])):
        verdict = judge_pair(item, stage_name, (), *pair, random.Random(0))
        assert verdict is not None
        assert verdict.is_tie


def test_a_caption_that_names_a_place_twice_cannot_be_judged() -> None:
    item = scene_item()
    right = item.captions()[0]
    first = item.content.things[0]
    twice = right.replace(str(first), f"{first}, {first}")

    assert judge_pair(item, "caption", (), right, twice, random.Random(0)) is None


def test_nothing_is_said_where_the_accepted_caption_cannot_be_read() -> None:
    item = make_item(5, Difficulty.HARD)
    reasonings = item.reasonings(item.content)

    assert judge_pair(item, "reasoning", ("", "gibberish"), reasonings[0], "wrong", random.Random(0)) is None


def test_a_reasoning_is_judged_by_the_caption_it_was_given() -> None:
    """A caption may be wrong about the picture; what follows from it is still right reasoning."""
    for seed in range(200):
        item = make_item(seed, Difficulty.HARD)
        content = corrupt_content(item.content, random.Random(seed), 1)
        follows, ignores = item.reasonings(content), item.reasonings(item.content)[0]
        if item.kind != "count" or not follows or item.conclusions(content) == item.conclusions(item.content):
            continue
        caption = captions(content)[0]
        assert read_caption(caption) == content
        verdict = judge_pair(item, "reasoning", ("", caption), ignores, follows[0], random.Random(0))
        assert verdict is not None
        assert verdict.choice == 2
        assert verdict.reason.startswith(follows[0])
        assert re.search(
            r"Response 1 finds (\w+): wrong; response 2 finds (?!\1\b)\w+: correct; so 0 to 1\.\Z",
            verdict.reason,
        )
        return
    raise AssertionError("no item whose corrupted caption changes the reasoning")


@pytest.mark.parametrize("stage_name", STAGE_NAMES)
def test_corrupted_stages_are_mostly_wrong(stage_name: str) -> None:
    items = [make_item(seed, Difficulty.HARD) for seed in range(60)]
    wrong = [
        corrupt(item, stage_name, random.Random(item.seed)) != right_text(item, stage_name) for item in items
    ]

    assert sum(wrong) > 40


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


@pytest.mark.parametrize("make", [make_item, make_puzzle])
def test_of_two_whole_answers_the_right_one_wins(make: Callable[[int, Difficulty], Item]) -> None:
    num_judged = 0
    for seed in range(60):
        rng = random.Random(seed)
        item = make(seed, Difficulty.HARD)
        right, wrong = join_stages(reference_stages(item, rng)), join_stages(corrupt_answer(item, rng))
        verdict = judge_pair(item, "answer", (), right, wrong, rng)
        swapped = judge_pair(item, "answer", (), wrong, right, rng)
        if verdict is None or verdict.is_tie:
            continue
        num_judged += 1
        assert verdict.choice == 1
        assert swapped is not None
        assert swapped.choice == 2
    assert num_judged > 25


@pytest.mark.parametrize("make", [make_item, make_puzzle])
def test_the_stages_of_a_wrong_answer_agree(make: Callable[[int, Difficulty], Item]) -> None:
    for seed in range(40):
        item = make(seed, Difficulty.HARD)
        _, caption, reasoning, conclusion = corrupt_answer(item, random.Random(seed))
        told = read_caption(caption)
        assert told is not None
        if reasoning in item.reasonings(told):
            assert conclusion in item.conclusions(told)
