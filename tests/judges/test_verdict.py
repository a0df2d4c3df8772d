import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_llava_o1.judges.verdict import read_check, read_verdict


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


ECHO = 'Say what is right where they differ, then "Better: 1" or "Better: 2".'


@pytest.mark.parametrize(
    "text",
    [
        ECHO,
        'Reply only "Better: 1" or "Better: 2".',
        "Better: 1 or Better: 2",
        "**Better: 1** or **Better: 2**",
        "Better: 1 / Better: 2",
        "Better: 1 | Better: 2",
        '"Better: 1", "Better: 2"',
        '"Better: 1" and "Better: 2" are the replies.',
        "(Better: 1) or (Better: 2)",
        "Better: (1) or (2)",
        'I am to write "Better: 1" or',
        'I am to write either "Better: 2"',
        'I write "Better: 1" if the first is right, or "Better: 2" otherwise.',
        'If the first is right, then "Better: 1"; else "Better: 2".',
        "I would not say Better: 1",
        "I cannot honestly write **Better: 2** here.",
        'The verdict is not "Better: 1".',
        "Better: 2 of the circles",
    ],
)
def test_a_form_that_is_mentioned_is_no_verdict(text: str) -> None:
    assert read_verdict(text).choice is None
    assert read_verdict(f"{text}\nResponse 2 misses it. Better: 1").choice == 1
    assert read_verdict(f"Better: 1\n({text})").choice == 1
    assert read_verdict(f"{text}\n\nSo I choose response 2.").choice == 2


@pytest.mark.parametrize(
    "text",
    [
        "I would not say response 1 is better.",
        "I would not say that response 1 is clearly better.",
        "I don't think response 1 is better.",
        "I don’t believe that, all in all, response 1 is better.",
        "I can't say\nresponse 1 is better.",
        "I cannot conclude that response 2 wins.",
        "I doubt that response 1 is better.",
        "It is wrong to say response 1 is better.",
        "It is not true that response 2 is the better one.",
        "I am unsure whether response 1 is better.",
        "If response 1 is better than response 2, the count is 3.",
        "Is it clear that response 1 is better?",
        "I doubt, to be frank, that response 1 is better.",
        "Should I choose response 1? Hard to say.",
        "I do not want to choose response 1.",
        "I could never pick 2.",
        "I would hardly prefer response 2.",
        "There is no better response: 2",
        "I would not go so far as to say response 1 is better.",
        "Choice: 2 of the circles",
        "Choice: 2 Circles",
        "Choice: **2** circles",
        "Choice: 2%",
        "Choice: 2 + 2",
        "I pick 2 circles.",
        "Verdict: 2 stars are missing.",
        "My decision: 1 or none.",
    ],
)
def test_what_is_denied_asked_or_counted_is_no_verdict(text: str) -> None:
    assert read_verdict(text).choice is None


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("Better: Response 1.", 1),
        ('"Better: 2"', 2),
        ("Better: 1 The second misses the star.", 1),
        ("Better: 1 because the other misses the star.", 1),
        ("Better: 1 - the other misses the star", 1),
        ("Better: 2, as it counts right", 2),
        ("Not right is the first.\nbetter: 2", 2),
        ("The first does not mention the star, so better: 2", 2),
        ("The first does not count the star **Better: 2**", 2),
        ("Response 2 does not mention the star, so response 1 is better.", 1),
        ("Response 2 does not mention the star. Response 1 is better.", 1),
        ("Response 2 is not right, and response 1 is better.", 1),
        ("Since response 2 does not mention the star, I choose response 1.", 1),
        ("I would not say that response 2 is bad, but response 1 is better.", 1),
        ("Response 2 has no error so I choose response 2.", 2),
        ("Response 2 does not say it, and response 1 is better.", 1),
        ("Better: 1. Better: 2", 2),
        ("Which response is better? Response 2 is better.", 2),
        ("I would choose response 1 if I had to.", 1),
        ("Choice: 2", 2),
        ("Choice: 2.", 2),
        ("Choice: 2 because the circles are right", 2),
        ("Choice: 2\nThe circles are right.", 2),
        ("Choice: response 2 of the two", 2),
    ],
)
def test_what_is_said_is_read(text: str, choice: int) -> None:
    assert read_verdict(text).choice == choice


@pytest.mark.parametrize(
    ("text", "is_correct"),
    [
        ("Every step is right. Correct: yes", True),
        ("**Correct:** no.", False),
        ("Correct: yes. No, wait. Correct: no", False),
        ('Say whether every step is right, then "Correct: yes" or "Correct: no".', None),
        ('I am to say "Correct: yes" or "Correct: no".\nCorrect: yes', True),
        ("I would not say Correct: yes", None),
        ("Correct: nothing", None),
        ("It is right.", None),
    ],
)
def test_a_check_is_read_likewise(text: str, is_correct: bool | None) -> None:
    assert read_check(text) is is_correct


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
