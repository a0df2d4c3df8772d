"""Items: the same for the same seed, and every text that counts as right is right."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_llava_o1.tiny import Difficulty
from langchain_llava_o1.tiny.items import (
    EVALUATION_SEED,
    Form,
    Item,
    find_content,
    make_item,
    read_caption,
)
from langchain_llava_o1.tiny.scenes import Scene

seeds = st.integers(min_value=0, max_value=2 * EVALUATION_SEED)
difficulties = st.sampled_from(list(Difficulty))


def items_where(kind: str | None = None, form: Form | None = None, count: int = 5) -> list[Item]:
    """Find the first items of a kind or form."""
    found = []
    for seed in range(3000):
        item = make_item(seed, Difficulty.HARD)
        if kind in (None, item.kind) and form in (None, item.form):
            found.append(item)
        if len(found) == count:
            return found
    raise AssertionError(f"only {len(found)} items of kind {kind} and form {form}")


@given(seeds, difficulties)
def test_a_seed_gives_the_same_item_again(seed: int, difficulty: Difficulty) -> None:
    first, second = make_item(seed, difficulty), make_item(seed, difficulty)

    assert first.prompt == second.prompt
    assert first.content == second.content
    assert first.picture.tobytes() == second.picture.tobytes()


def test_difficulties_and_seeds_give_different_items() -> None:
    prompts = {make_item(seed, difficulty).prompt for seed in range(20) for difficulty in Difficulty}

    assert len(prompts) > 30


@given(seeds, difficulties)
def test_every_right_text_is_taken_for_right(seed: int, difficulty: Difficulty) -> None:
    item = make_item(seed, difficulty)

    for caption in item.captions():
        assert read_caption(caption) == item.content
    for reasoning in item.reasonings(item.content):
        assert f"The answer is {item.question.solve(item.content).answer}" in reasoning
    assert item.conclusions(item.content)
    for conclusion in item.conclusions(item.content):
        assert item.is_correct(conclusion)


@given(seeds, difficulties)
def test_options_hold_the_answer_once(seed: int, difficulty: Difficulty) -> None:
    item = make_item(seed, difficulty)

    solution = item.question.solve(item.content)
    assert bool(item.options) == (item.form is Form.OPTIONS)
    if item.options:
        assert item.options.count(solution.answer) == 1
        assert len(set(item.options)) == len(item.options)
        assert item.answer == "ABCD"[item.options.index(solution.answer)]
        assert f"{item.answer}) {solution.answer}" in item.prompt


@pytest.mark.parametrize("kind", ["count", "subtract"])
def test_counts_agree_with_a_count_of_the_caption(kind: str) -> None:
    for item in items_where(kind=kind):
        assert isinstance(item.content, Scene)
        described = re.search(
            r"((?:small |large |red |blue |green |yellow |purple |orange )*)"
            r"(object|circle|square|triangle|star|diamond)s",
            item.prompt,
        )
        assert described is not None
        words = described[1].split() + ([] if described[2] == "object" else [described[2]])
        num_fitting = sum(all(word in str(thing).split() for word in words) for thing in item.content.things)
        expected = num_fitting if kind == "count" else len(item.content.things) - num_fitting
        assert item.question.solve(item.content).answer == str(expected)


@pytest.mark.parametrize("kind", ["existence", "comparison", "attribute", "relation"])
def test_every_kind_of_scene_question_is_asked(kind: str) -> None:
    assert items_where(kind=kind)


@pytest.mark.parametrize(
    ("kind", "solve"),
    [
        ("highest", lambda bars: max(bars, key=bars.get)),
        ("lowest", lambda bars: min(bars, key=bars.get)),
    ],
)
def test_extremes_of_a_chart(kind: str, solve) -> None:  # noqa: ANN001
    for item in items_where(kind=kind):
        bars = {bar.colour: bar.value for bar in item.content.bars}
        assert item.question.solve(item.content).answer == solve(bars)


@pytest.mark.parametrize("kind", ["value", "difference", "above"])
def test_every_kind_of_chart_question_is_asked(kind: str) -> None:
    assert items_where(kind=kind)


def test_a_short_answer_must_be_the_answer_alone() -> None:
    for item in items_where(form=Form.SHORT):
        assert item.is_correct(item.answer.upper() + ".")
        assert not item.is_correct(f"I think it is {item.answer}")
        assert not item.is_correct("")


def test_an_option_is_answered_with_its_letter() -> None:
    for item in items_where(form=Form.OPTIONS):
        wrong = next(letter for letter in "ABCD" if letter != item.answer)
        assert item.is_correct(item.answer)
        assert not item.is_correct(wrong)
        assert not item.is_correct(item.question.solve(item.content).answer)


@pytest.mark.parametrize("form", [Form.SENTENCE, Form.EXPLANATION])
def test_a_word_is_no_sentence_and_no_explanation(form: Form) -> None:
    for item in items_where(form=form):
        assert not item.is_correct(item.answer)


def test_a_caption_with_a_fault_is_not_well_formed_but_still_found() -> None:
    caption = "The picture shows A1 small red circle, A1 small red circle, and more."

    assert read_caption(caption) is None
    assert find_content(caption) is not None
    assert find_content("nothing of this domain") is None
