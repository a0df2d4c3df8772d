"""Puzzles: one answer each, told by nothing but the whole picture."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.canvas import COLOURS
from langchain_llava_o1.drawn.captions import read_caption
from langchain_llava_o1.drawn.charts import SumChart
from langchain_llava_o1.drawn.items import EVALUATION_SEED, Form, Item, make_puzzle
from langchain_llava_o1.drawn.trail_maps import KeyTrail, TrailMap

seeds = st.integers(min_value=0, max_value=2 * EVALUATION_SEED)
difficulties = st.sampled_from(list(Difficulty))


def puzzles(kind: type, count: int = 12) -> list[Item]:
    items = (make_puzzle(seed, Difficulty.HARD) for seed in itertools.count())
    return list(itertools.islice((item for item in items if isinstance(item.content, kind)), count))


@given(seeds, difficulties)
def test_a_seed_gives_the_same_puzzle_again(seed: int, difficulty: Difficulty) -> None:
    first, second = make_puzzle(seed, difficulty), make_puzzle(seed, difficulty)

    assert first.prompt == second.prompt
    assert first.content == second.content
    assert first.picture.tobytes() == second.picture.tobytes()


@given(seeds, difficulties)
def test_every_right_text_is_taken_for_right(seed: int, difficulty: Difficulty) -> None:
    item = make_puzzle(seed, difficulty)

    for caption in item.captions():
        read = read_caption(caption)
        assert read is not None
        assert item.reasonings(read) == item.reasonings(item.told)
    for conclusion in item.conclusions(item.told):
        assert item.is_correct(conclusion)
    assert not item.is_correct("I do not know")


@given(seeds, difficulties)
def test_each_colour_leads_over_a_key_to_a_thing_of_its_own(seed: int, difficulty: Difficulty) -> None:
    item = make_puzzle(seed, difficulty)
    if not isinstance(item.content, TrailMap):
        return
    trail_map = item.content
    ways = {}
    for colour in trail_map.colours:
        to_key = trail_map.follow(trail_map.with_colour(colour))
        to_thing = trail_map.follow(to_key[-1])
        assert [len(to_key), len(to_thing)] == [3, 3]
        ways[to_thing[-1].thing] = (colour, to_key[-1].key)

    assert len(ways) == len(trail_map.colours) == len(trail_map.keys) == len(trail_map.things)
    colour, key = ways[item.told.thing]
    assert item.told == KeyTrail.of(trail_map, key)
    assert item.answer == (item.option_of(colour) or colour)


def test_three_bars_may_be_named_in_any_order() -> None:
    for item in puzzles(SumChart, count=30):
        names = item.question.solve(item.told).answer.replace(" and ", ", ").split(", ")
        other = next(bar.colour for bar in item.content.bars if bar.colour not in names)
        reverse = ", ".join(reversed(names))
        if item.form is Form.SHORT:
            assert item.is_correct(reverse)
            assert item.is_correct(f"{names[2]}, {names[0]} and {names[1]}")
            assert not item.is_correct(f"{reverse}, {other}")
            assert not item.is_correct(f"{names[0]}, {names[1]} and {other}")
        if item.form is Form.SENTENCE:
            assert item.is_correct(f"These are {reverse}.")
            assert not item.is_correct(f"These are {reverse} and {other}.")


def test_a_sentence_may_say_in_its_own_words_which_trail_it_is() -> None:
    for item in puzzles(TrailMap, count=20):
        if item.form is Form.SENTENCE:
            assert item.is_correct(f"It is the {item.answer} one.")
            assert not item.is_correct(
                f"It is the {item.answer} one, not the {item.question.answers[-1]} one."
            )


def test_the_options_give_no_colour_of_the_map_away() -> None:
    items = [item for item in puzzles(TrailMap, 40) if item.form is Form.OPTIONS]

    assert items
    for item in items:
        assert set(item.content.colours) < set(item.options)


def test_just_one_choice_of_bars_has_the_sum() -> None:
    for item in puzzles(SumChart):
        total = int("".join(filter(str.isdigit, item.question.text)))
        fitting = [
            bars
            for bars in itertools.combinations(item.content.bars, 3)
            if sum(bar.value for bar in bars) == total
        ]
        assert len(fitting) == 1
        solution = item.question.solve(item.content)
        assert solution is not None
        assert [bar.colour for bar in fitting[0]] == solution.answer.replace(" and ", ", ").split(", ")


def test_cards_are_drawn_where_they_are() -> None:
    for item in puzzles(TrailMap):
        for card, (x, y) in zip(item.content.cards, item.drawing.centres, strict=True):
            if card.colour:
                corner = item.picture.getpixel((round(x) - 24, round(y) - 24))
                assert all(
                    abs(one - other) < 90 for one, other in zip(corner, COLOURS[card.colour], strict=True)
                )
