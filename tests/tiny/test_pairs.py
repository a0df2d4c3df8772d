"""Verdicts on pairs follow from what the picture holds."""

import random

import pytest

from langchain_llava_o1.tiny import Difficulty
from langchain_llava_o1.tiny.items import make_item, read_caption
from langchain_llava_o1.tiny.recipe.pairs import TIE_REASON, corrupt, judge_pair

STAGE_NAMES = ("summary", "caption", "reasoning", "conclusion")


def right_text(item, stage_name: str) -> str:  # noqa: ANN001
    return {
        "summary": item.summaries()[0],
        "caption": item.captions()[0],
        "reasoning": item.reasonings(item.content)[0],
        "conclusion": item.conclusions(item.content)[0],
    }[stage_name]


@pytest.mark.parametrize("stage_name", STAGE_NAMES)
def test_the_right_candidate_wins_in_either_position(stage_name: str) -> None:
    num_judged = 0
    for seed in range(60):
        rng = random.Random(seed)
        item = make_item(seed, Difficulty.HARD)
        right = right_text(item, stage_name)
        wrong = corrupt(right, rng)
        caption = item.captions()[1]
        verdict = judge_pair(item, stage_name, caption, right, wrong, rng)
        swapped = judge_pair(item, stage_name, caption, wrong, right, rng)
        if verdict is None or verdict.reason == TIE_REASON:
            continue
        num_judged += 1
        assert verdict.choice == 1
        assert swapped is not None
        assert swapped.choice == 2
        assert swapped.reason == verdict.reason
    assert num_judged > 25


def test_a_caption_is_judged_at_the_first_place_that_differs() -> None:
    item = next(
        item
        for item in (make_item(seed, Difficulty.EASY) for seed in range(100))
        if item.captions()[0].startswith("The picture shows")
    )
    first, last = item.content.things[0], item.content.things[-1]
    right = item.captions()[0]
    other = "red" if last.colour != "red" else "blue"
    wrong = right.replace(f"{last.cell} {last.size} {last.colour}", f"{last.cell} {last.size} {other}")

    verdict = judge_pair(item, "caption", "", wrong, right, random.Random(0))

    assert verdict is not None
    assert verdict.choice == 2
    assert verdict.reason == f"At {last.cell} the picture shows a {last.size} {last.colour} {last.shape}."
    assert verdict.text(with_reason=False) == "Better: 2"
    assert verdict.text(with_reason=True).endswith("\nBetter: 2")
    missing = right.replace(f"{first}, ", "", 1)
    if missing != right:
        missed = judge_pair(item, "caption", "", missing, right, random.Random(0))
        assert missed is not None
        assert missed.reason.startswith(f"At {first.cell}")


def test_two_right_candidates_are_a_tie() -> None:
    item = make_item(5, Difficulty.HARD)

    verdict = judge_pair(item, "summary", "", *item.summaries()[:2], random.Random(0))

    assert verdict is not None
    assert verdict.reason == TIE_REASON


def test_nothing_is_said_where_the_accepted_caption_cannot_be_read() -> None:
    item = make_item(5, Difficulty.HARD)
    reasonings = item.reasonings(item.content)

    assert judge_pair(item, "reasoning", "gibberish", reasonings[0], "wrong", random.Random(0)) is None


def test_a_reasoning_is_judged_by_the_caption_it_was_given() -> None:
    """A caption may be wrong about the picture; what follows from it is still right reasoning."""
    for seed in range(200):
        item = make_item(seed, Difficulty.HARD)
        if item.kind != "count":
            continue
        caption = corrupt(item.captions()[0], random.Random(seed))
        content = read_caption(caption)
        if content is None or item.reasonings(content) == item.reasonings(item.content):
            continue
        follows = item.reasonings(content)
        if not follows:
            continue
        ignores = item.reasonings(item.content)[0]
        verdict = judge_pair(item, "reasoning", caption, ignores, follows[0], random.Random(0))
        assert verdict is not None
        assert verdict.choice == 2
        return
    raise AssertionError("no item whose corrupted caption changes the reasoning")
