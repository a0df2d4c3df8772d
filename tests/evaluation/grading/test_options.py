"""The letter that a reply chooses: ours, VLMEvalKit's, and where a grader comes in."""

import random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_llava_o1.cli.bench.accuracy_options import CompatibleOption
from langchain_llava_o1.evaluation.grading import vlmevalkit
from langchain_llava_o1.evaluation.grading.options import grade_option, read_option
from langchain_llava_o1.evaluation.item import Grade
from tests.evaluation.grading.generated_replies import make_choice_reply
from tests.evaluation.grading.graders import COMPATIBLE, NO_GRADER, prompt_of, replying, wait_for
from tests.evaluation.grading.plain_rules import read_choice_plainly

OPTIONS = {"A": "a cat", "B": "a dark red ball", "C": "red", "D": "vitamin C"}
QUESTION = "What is it?"


@pytest.mark.parametrize(
    ("reply", "letter"),
    [
        ("B", "B"),
        ("(b)", "B"),
        ("**B.**", "B"),
        ("The correct answer is **(B)**.", "B"),
        ("Answer:B", "B"),
        (r"$\boxed{\text{C}}$", "C"),
        ("B is correct", "B"),
        ("<SUMMARY>A or B?</SUMMARY><CONCLUSION>C</CONCLUSION>", "C"),
        ("<think>A, surely A</think>C", "C"),
        ("<answer>C</answer>", "C"),
        ("Option A shows a dog; option C is wrong, so the answer is D.", "D"),
        ("Not B but C.", "C"),
        ("B. Unlike option A, it is dark.", "B"),
        ("I'd go with option B here because it is dark and round and has a seam.", "B"),
        ("Therefore, C", "C"),
    ],
)
def test_a_letter_is_read(reply: str, letter: str) -> None:
    assert read_option(reply, OPTIONS) == letter


@pytest.mark.parametrize(
    ("reply", "letter"),
    [
        ("A dark red ball is shown", "B"),
        ("It is the red.", "C"),
        ("The answer is vitamin C.", "D"),
        ("The answer is A cat", "A"),
        (
            "Red, because the light falls on it from the left and from nowhere else, as far as can be seen.",
            "C",
        ),
    ],
)
def test_the_text_of_an_option_is_read(reply: str, letter: str) -> None:
    """Neither the article nor a letter within a text is a choice, and "dark red" is no "red"."""
    assert read_option(reply, OPTIONS) == letter


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "A closer look is needed.",
        "It is not a cat.",
        "The answer is not B",
        "The answer is B or C.",
        "A. no. B. no. C. yes",
        "It is the cat in figure B",
        "I cannot see the picture.",
        "A's and B's",
        "<SUMMARY>B is correct",
    ],
)
def test_what_chooses_nothing_for_certain_is_not_read(reply: str) -> None:
    assert read_option(reply, OPTIONS) is None


@pytest.mark.parametrize(
    ("texts", "reply", "letter"),
    [
        (("body", "human body"), "The human body.", "B"),
        (("India", "China and India"), "The answer is China and India.", "B"),
        (("red", "none of the above"), "None of the above, since the red is too dark.", "B"),
        (("man in a hat", "dog"), "Man in a hat", "A"),
        (("dog", "panda bear"), "panda bear", "B"),
    ],
)
def test_an_article_is_left_out_only_where_a_text_begins_with_it(
    texts: tuple[str, str], reply: str, letter: str
) -> None:
    assert read_option(reply, dict(zip("AB", texts, strict=True))) == letter


def test_numbers_are_whole() -> None:
    options = {"A": "2", "B": "12", "C": "2.5", "D": "-12"}
    assert [read_option(reply, options) for reply in ("12", "It's 2.5", "-12", "22", "2,512")] == [
        *("B", "C", "D", None, None)
    ]


def test_a_letter_that_is_another_option_s_text_stands_for_its_option() -> None:
    assert read_option("The part labelled D", {"A": "D", "B": "E", "C": "F", "D": "G"}) == "D"
    assert read_option("It is E.", {"A": "D", "B": "E", "C": "F", "D": "G"}) == "B"


@given(st.text(st.sampled_from("ABCD ()[]{}.,:*\n\\'’-<>/answerisotdcavitamin"), max_size=200))
def test_nothing_is_raised_and_letters_are_those_of_options(reply: str) -> None:
    assert read_option(reply, OPTIONS) in (*OPTIONS, None)
    assert vlmevalkit.read_option(reply, OPTIONS) in (*OPTIONS, vlmevalkit.REFUSAL, None)


@given(st.text(), st.dictionaries(st.sampled_from("ABCDEFGHI"), st.text(), min_size=1))
def test_any_text_and_any_options_are_taken(reply: str, options: dict[str, str]) -> None:
    assert read_option(reply, options) in (*options, None)


@pytest.mark.parametrize(
    "piece",
    [
        "A ",
        "(",
        "answer is ",
        "the answer is A or ",
        " ",
        "red ",
        "not ",
        "B.",
        "<",
        r"\boxed{",
        "a dark red ",
        "\n",
    ],
)
def test_long_replies_are_read_to_their_end(piece: str) -> None:
    # Were its time to grow with the square of the length, this alone would take many minutes.
    assert read_option(piece * (100_000 // len(piece)), OPTIONS) in (*OPTIONS, None)


def test_generated_replies_mean_what_is_read() -> None:
    made = [make_choice_reply("test", number) for number in range(500)]
    assert [each for each in made if read_option(each.reply, each.options) not in (each.meant, None)] == []
    read = sum(read_option(each.reply, each.options) is not None for each in made)
    assert read == sum(each.meant is not None for each in made)


def test_vlmevalkit_s_rules_are_followed() -> None:
    """Beside the same rules, written a second time."""
    for number in range(500):
        made = make_choice_reply("compatible", number)
        assert vlmevalkit.read_option(made.reply, made.options) == read_choice_plainly(
            made.reply, made.options
        )


def test_the_rule_comes_first() -> None:
    resources, model = replying()
    graded = wait_for(grade_option(QUESTION, OPTIONS, "B", "(B)", resources, seed=0))
    assert graded == Grade(1.0, "B", "rule")
    assert model.calls == []
    assert wait_for(grade_option(QUESTION, OPTIONS, "C", "(B)", resources, seed=0)) == Grade(0.0, "B", "rule")


def test_what_no_rule_reads_is_asked() -> None:
    resources, model = replying("dunno", "B")
    reply = "<CONCLUSION>Something round</CONCLUSION>"
    graded = wait_for(grade_option(QUESTION, OPTIONS, "B", reply, resources, seed=0))
    assert graded == Grade(1.0, "B", "grader", "B")
    prompt = prompt_of(model.calls[0])
    assert "Reply: Something round\n" in prompt
    assert "D. vitamin C" in prompt
    assert QUESTION in prompt
    assert [call.parameters["temperature"] for call in model.calls] == [0.0, 0.5]


def test_a_grader_may_say_that_nothing_is_chosen() -> None:
    resources, model = replying("None.")
    graded = wait_for(grade_option(QUESTION, OPTIONS, "B", "Something round", resources, seed=0))
    assert graded == Grade(0.0, None, "grader", "None.")
    assert len(model.calls) == 1


def test_what_nobody_reads_is_wrong_and_said_to_be_unread() -> None:
    resources, model = replying("dunno", "well", "hm")
    graded = wait_for(grade_option(QUESTION, OPTIONS, "B", "Something round", resources, seed=0))
    assert graded == Grade(0.0, None, "nobody", "hm")
    assert wait_for(grade_option(QUESTION, OPTIONS, "B", "?", NO_GRADER, seed=0)) == Grade(
        0.0, None, "nobody"
    )
    assert wait_for(grade_option(QUESTION, OPTIONS, "B", " ", resources, seed=0)).by == "nobody"
    assert len(model.calls) == 3


def test_vlmevalkit_takes_the_article_for_an_option() -> None:
    reply = "A dark red ball"
    assert wait_for(grade_option(QUESTION, OPTIONS, "B", reply, NO_GRADER, seed=0)) == Grade(1.0, "B", "rule")
    assert wait_for(grade_option(QUESTION, OPTIONS, "B", reply, COMPATIBLE, seed=0)) == Grade(
        0.0, "A", "rule"
    )


def test_vlmevalkit_draws_where_its_grader_says_nothing() -> None:
    def grade(seed: int) -> Grade:
        resources, _ = replying(*["dunno"] * 3, is_compatible=True)
        return wait_for(grade_option(QUESTION, OPTIONS, "B", "Something round", resources, seed=seed))

    grades = [grade(seed) for seed in range(40)]
    assert grades[:5] == [grade(seed) for seed in range(5)]
    assert {graded.by for graded in grades} == {"chance"}
    assert {graded.read for graded in grades} == {*OPTIONS, vlmevalkit.REFUSAL}
    assert all(graded.score == (graded.read == "B") for graded in grades)
    assert grades[7].read == random.Random(7).choice(["A", "B", "C", "D", "Z"])


def test_vlmevalkit_draws_nothing_without_a_grader() -> None:
    graded = wait_for(grade_option(QUESTION, OPTIONS, "B", "Something round", COMPATIBLE, seed=1))
    assert graded == Grade(0.0, None, "nobody")
    (_, option) = get_args(CompatibleOption)
    assert option.help.endswith("one is drawn; without a grader none is.")


def test_vlmevalkit_s_grader_may_say_that_nothing_is_chosen() -> None:
    resources, _ = replying("none", is_compatible=True)
    graded = wait_for(grade_option(QUESTION, OPTIONS, "B", "Something round", resources, seed=1))
    assert graded == Grade(0.0, vlmevalkit.REFUSAL, "grader", "none")
    refused = wait_for(
        grade_option(QUESTION, OPTIONS, "B", "Cannot determine the answer", COMPATIBLE, seed=1)
    )
    assert refused == Grade(0.0, vlmevalkit.REFUSAL, "rule")
