"""Whether two strategies differ on the same items."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_llava_o1.evaluation.paired import compare_paired, mcnemar_p_value


@pytest.mark.parametrize(
    ("gained", "lost", "p_value"),
    [(0, 0, 1.0), (1, 0, 1.0), (5, 0, 0.0625), (8, 2, 0.109375), (2, 8, 0.109375), (9, 3, 0.14599609375)],
)
def test_known_p_values(gained: int, lost: int, p_value: float) -> None:
    assert mcnemar_p_value(gained, lost) == pytest.approx(p_value)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1))
def test_what_both_got_right_or_wrong_does_not_count(rights: list[tuple[bool, bool]]) -> None:
    ours, theirs = zip(*rights, strict=True)
    found = compare_paired(ours, theirs, "greedy, N=1")
    swapped = compare_paired(theirs, ours, "greedy, N=1")

    assert found.difference == pytest.approx((sum(ours) - sum(theirs)) / len(rights))
    assert (found.gained, found.lost) == (swapped.lost, swapped.gained)
    assert found.p_value == swapped.p_value <= 1.0
    assert found.p_value == compare_paired((*ours, True), (*theirs, True), "").p_value
