"""Whether conclusions agree with reference answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_llava_o1.data.annotation.agreement import decide_agreement, find_options
from langchain_llava_o1.data.annotation.validation import Agreement, read_agreement

OPTIONS = "Which colour is it?\nA. red\nB. dark blue\nC. 7"
INLINE = "Which colour is it? A) red B) dark blue C) green Answer with the letter."


@pytest.mark.parametrize(
    ("question", "reference", "conclusion", "decided"),
    [
        (OPTIONS, "B", "B", True),
        (OPTIONS, "B", "b.", True),
        (OPTIONS, "B", "The answer is (B).", True),
        (OPTIONS, "B", "B. dark blue", True),
        (OPTIONS, "B", "B: dark blue", True),
        (OPTIONS, "B", "Dark blue", True),
        (OPTIONS, "B", "A", False),
        (OPTIONS, "B", "A. red", False),
        (OPTIONS, "B", "red", False),
        (OPTIONS, "B", "A: no", None),
        (OPTIONS, "B", "It is some blue.", None),
        (INLINE, "B", "dark blue", True),
        (INLINE, "B", "green", False),
        ("How many?", "7", "seven", True),
        ("How many?", "7", "7.0", True),
        ("How many?", "7", "8", False),
        ("How much?", "1,000", "1000", True),
        ("How far?", "7 km", "7 km.", True),
        ("How far?", "7 km", "8 km", False),
        ("How far?", "7 km", "7000 m", None),
        ("How many?", "7", "7 of the 9 dots", None),
        ("Is it?", "Yes", "Yes, it is red.", True),
        ("Is it?", "yes", "No, it is blue.", False),
        ("Is it?", "Yes", "It is.", None),
        ("What is it?", "A red house.", "the red house", True),
        ("What is it?", "dark red", "maroon", None),
        ("What is it?", "", "maroon", None),
        ("What is it?", "red", "", None),
    ],
)
def test_a_rule_decides_only_what_it_can(
    question: str, reference: str, conclusion: str, decided: bool | None
) -> None:
    assert decide_agreement(question, reference, conclusion) is decided


def test_options_are_found() -> None:
    assert find_options(OPTIONS) == {"a": "red", "b": "dark blue", "c": "7"}
    assert find_options(INLINE) == {"a": "red", "b": "dark blue", "c": "green"}
    assert find_options("What is option A for?") == {}


@given(st.text(), st.text(), st.text())
def test_no_text_breaks_the_rule(question: str, reference: str, conclusion: str) -> None:
    assert decide_agreement(question, reference, conclusion) in (True, False, None)


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))
def test_numbers_agree_where_they_are_equal(first: int, second: int) -> None:
    assert decide_agreement("How many?", str(first), f"{second:,}.") is (first == second)


@pytest.mark.parametrize(
    ("text", "agreement"),
    [
        ("valid", Agreement.VALID),
        ("Verdict: valid", Agreement.VALID),
        ("**Verdict:** Invalid.", Agreement.INVALID),
        ("The answer is not valid.", Agreement.INVALID),
        ("It says the same, so it is Valid!", Agreement.VALID),
        ("An invalid answer would differ. Verdict: valid", Agreement.VALID),
        ("", Agreement.UNREADABLE),
        ("Yes.", Agreement.UNREADABLE),
        ("Neither valid nor invalid.", Agreement.UNREADABLE),
        ('Reply only "Verdict: valid" or "Verdict: invalid".', Agreement.UNREADABLE),
        ("validate it", Agreement.UNREADABLE),
        ("It is not entirely valid.", Agreement.UNREADABLE),
        ("I wouldn't call that valid", Agreement.UNREADABLE),
        ("This doesn't say the same. Verdict: invalid", Agreement.INVALID),
    ],
)
def test_verdicts_are_read(text: str, agreement: Agreement) -> None:
    assert read_agreement(text) is agreement


@given(st.text())
def test_no_verdict_breaks_the_reader(text: str) -> None:
    assert read_agreement(text) in Agreement
