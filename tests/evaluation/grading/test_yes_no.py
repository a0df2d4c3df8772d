"""Yes or no: what a reply says, by rule and by a grader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_llava_o1.evaluation.grading import vlmevalkit
from langchain_llava_o1.evaluation.grading.reply import concluding_text
from langchain_llava_o1.evaluation.grading.yes_no import grade_yes_no, read_yes_no
from langchain_llava_o1.evaluation.item import Grade
from tests.evaluation.grading.generated_replies import make_yes_no_reply
from tests.evaluation.grading.graders import COMPATIBLE, NO_GRADER, replying, wait_for
from tests.evaluation.grading.plain_rules import read_yes_no_plainly

QUESTION = "Are the lines equally long?"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("Yes", "yes"),
        ("**NO.**", "no"),
        ("Yes, there are no dogs.", "yes"),
        ("One could say yes, but the answer is no.", "no"),
        ("I would say yes.", "yes"),
        ("<SUMMARY>No.</SUMMARY><CONCLUSION>yes</CONCLUSION>", "yes"),
        ("No it is not.", "no"),
        ("**No** the left one is taller.", "no"),
        ("No isn't the left one taller, yes?", "no"),
        ("No they don’t.", "no"),
        ("There is no difference.", None),
        ("No car", None),
        ("No difference is to be seen.", None),
        ("No item is equal.", None),
        ("There is no the.", None),
        ("It's a no-brainer", None),
        ("Yes and no.", None),
        ("I know.", None),
        ("The answer is not yes.", None),
        ("It isn't a clear no.", None),
        ("I cannot say yes.", None),
        ("It is not tall, so yes.", "yes"),
        ("No, not yes.", "no"),
        ("Not sure, but the answer is no.", "no"),
        ("", None),
    ],
)
def test_what_is_said(reply: str, said: str | None) -> None:
    assert read_yes_no(reply) == said


@given(st.text(st.sampled_from("yesno .,!*'-/\nanswer:is"), max_size=100))
def test_nothing_is_raised(reply: str) -> None:
    assert read_yes_no(reply) in ("yes", "no", None)
    assert vlmevalkit.read_yes_no(reply) in ("yes", "no", None)


@given(st.text())
def test_any_text_is_taken(reply: str) -> None:
    read_yes_no(reply)
    vlmevalkit.read_yes_no(reply)


def test_generated_replies_mean_what_is_read() -> None:
    made = [make_yes_no_reply(number) for number in range(300)]
    assert [each for each in made if read_yes_no(each.reply) != each.meant] == []


def test_vlmevalkit_s_rule_is_followed() -> None:
    made = [concluding_text(make_yes_no_reply(number).reply) for number in range(300)]
    assert [vlmevalkit.read_yes_no(each) for each in made] == [read_yes_no_plainly(each) for each in made]


def test_a_grader_reads_what_no_rule_can() -> None:
    resources, model = replying("no")
    reply = "There is no difference between them."
    assert wait_for(grade_yes_no(QUESTION, "yes", reply, resources)) == Grade(0.0, "no", "grader", "no")
    assert wait_for(grade_yes_no(QUESTION, "yes", "Yes.", resources)) == Grade(1.0, "yes", "rule")
    assert len(model.calls) == 1


def test_a_grader_may_know_neither() -> None:
    resources, model = replying("Unknown.")
    graded = wait_for(grade_yes_no(QUESTION, "no", "The picture is dark.", resources))
    assert graded == Grade(0.0, None, "grader", "Unknown.")
    assert len(model.calls) == 1


def test_what_nobody_reads_is_wrong() -> None:
    resources, _ = replying("a", "b", "c")
    assert wait_for(grade_yes_no(QUESTION, "no", "Dark.", resources)) == Grade(0.0, None, "nobody", "c")
    assert wait_for(grade_yes_no(QUESTION, "no", "Dark.", NO_GRADER)) == Grade(0.0, None, "nobody")


def test_vlmevalkit_takes_any_no_for_an_answer_and_asks_five_times() -> None:
    reply = "There is no difference between them."
    assert wait_for(grade_yes_no(QUESTION, "yes", reply, COMPATIBLE)) == Grade(0.0, "no", "rule")
    resources, model = replying(*["unknown"] * 4, "Yes", is_compatible=True)
    graded = wait_for(grade_yes_no(QUESTION, "yes", "They are equal.", resources))
    assert graded == Grade(1.0, "yes", "grader", "Yes")
    assert [call.parameters["temperature"] for call in model.calls] == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert wait_for(grade_yes_no(QUESTION, "yes", "Dark.", COMPATIBLE)) == Grade(0.0, None, "nobody")
