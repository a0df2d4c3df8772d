"""Answers to questions of mathematics: numbers, lists, texts and options."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_llava_o1.errors import DataError
from langchain_llava_o1.evaluation.grading.math_answer import MathQuestion, grade_math_answer
from langchain_llava_o1.evaluation.item import Grade
from tests.evaluation.grading.generated_replies import make_number_reply
from tests.evaluation.grading.graders import COMPATIBLE, NO_GRADER, prompt_of, replying, wait_for

INTEGER = MathQuestion("How many?", "free_form", "integer", {}, None, "14")
FLOAT = MathQuestion("How much?", "free_form", "float", {}, 1, "1.4")
LIST = MathQuestion("In which years?", "free_form", "list", {}, None, "[2007, 2008]")
TEXT = MathQuestion("What is it?", "free_form", "text", {}, None, "a right angle")
CHOICE = MathQuestion("Which?", "multi_choice", "text", {"A": "3/11", "B": "8/11"}, None, "B")


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        (INTEGER, "14"),
        (INTEGER, "There are 14 of them."),
        (INTEGER, "14.0"),
        (INTEGER, "9 + 5 is more, so the answer is 14."),
        (INTEGER, r"\boxed{14} because 9 + 5"),
        (INTEGER, "14cm"),
        (INTEGER, "<REASONING>9 + 5</REASONING><CONCLUSION>14</CONCLUSION>"),
        (replace(INTEGER, answer="1200"), "1,200"),
        (replace(INTEGER, answer="-3"), "The answer is −3"),
        (replace(INTEGER, answer="4"), "There are four dogs"),
        (replace(INTEGER, answer="4"), "Step 2 shows three, so the answer is four."),
        (replace(INTEGER, answer="4"), "Four (4) dogs"),
        (FLOAT, "$1.4"),
        (FLOAT, "1.449"),
        (FLOAT, "1.45"),
        (replace(FLOAT, answer="0.5"), ".5"),
        (LIST, "The years are [2007, 2008.0]."),
        (LIST, r"\[2007, 2008\]"),
        (LIST, r"\left[2007, 2008\right]"),
        (TEXT, "The answer is: Right angle."),
        (TEXT, "It is a right angle."),
        (replace(TEXT, answer="Santa Fe"), "The Santa Fe"),
        (CHOICE, "(B)"),
        (CHOICE, "8/11"),
        (replace(CHOICE, answer="8/11"), "B"),
    ],
)
def test_right_answers(question: MathQuestion, reply: str) -> None:
    graded = wait_for(grade_math_answer(question, reply, NO_GRADER))
    assert (graded.score, graded.by) == (1.0, "rule")


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        (INTEGER, "15"),
        (INTEGER, "14.5"),
        (INTEGER, "The answer is 9, not 14."),
        (FLOAT, "1.46"),
        (FLOAT, "-1.4"),
        (LIST, "[2008, 2007]"),
        (LIST, "[2007]"),
        (TEXT, "an acute angle"),
        (TEXT, "The answer is: an acute angle."),
        (CHOICE, "A"),
    ],
)
def test_wrong_answers(question: MathQuestion, reply: str) -> None:
    graded = wait_for(grade_math_answer(question, reply, NO_GRADER))
    assert (graded.score, graded.by) == (0.0, "rule")


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        (INTEGER, "9 of 14"),
        (INTEGER, "3/14"),
        (INTEGER, "2024-11-14"),
        (replace(INTEGER, answer="50"), "There are three bars above 50."),
        (replace(INTEGER, answer="2"), "Three of them; see step 2."),
        (INTEGER, "The answer is one of 9 and 14."),
        (LIST, "2007 and 2008"),
        (LIST, r"[2007, 2008], as \[2007 = 2008 - 1\]"),
        (TEXT, "Likely a right angle."),
        (TEXT, "The answer is not a right angle."),
        (TEXT, "It is acute."),
        (CHOICE, "neither"),
    ],
)
def test_what_no_rule_reads_is_wrong_and_said_to_be_unread(question: MathQuestion, reply: str) -> None:
    assert wait_for(grade_math_answer(question, reply, NO_GRADER)) == Grade(0.0, None, "nobody")


@pytest.mark.parametrize(
    ("question", "told", "form"),
    [
        (INTEGER, "14", "an integer"),
        (FLOAT, "1.4", "a number with 1 decimal place\n"),
        (LIST, "[2007, 2008]", "a list"),
        (TEXT, "right angle", "a word"),
        (CHOICE, "B", "Options:\nA. 3/11\nB. 8/11\n"),
    ],
)
def test_a_grader_writes_down_what_no_rule_reads(question: MathQuestion, told: str, form: str) -> None:
    resources, model = replying(told)
    reply = "From 1 and 2 one sees it in the end, though it takes a while, I think."
    assert wait_for(grade_math_answer(question, reply, resources)) == Grade(1.0, told, "grader", told)
    assert form in prompt_of(model.calls[0])
    assert reply in prompt_of(model.calls[0])


def test_a_text_that_a_grader_writes_down_is_taken_as_it_is() -> None:
    resources, _ = replying("It is acute")
    graded = wait_for(grade_math_answer(TEXT, "It is acute.", resources))
    assert graded == Grade(0.0, "It is acute", "grader", "It is acute")


def test_a_grader_may_find_no_answer() -> None:
    resources, _ = replying("None")
    assert wait_for(grade_math_answer(INTEGER, "9 of 14", resources)) == Grade(0.0, None, "grader", "None")
    resources, model = replying("1 or 2", "1 or 2", "1 or 2")
    assert wait_for(grade_math_answer(INTEGER, "9 of 14", resources)) == Grade(0.0, None, "nobody", "1 or 2")
    assert len(model.calls) == 3


def test_a_type_that_does_not_exist_is_refused() -> None:
    question = replace(INTEGER, answer_type="colour")
    with pytest.raises(DataError, match="no answer_type 'colour' of a free form; there are integer, float"):
        wait_for(grade_math_answer(question, "14", NO_GRADER))


@pytest.mark.parametrize(
    ("question", "reply", "grade"),
    [
        (INTEGER, "14", Grade(1.0, "14")),
        (INTEGER, "15", Grade(0.0, "15")),
        (INTEGER, "There are 14", Grade(0.0, None, "nobody")),
        (FLOAT, "1.4", Grade(1.0, "1.4")),
        (FLOAT, "1.449", Grade(0.0, "1.449")),
        (LIST, "[2007, 2008]", Grade(0.0)),
        (TEXT, "a right angle", Grade(0.0)),
        (CHOICE, "B", Grade(1.0, "B")),
    ],
)
def test_vlmevalkit_compares_exactly_and_lists_and_texts_never(
    question: MathQuestion, reply: str, grade: Grade
) -> None:
    assert wait_for(grade_math_answer(question, reply, COMPATIBLE)) == grade


def test_vlmevalkit_s_grader_is_believed_as_it_is() -> None:
    resources, model = replying("14", is_compatible=True)
    graded = wait_for(grade_math_answer(INTEGER, "There are 14", resources))
    assert graded == Grade(1.0, "14", "grader", "14")
    resources, model = replying("14 dogs", is_compatible=True)
    graded = wait_for(grade_math_answer(INTEGER, "There are 14", resources))
    assert graded == Grade(0.0, None, "nobody", "14 dogs")
    assert len(model.calls) == 1


def test_generated_replies_are_graded_as_they_are_meant() -> None:
    for number in range(300):
        made = make_number_reply(number)
        question = MathQuestion("?", "free_form", made.answer_type, {}, made.precision, made.answer)
        graded = wait_for(grade_math_answer(question, made.reply, NO_GRADER))
        assert graded.by == "nobody" or graded.score == made.is_right, made


@given(
    st.sampled_from([INTEGER, FLOAT, LIST, TEXT, CHOICE]),
    st.text() | st.text(st.sampled_from("0123456789.,-−/:[]$ \nanswerisboxed{}\\"), max_size=80),
)
def test_nothing_is_raised(question: MathQuestion, reply: str) -> None:
    for resources in (NO_GRADER, COMPATIBLE):
        assert wait_for(grade_math_answer(question, reply, resources)).score in (0.0, 1.0)


@pytest.mark.parametrize("piece", ["1", "1,", "1 ", "123,456", "-", "[", "answer is ", "one ", ".", "1/"])
@pytest.mark.parametrize("question", [INTEGER, LIST, TEXT])
def test_long_replies_are_read_to_their_end(question: MathQuestion, piece: str) -> None:
    # Were its time to grow with the square of the length, this alone would take many minutes.
    assert wait_for(grade_math_answer(question, piece * 200_000, NO_GRADER)).score == 0.0
