import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_llava_o1.staging.meaning import normalize


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3", "Three."),
        ("The answer is 3.", "**3**"),
        ("So, the final answer is: 3", "3.0"),
        ("1,200", "1200"),
        ("B", "B) red"),
        ("(b)", "Option B"),
        ("B.", "(B) red"),
        ("B", "Option B: red"),
        ("The answer is B.", "option (b) red"),
        ("b) red", "B) Red."),
        ("The red circle", "red circle"),
        (r"\boxed{12}", "$12$"),
        ("Yes!", "yes"),
    ],
)
def test_what_means_the_same(one: str, other: str) -> None:
    assert normalize(one) == normalize(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3", "4"),
        ("3.5", "35"),
        ("red circle", "red square"),
        ("B", "C"),
        ("-3", "3"),
        ("1.20", "1.2000"),
        ("a.m.", "a"),
        ("7 a.m.", "7"),
        ("x: 5", "x: 7"),
        ("A: yes", "A: no"),
        ("x. 5", "x. 7"),
        ("B. red", "B. blue"),
        ("B: red", "B: blue"),
        ("A. Smith", "A. Jones"),
        ("x) 5", "x) 7"),
        ("(x)=5", "(x)=7"),
        ("a)b", "a)c"),
        ("A", "a: yes"),
    ],
)
def test_what_does_not(one: str, other: str) -> None:
    assert normalize(one) != normalize(other)


@given(st.text(st.characters(max_codepoint=127)))
def test_letter_case_and_outer_spaces_say_nothing(text: str) -> None:
    assert normalize(text) == normalize(f"  {text.upper()}\n")


@pytest.mark.parametrize(
    "text", ["1" * 200_000, "1" * 200_000 + ".0", "1," * 100_000, "the " * 50_000, " " * 200_000]
)
def test_a_conclusion_without_end_is_read(text: str) -> None:
    # A number that was read anew from each of its digits would take minutes.
    assert normalize(f"{text} x") == normalize(f" {text} X.")
