import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_llava_o1.judges.verdict import read_verdict


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("The second misses a star. Better: 1", 1),
        ("Better: 2", 2),
        ("better: 2.", 2),
        ("**Better:** 2", 2),
        ("**Better: 1**", 1),
        ("Better: Response 2", 2),
        ("Better: [1]", 1),
        ("At first I thought Better: 1, yet the colour is wrong.\nBetter: 2", 2),
        ("<CONCLUSION>Better: 1</CONCLUSION>", 1),
        ("Since response 2 misses the small red star, I choose response 1.", 1),
        ("I would pick 2 because it counts right.", 2),
        ("I prefer the response 2.", 2),
        ("Response 1 is better.", 1),
        ("Response 2 is clearly better than response 1.", 2),
        ("**Response 1** is the better one.", 1),
        ("Response 1 is better at counting. Overall, however, I choose response 2.", 2),
        ("The better response is 2.", 2),
        ("Verdict: 1", 1),
        ("My final answer: **Response 2**", 2),
        ("Response 2 wins.", 2),
        ("**2**", 2),
        ("Response 1.", 1),
        ("(2)", 2),
    ],
)
def test_clear_wordings_are_read(text: str, choice: int) -> None:
    assert read_verdict(text).choice == choice


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Both are fine.",
        "Better: 3",
        "Better: 12",
        "Better: 1.5",
        "Better: 1 or 2",
        "Better: 1/2",
        "Better: 1 and 2 alike",
        "Better: response 1 or response 2",
        "Better: neither",
        "Response 1 is not better.",
        "Response 1 is better. Response 2 is better.",
        "I would not choose response 1.",
        "There are 2 cats.",
        "Response 1 counts 2 cats, response 2 counts 1.",
        "I choose response 1. No, I choose response 2.",
    ],
)
def test_the_rest_has_no_choice_and_keeps_its_text(text: str) -> None:
    verdict = read_verdict(text)
    assert verdict.choice is None
    assert verdict.text == text


def test_the_reason_is_what_stands_beside_the_choice() -> None:
    assert read_verdict("The star is red. Better: 1").reason == "The star is red."
    assert read_verdict("Better: 1. The star is red.").reason == "The star is red."
    assert read_verdict("The star is red, so I choose response 1.").reason.startswith("The star is red")


BLANKS = ("\n", " ", "\t \n", "*", " the ", "* _:(")


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize(
    "words",
    ["{} I choose", "I choose {}", "I choose the response {}", "The verdict is {}", "Response 1 {} is", "{}"],
)
def test_a_reply_of_blanks_without_end_is_read(words: str, blank: str) -> None:
    # Had any two repetitions to share the blanks out among them, this would not end in a day.
    reply = words.format(blank * 50_000) + " x"
    assert read_verdict(reply).choice is None
    assert read_verdict(f"{reply}\nBetter: 2").choice == 2


@pytest.mark.parametrize("phrase", ["I choose ", "Better: ", "Response 1 is the ", "the ", "1 or "])
def test_a_reply_of_one_phrase_without_end_is_read(phrase: str) -> None:
    assert read_verdict(phrase * 20_000 + "x").choice is None


@given(st.text(), st.sampled_from([1, 2]))
def test_whatever_comes_before_the_last_line_decides(words: str, choice: int) -> None:
    assert read_verdict(f"{words}\nBetter: {choice}").choice == choice
