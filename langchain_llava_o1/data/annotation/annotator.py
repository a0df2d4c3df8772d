"""Annotating one question: the teacher writes, stages are read, the conclusion is compared; then again."""

from dataclasses import dataclass
from typing import Any

from langchain_llava_o1.data.annotation.failures import check_reach, describe_failure
from langchain_llava_o1.data.annotation.journal import Refusal
from langchain_llava_o1.data.annotation.question import Question, read_reference
from langchain_llava_o1.data.annotation.recording import QuestionRecord
from langchain_llava_o1.data.annotation.spending import BudgetReached
from langchain_llava_o1.data.annotation.tagged_reply import read_annotation
from langchain_llava_o1.data.annotation.teacher import Teacher
from langchain_llava_o1.data.annotation.validation import Agreement, Validation, Validator
from langchain_llava_o1.data.example import Example
from langchain_llava_o1.errors import ConfigurationError, ModelLoadError

REFUSED = "refused"
FAILED = "error"

UNREADABLE_VERDICT = "unreadable verdict"


@dataclass(frozen=True)
class Outcome:
    """What became of a question.

    Attributes:
        example: Its annotation; None where there is none.
        refusal: Why there is none; None where there is one.
        num_unreadable: How many verdicts could not be read.
    """

    example: Example | None = None
    refusal: Refusal | None = None
    num_unreadable: int = 0


@dataclass(frozen=True)
class Annotator:
    """Annotates questions.

    Attributes:
        teacher: Who writes.
        validator: Who compares conclusions with reference answers.
        tries: How often a question is tried before it is refused.
        notes: What is noted in every annotation.
    """

    teacher: Teacher
    validator: Validator
    tries: int
    notes: dict[str, Any]

    async def annotate(self, question: Question, record: QuestionRecord, first_attempt: int = 1) -> Outcome:
        """Try to annotate a question.

        Args:
            question: The question.
            record: Its calls.
            first_attempt: The number of the first try.

        Raises:
            BudgetReached: If no further call may be made; what was paid for is recorded.
            ConfigurationError: If no question can be annotated in this way.
            ModelOutOfReachError: If the model answers no question at all.
        """
        reason = reply = ""
        num_unreadable = 0
        attempt = first_attempt
        for attempt in range(first_attempt, first_attempt + self.tries):
            try:
                reference = question.reference
                with record.trying(attempt):
                    written = (await self.teacher.write(question, attempt)).reply
                    reply = written.written
                    annotation = read_annotation(written)
                    if annotation.text is None:
                        reason = annotation.problem
                        continue
                    validation = await self.validator.validate(
                        question.text, reference, annotation.conclusion
                    )
            except (BudgetReached, ConfigurationError, ModelLoadError):
                raise
            # Providers raise whatever they like, and no question is to stop the others.
            except Exception as error:
                check_reach(error)
                refusal = _refuse(question, FAILED, describe_failure(error), attempt, reply)
                return Outcome(refusal=refusal, num_unreadable=num_unreadable)
            num_unreadable += validation.num_unreadable
            if validation.agreement is Agreement.VALID:
                notes = {**self.notes, "validated_by": validation.decider.value, "try": attempt}
                return Outcome(question.annotated(annotation.text, notes), num_unreadable=num_unreadable)
            reason = _explain(validation, annotation.conclusion)
        return Outcome(
            refusal=_refuse(question, REFUSED, reason, attempt, reply), num_unreadable=num_unreadable
        )


def _refuse(question: Question, outcome: str, reason: str, attempt: int, reply: str) -> Refusal:
    reference = read_reference(question.example)
    return Refusal(question.id, outcome, reason, attempt, reply, reference, question.digest)


def _explain(validation: Validation, conclusion: str) -> str:
    if validation.agreement is Agreement.UNREADABLE:
        return f"{UNREADABLE_VERDICT}: {validation.text!r}"
    return f"the conclusion disagrees with the reference, says the {validation.decider}: {conclusion!r}"
