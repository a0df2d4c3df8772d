"""Items: the same for the same seed, and every text that counts as right is right."""

import functools
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.captions import find_content, read_caption
from langchain_llava_o1.drawn.items import EVALUATION_SEED, Form, Item, make_item, make_puzzle
from langchain_llava_o1.drawn.scenes import Thing

seeds = st.integers(min_value=0, max_value=2 * EVALUATION_SEED)
difficulties = st.sampled_from(list(Difficulty))


@functools.cache
def hard_item(seed: int) -> Item:
    return make_item(seed, Difficulty.HARD)


def items_where(kind: str | None = None, form: Form | None = None, count: int = 5) -> list[Item]:
    """Find the first items of a kind or form."""
    found = []
    for seed in range(3000):
        item = hard_item(seed)
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


DESCRIPTION = re.compile(
    r"\b((?:small |large |red |blue |green |yellow |purple |orange )*)"
    r"(object|circle|square|triangle|star|diamond)s?\b"
)


def described(item: Item) -> list[list[Thing]]:
    """For each description in the question, the objects that fit it."""
    fitting = []
    for attributes, shape in DESCRIPTION.findall(item.question.text):
        words = attributes.split() + ([] if shape == "object" else [shape])
        fitting.append([thing for thing in item.content.things if set(words) <= set(str(thing).split())])
    return fitting


@pytest.mark.parametrize("kind", ["count", "subtract"])
def test_counts_agree_with_a_count_of_the_caption(kind: str) -> None:
    for item in items_where(kind=kind):
        num_fitting = len(described(item)[0])
        expected = num_fitting if kind == "count" else len(item.content.things) - num_fitting
        assert item.question.solve(item.content).answer == str(expected)


def test_what_exists_fits_the_description() -> None:
    for item in items_where(kind="existence"):
        [fitting] = described(item)
        assert item.question.solve(item.content).answer == ("yes" if fitting else "no")


def test_comparisons_agree_with_both_counts() -> None:
    for item in items_where(kind="comparison"):
        first, second = described(item)
        assert item.question.solve(item.content).answer == ("yes" if len(first) > len(second) else "no")


def test_an_attribute_is_that_of_the_one_object_described() -> None:
    for item in items_where(kind="attribute"):
        [[thing]] = described(item)
        solution = item.question.solve(item.content)
        assert solution.answer in str(thing).split()
        assert all(steps.endswith(f"{thing} yes.") for steps in solution.steps)


def test_a_relation_is_that_of_the_places() -> None:
    for item in items_where(kind="relation", count=10):
        [first], [second] = described(item)
        row_or_column = 0 if re.search("above|below", item.question.text) else 1
        is_before = first.cell[row_or_column] < second.cell[row_or_column]
        wants_before = bool(re.search("left of|above", item.question.text))
        expected = "yes" if is_before == wants_before else "no"
        assert item.question.solve(item.content).answer == expected


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


def values_asked_for(item: Item) -> list[int]:
    """The values of the bars that the question names, in its order."""
    values = {bar.colour: bar.value for bar in item.content.bars}
    return [values[word] for word in re.findall(r"[a-z]+", item.question.text) if word in values]


def test_a_value_is_that_of_the_bar() -> None:
    for item in items_where(kind="value"):
        [value] = values_asked_for(item)
        assert item.question.solve(item.content).answer == str(value)


def test_a_difference_is_counted_up_from_the_lower_bar() -> None:
    for item in items_where(kind="difference"):
        first, second = values_asked_for(item)
        difference = abs(first - second)
        solution = item.question.solve(item.content)
        assert solution.answer == str(difference)
        assert all(steps.endswith(f"{max(first, second)} {difference}.") for steps in solution.steps)


def test_bars_above_a_value_are_counted() -> None:
    for item in items_where(kind="above"):
        limit = int(re.search(r"\d+", item.question.text)[0])
        expected = sum(bar.value > limit for bar in item.content.bars)
        assert item.question.solve(item.content).answer == str(expected)


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


def test_a_sentence_names_the_right_answer_in_any_words() -> None:
    for item in items_where(form=Form.SENTENCE, kind="attribute"):
        wrong = next(answer for answer in item.question.answers if answer != item.answer)
        assert item.is_correct(f"I would say it is {item.answer}.")
        assert not item.is_correct(f"I would say it is {wrong}.")
        assert not item.is_correct(f"It is {item.answer} or {wrong}.")


def test_a_sentence_may_begin_with_yes_or_no() -> None:
    for item in items_where(form=Form.SENTENCE, kind="existence"):
        wrong = {"yes": "no", "no": "yes"}[item.answer]
        assert item.is_correct(f"{item.answer.capitalize()}, that is so.")
        assert not item.is_correct(f"{wrong.capitalize()}, that is {item.answer}.")
        assert not item.is_correct(f"The object is {item.answer}.")


def test_a_sentence_with_a_number_is_one_of_the_right_ones() -> None:
    for item in items_where(form=Form.SENTENCE, kind="difference"):
        assert all(item.is_correct(right) for right in item.conclusions(item.told))
        assert not item.is_correct(f"They are 19 and 20, so that it is {item.answer}.")
        assert not item.is_correct(f"There are {item.answer} of them.")


@pytest.mark.parametrize("form", [Form.SENTENCE, Form.EXPLANATION])
def test_a_word_is_no_sentence_and_no_explanation(form: Form) -> None:
    for item in items_where(form=form):
        assert not item.is_correct(item.answer)


def test_a_caption_with_a_fault_is_not_well_formed_but_still_found() -> None:
    caption = "The picture shows A1 small red circle, A1 small red circle, and more."

    assert read_caption(caption) is None
    assert find_content(caption) is not None
    assert find_content("nothing of this domain") is None


@pytest.mark.parametrize("make", [make_item, make_puzzle])
def test_one_guess_is_right(make: Callable[[int, Difficulty], Item]) -> None:
    for seed in range(EVALUATION_SEED, EVALUATION_SEED + 100):
        item = make(seed, Difficulty.HARD)
        guesses = item.guesses()
        assert len(set(guesses)) == len(guesses) > 1
        assert sum(map(item.is_correct, guesses)) == 1
