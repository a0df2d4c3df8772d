"""The questions of a set that are left, and what comes of them."""

import asyncio
from collections.abc import Callable, Iterator

from langchain_llava_o1.data.annotation.annotator import FAILED, Outcome
from langchain_llava_o1.data.annotation.failures import describe_failure
from langchain_llava_o1.data.annotation.folder import AnnotationFolder
from langchain_llava_o1.data.annotation.journal import RecordedReply, Refusal
from langchain_llava_o1.data.annotation.models import AnnotatorModels
from langchain_llava_o1.data.annotation.progress import AnnotationReport, Tally
from langchain_llava_o1.data.annotation.question import (
    Question,
    digest_question,
    read_files,
    read_questions,
    read_reference,
)
from langchain_llava_o1.data.annotation.spending import BudgetReached, Spending, Usage
from langchain_llava_o1.data.annotation.survey import QuestionSurvey
from langchain_llava_o1.data.example import Example
from langchain_llava_o1.data.training_set import TrainingSet
from langchain_llava_o1.errors import DataError, ImageError

ReportProgress = Callable[[AnnotationReport], None]


class AnnotationRun:
    """The questions that are left, and what comes of them; several workers take from it.

    Attributes:
        folder: Where it is written down.
        left: The questions that are left; each is given once.
        tally: Counts what comes of questions.
    """

    def __init__(
        self,
        questions: TrainingSet,
        survey: QuestionSurvey,
        folder: AnnotationFolder,
        spending: Spending,
        report_progress: ReportProgress,
    ) -> None:
        """Count the questions, and what is known of them."""
        self._questions = questions
        self.folder = folder
        self._spending = spending
        self._report_progress = report_progress
        self.tally = Tally(str(folder.path), len(survey.digests), survey.problems.number, spending)
        for id in survey.digests:
            if not folder.is_to_do(id):
                self._count_known(id)
        self.left: Iterator[Example] = (
            each for each in read_questions(questions) if folder.is_to_do(each.id)
        )

    def num_affordable(self, wanted: int) -> int:
        """Return how many more questions the budget allows, at most so many; by what one took on average."""
        num_done = self.tally.num_annotated + self.tally.refused.total()
        return self._spending.num_affordable(wanted, max(1, num_done))

    def keep_reply(self, reply: RecordedReply) -> None:
        """Write down a reply that was paid for elsewhere."""
        self._spending.add(reply.role, Usage(1, reply.input_tokens, reply.output_tokens))
        self.folder.keep_reply(reply)

    async def work(self, models: AnnotatorModels) -> None:
        """Annotate one question after the other, until none is left or the budget is reached.

        Raises:
            ConfigurationError: If no question can be annotated in this way.
            ModelOutOfReachError: If the model answers no question at all.
        """
        for example in self.left:
            if self.tally.is_budget_reached:
                return
            try:
                question = await self.read(example)
                if question is None:
                    continue
                record = self.folder.record_of(question.id)
                first = self.folder.first_attempt(question.id)
                outcome = await models.annotator.annotate(question, record, first)
            except BudgetReached:
                self.tally.is_budget_reached = True
                return
            self.keep(question, outcome)

    async def read(self, example: Example) -> Question | None:
        """Read a question's pictures; None where they cannot be read, which is kept as an error."""
        try:
            files = await asyncio.to_thread(read_files, self._questions, example)
        except ImageError as error:
            self.keep(Question(example, ()), _fail(example, error))
            return None
        return Question(example, tuple(files))

    def keep(self, question: Question, outcome: Outcome) -> None:
        """Write down what came of a question."""
        try:
            self.folder.keep(question, outcome)
        except DataError as error:
            outcome = _fail(question.example, error)
            self.folder.keep(question, outcome)
        self.tally.add(outcome)
        self._report_progress(self.tally.report())

    def _count_known(self, id: str) -> None:
        if self.folder.is_annotated(id):
            self.tally.num_annotated += 1
        else:
            self.tally.refused[self.folder.refusals[id].outcome] += 1


def _fail(example: Example, error: Exception) -> Outcome:
    reference, digest = read_reference(example), digest_question(example)
    return Outcome(refusal=Refusal(example.id, FAILED, describe_failure(error), 1, "", reference, digest))
