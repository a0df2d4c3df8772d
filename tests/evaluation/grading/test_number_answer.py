"""The number that a reply gives: of an equation its end, and of what is open none."""

import pytest

from langchain_llava_o1.evaluation.grading.number_answer import read_number


@pytest.mark.parametrize(
    ("reply", "number"),
    [
        ("The answer is 180° - 45° = 135°.", 135),
        ("The answer is 180 -45 = 135", 135),
        ("Answer: 2 × 3 = 6", 6),
        ("The answer is $5 + $3 = $8", 8),
        ("The answer is 60 km/h × 2 h = 120 km.", 120),
        ("The answer is 10^2 = 100.", 100),
        ("The answer is 2(3 + 4) = 14", 14),
        (r"\boxed{180^\circ - 45^\circ = 135^\circ}", 135),
        (r"\boxed{2 \times 3 = 6}", 6),
        ("The answer is 3, as 3 + 4 = 7.", 3),
        ("The answer is 14 (x = 9).", 14),
        ("The answer is **14** (from **9** + 5).", 14),
        ("The answer is 14 as the right-hand one has 9.", 14),
        ("The answer is +14.", 14),
        ("It is 9, not 14.", 9),
        ("14+ dogs", 14),
    ],
)
def test_what_an_expression_comes_to_is_read(reply: str, number: int) -> None:
    assert read_number(reply) == number


@pytest.mark.parametrize(
    "reply",
    [
        "The answer is 10^2",
        "The answer is 3 + 4",
        "The answer is 14 = 9 + 5.",
        "The answer is 3 + x = 7",
        "The answer is 2√3",
        r"The answer is 2\pi",
        "The answer is 3 1/2.",
        "The answer is 5 to 7.",
        "The answer is 5 or 6.",
        "The answer is 9 out of 14.",
        "The answer is 5 million.",
        "The answer is two hundred.",
        "It is 10^2.",
        "It is 5 + 5.",
        r"\sqrt{16}",
        "Twenty two",
        "It is not 14.",
    ],
)
def test_what_an_open_expression_comes_to_is_not_guessed(reply: str) -> None:
    assert read_number(reply) is None


@pytest.mark.parametrize(
    "reply", ["One.", "One dog", "There is one dog.", "There is only one.", "So the answer is one."]
)
def test_one_counts(reply: str) -> None:
    assert read_number(reply) == 1


@pytest.mark.parametrize(
    "reply",
    [
        "The blue one.",
        "There is no one in the picture.",
        "One can see dogs.",
        "One of them is red.",
        "The answer is the one on the left.",
        "This one has 5 dots.",
    ],
)
def test_one_stands_for_something(reply: str) -> None:
    assert read_number(reply) is None
