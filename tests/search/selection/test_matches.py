import pytest

from langchain_llava_o1.judges.verdict import Verdict, read_verdict
from langchain_llava_o1.search.records import EMPTY_BEAM, CandidateRecord
from langchain_llava_o1.search.selection.matches import settle_by_verdicts, settle_without_judge
from langchain_llava_o1.search.selection.tournament import Match
from langchain_llava_o1.search.selection.views import comparisons
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.stages import STAGES

CAPTION = STAGES[1]
MATCH = Match(round=2, first=5, second=3)


def candidate(index: int, body: str, *, is_complete: bool = True) -> CandidateRecord:
    return CandidateRecord(
        index=index,
        beam=0,
        text=CAPTION.wrap(body) if is_complete else CAPTION.opening + body,
        tokens=3,
        seed=index,
        finish_reason="stop",
        is_complete=is_complete,
        mean_logprob=None,
    )


def verdicts(*choices: int | None) -> list[Verdict]:
    return [read_verdict("Hm." if choice is None else f"So it is. Better: {choice}") for choice in choices]


def test_identical_candidates_need_no_judge() -> None:
    record = settle_without_judge(MATCH, candidate(5, "Two cats."), candidate(3, " Two cats. "))
    assert record is not None
    assert (record["decided_by"], record["verdicts"], record["is_read"]) == ("identical", [], True)


@pytest.mark.parametrize("complete", [5, 3])
def test_an_incomplete_candidate_loses_in_either_position(complete: int) -> None:
    first = candidate(5, "Two cats.", is_complete=complete == 5)
    second = candidate(3, "Two cats.", is_complete=complete == 3)
    record = settle_without_judge(MATCH, first, second)
    assert record is not None
    assert (record["winner"], record["decided_by"]) == (complete, "incomplete")


@pytest.mark.parametrize("is_complete", [True, False])
def test_candidates_that_differ_in_words_only_are_judged(is_complete: bool) -> None:
    first = candidate(5, "Two cats.", is_complete=is_complete)
    second = candidate(3, "One cat.", is_complete=is_complete)
    assert settle_without_judge(MATCH, first, second) is None


def test_the_judge_sees_words_without_tags_in_the_orders_asked_for() -> None:
    first, second = candidate(5, "Two cats."), candidate(3, "One cat.", is_complete=False)
    part = StagePart(CAPTION)
    one = comparisons(part, (), [EMPTY_BEAM], (first, second), both_orders=False)
    both = comparisons(part, (), [EMPTY_BEAM], (first, second), both_orders=True)
    assert [(pair.first, pair.second) for pair in one] == [("Two cats.", "One cat.")]
    assert [(pair.first, pair.second) for pair in both] == [
        ("Two cats.", "One cat."),
        ("One cat.", "Two cats."),
    ]


@pytest.mark.parametrize(("choices", "winner"), [((1,), 5), ((2,), 3), ((1, 2), 5), ((2, 1), 3)], ids=str)
def test_what_every_verdict_names_wins(choices: tuple[int, ...], winner: int) -> None:
    record = settle_by_verdicts(MATCH, verdicts(*choices), seed=0)
    assert (record["winner"], record["decided_by"], record["is_read"]) == (winner, "judge", True)
    assert record["reason"] == "So it is."
    assert len(record["verdicts"]) == len(choices)


@pytest.mark.parametrize(
    ("choices", "decided_by", "is_read"),
    [
        ((None,), "unreadable", False),
        ((None, 1), "unreadable", False),
        ((1, None), "unreadable", False),
        ((None, None), "unreadable", False),
        ((1, 1), "disagreement", True),
        ((2, 2), "disagreement", True),
    ],
    ids=str,
)
def test_a_coin_that_favours_neither_decides_the_rest(
    choices: tuple[int | None, ...], decided_by: str, is_read: bool
) -> None:
    records = [settle_by_verdicts(MATCH, verdicts(*choices), seed) for seed in range(400)]
    assert {(record["decided_by"], record["is_read"]) for record in records} == {(decided_by, is_read)}
    assert 150 < sum(record["winner"] == MATCH.first for record in records) < 250
    assert records[7] == settle_by_verdicts(MATCH, verdicts(*choices), 7)
    assert records[0]["verdicts"] == [verdict.text for verdict in verdicts(*choices)]
