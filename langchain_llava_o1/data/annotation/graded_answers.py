"""Answers that a model drew to one question, right or wrong by its reference answer, and pairs of them."""

from dataclasses import dataclass

from langchain_llava_o1.data.annotation.annotator import Annotator
from langchain_llava_o1.data.annotation.question import Question
from langchain_llava_o1.data.annotation.recording import QuestionRecord
from langchain_llava_o1.data.annotation.stage_choices import StageChoice, pair_stages
from langchain_llava_o1.data.annotation.tagged_reply import read_annotation
from langchain_llava_o1.data.annotation.validation import Agreement


@dataclass(frozen=True)
class GradedAnswers:
    """Answers to a question, without repetitions.

    Attributes:
        right: Those whose conclusion agrees with the reference answer, in their tags.
        wrong: Those whose conclusion does not.
        num_unread: How many had no stages, or a verdict that could not be read.
        choices: What each search that came to a right one chose at every stage.
    """

    right: tuple[str, ...]
    wrong: tuple[str, ...]
    num_unread: int
    choices: tuple[tuple[StageChoice, ...], ...] = ()

    def pairs(self, most: int) -> list[tuple[str, str]]:
        """Return pairs of a right and a wrong answer; no answer is in two of them."""
        return list(zip(self.right, self.wrong, strict=False))[:most]

    def stage_pairs(self, most: int) -> list[tuple[str, str]]:
        """Return pairs of what was chosen and what was not, at most so many of each stage."""
        return list(pair_stages(self.choices, most))


async def draw_answers(
    annotator: Annotator, question: Question, record: QuestionRecord, number: int
) -> GradedAnswers:
    """Draw answers to a question and compare each with the reference answer.

    Args:
        annotator: Who answers and who compares.
        question: The question.
        record: Its calls.
        number: How many answers to draw.

    Raises:
        DataError: If the question has no reference answer.
        BudgetReached: If no further call may be made; what was paid for is recorded.
    """
    right: dict[str, None] = {}
    wrong: dict[str, None] = {}
    num_unread = 0
    choices = []
    reference = question.reference
    for attempt in range(1, number + 1):
        with record.trying(attempt):
            written = await annotator.teacher.write(question, attempt)
            annotation = read_annotation(written.reply)
            if annotation.text is None:
                num_unread += 1
                continue
            validation = await annotator.validator.validate(question.text, reference, annotation.conclusion)
        if validation.agreement is Agreement.UNREADABLE:
            num_unread += 1
        else:
            is_right = validation.agreement is Agreement.VALID
            (right if is_right else wrong)[annotation.text] = None
            if is_right:
                choices.append(written.choices)
    return GradedAnswers(tuple(right), tuple(wrong), num_unread, tuple(choices))
