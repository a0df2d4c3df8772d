"""What counts as one."""

from hypothesis import given
from hypothesis import strategies as st

from langchain_llava_o1.evaluation.outcome import Outcome, Unit, unite


def make_outcome(number: int, unit: str, unit_items: int, score: float) -> Outcome:
    return Outcome(number, str(number), "kind", "", score, 0, 0, "skill", unit, unit_items)


def test_a_question_in_rotations_counts_once_all_are_answered() -> None:
    whole = [make_outcome(number, "a", 3, score) for number, score in enumerate((1.0, 1.0, 0.0))]
    cut = [make_outcome(number, "b", 3, 1.0) for number in (3, 4)]
    assert unite([*whole, *cut, make_outcome(5, "", 1, 1.0)]) == {
        "a": Unit("kind", "skill", 0.0),
        "item 5": Unit("kind", "skill", 1.0),
    }


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=3, max_size=12))
def test_answers_that_come_later_never_change_what_counted(scores: list[float]) -> None:
    outcomes = [make_outcome(number, f"{number // 3}", 3, score) for number, score in enumerate(scores)]
    for number in range(len(outcomes) + 1):
        found = unite(outcomes[:number])
        assert len(found) == number // 3
        assert found.items() <= unite(outcomes).items()
