"""A step as it is shown."""

import math
from typing import Any

import pytest

from langchain_llava_o1.report.step import ShownStep, read_paragraphs, show_step
from tests.report.searched import candidate, match, play, step


def shown(record: Any, limit: str | None = None, **settings: Any) -> ShownStep:
    return show_step("caption", record, settings=settings, limit=limit)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<CAPTION>a star</CAPTION>", [("caption", "a star")]),
        ("<SUMMARY>count</SUMMARY>\n<CAPTION>one", [("summary", "count"), ("caption", "one")]),
        ("Two sentences.</CAPTION>", [(None, "Two sentences.")]),
        ("no tags", [(None, "no tags")]),
        ("<CAPTION>a</CAPTION> and more", [("caption", "a"), (None, "and more")]),
        ("", []),
    ],
)
def test_words_are_shown_without_tags(text: str, expected: list[tuple[str | None, str]]) -> None:
    assert [(each.stage, each.text) for each in read_paragraphs(text)] == expected


@pytest.mark.parametrize(
    ("scores", "bars"),
    [
        ([1.0, 4.0], [(2, 100.0), (1, 25.0)]),
        # Half as probable, and a tenth.
        ([math.log(0.4), math.log(0.8)], [(2, 100.0), (1, 50.0)]),
        ([math.log(0.1), 0.0], [(2, 100.0), (1, 10.0)]),
        ([-1.0, 3.0], [(2, 100.0), (1, 1.83)]),
        ([-1000.0, -1.0], [(2, 100.0), (1, 0.0)]),
        ([-2.0, -2.0], [(1, 100.0), (2, 100.0)]),
        ([0.0, 0.0], [(1, 0.0), (2, 0.0)]),
        ([math.nan, 2.0], [(2, 100.0), (1, 0.0)]),
        ([None, -2.0], [(2, 100.0), (1, 0.0)]),
        ([-math.inf, -2.0], [(2, 100.0), (1, 0.0)]),
    ],
)
def test_the_best_score_comes_first_and_has_the_longest_bar(
    scores: list[float | None], bars: list[tuple[int, float]]
) -> None:
    drawn = shown(step([candidate(0), candidate(1)], scores=scores)).bars
    assert [(bar.candidate.number, bar.width) for bar in drawn] == bars


def test_an_incomplete_candidate_ranks_last_whatever_its_score() -> None:
    record = step([candidate(0), candidate(1, is_complete=False)], scores=[1.0, 2.0])
    assert [bar.candidate.number for bar in shown(record).bars] == [1, 2]
    assert "Incomplete candidates come after" in shown(record).note


def test_a_knock_out_that_ran_to_its_end_needs_no_note() -> None:
    record = step([candidate(index) for index in range(4)], play(4))
    assert shown(record).note == ""
    assert len(shown(record).matches) == 3


def test_a_knock_out_that_a_limit_ended_is_told() -> None:
    record = step([candidate(index) for index in range(4)], [match(1, 0, 1, 0), match(1, 2, 3, 2)])
    assert "max_calls ended the knock-out with 2 candidates left" in shown(record, "max_calls").note


@pytest.mark.parametrize(
    ("num_candidates", "kept", "limit", "settings", "note"),
    [
        (1, [0], None, {}, "One candidate was drawn, and taken."),
        (2, [0, 1], None, {}, "All 2 candidates go on; there was nothing to choose."),
        (3, [2, 2, 0], None, {}, "2 of 3 candidates go on, some more than once."),
        (2, [1, 1], None, {}, "1 of 2 candidates goes on, more than once."),
        (3, [0], None, {"early_stop": True}, "Nothing was compared: all candidates agree."),
        (3, [0], "max_calls", {}, "Nothing was compared: max_calls was reached."),
        (
            3,
            [0],
            "max_calls",
            {"early_stop": True},
            "Nothing was compared: all candidates agree or max_calls was reached.",
        ),
    ],
)
def test_why_nothing_was_compared_is_told(
    num_candidates: int, kept: list[int], limit: str | None, settings: dict[str, Any], note: str
) -> None:
    record = step([candidate(index) for index in range(num_candidates)], kept=kept)
    assert shown(record, limit, **settings).note == note


def test_all_that_go_on_are_marked() -> None:
    record = step([candidate(index) for index in range(4)], play(4, num_kept=2), winner=1, kept=[1, 0])
    candidates = shown(record).candidates
    assert [(each.is_winner, each.is_kept) for each in candidates] == [
        (False, True),
        (True, True),
        (False, False),
        (False, False),
    ]
