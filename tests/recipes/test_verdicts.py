"""Verdicts on pairs follow from what the picture holds."""

import random
import re
from collections.abc import Callable

import pytest

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.captions import captions, read_caption
from langchain_llava_o1.drawn.items import Item, make_item, make_puzzle
from langchain_llava_o1.drawn.scenes import Scene
from recipes.tiny.corruption import corrupt, corrupt_answer, corrupt_content
from recipes.tiny.sequences import join_stages, reference_stages
from recipes.tiny.verdicts import judge_pair
from tests.recipes.judged import (
    STAGE_NAMES,
    recoloured,
    right_text,
    right_texts_before,
    scene_item,
    without_cell,
)


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
