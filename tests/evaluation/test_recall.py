"""Recall is counted over pictures that were drawn anew, with the real model."""

import random

import numpy as np
import pytest

from langchain_llava_o1 import ChatLlavaO1
from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.charts import Bar, Chart
from langchain_llava_o1.drawn.scenes import Scene, Thing
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.recall import describe, measure_recall, recall_table, redraw

SCENE = Scene((Thing("A1", "small", "red", "star"), Thing("B2", "large", "blue", "circle")))


def test_recall_of_every_way_to_search_is_measured() -> None:
    lines: list[float] = []
    report = measure_recall(
        ChatLlavaO1(model="tiny"),
        difficulty=Difficulty.EASY,
        items=12,
        seed=0,
        report_row=lambda row: lines.append(row.recall),
    )
    by_name = {(row.query, row.embeddings): row for row in report.rows}
    assert len(by_name) == 9
    assert lines == [row.recall for row in report.rows]
    for row in report.rows:
        assert row.recall == row.found / 12
        assert row.interval.low <= row.recall <= row.interval.high
    # Five of twelve would be found by chance alone.
    assert by_name["picture", "vision tower, max of final"].recall > 0.8
    assert by_name["caption", "hashing"].recall > 0.6

    table = recall_table(report).splitlines()
    assert len(table) == 2 + 9
    assert "| picture | vision tower, max of final |" in "\n".join(table)
    assert report.as_json()["rows"][0]["interval"] == list(report.rows[0].interval)


def test_among_too_few_pictures_nothing_is_measured() -> None:
    with pytest.raises(ConfigurationError, match="use more than 5 items"):
        measure_recall(ChatLlavaO1(model="tiny"), difficulty=Difficulty.EASY, items=5, seed=0)


def test_a_redrawn_picture_has_the_same_contents_and_other_pixels() -> None:
    first, again, other = (
        np.asarray(redraw(SCENE, random.Random(seed), Difficulty.EASY)) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_description_says_what_is_there_and_not_where() -> None:
    told = describe(SCENE, random.Random(1))
    assert "There is a red star that is small." in told
    assert "There is a blue circle that is large." in told
    assert "A1" not in told
    assert describe(Chart((Bar("red", 4),)), random.Random(1)) == "A bar of height 4 is red."
