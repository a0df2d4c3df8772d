"""Pairs of a better and a worse answer of one model, for preference training, reward models and verdicts."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from langchain_llava_o1.data.annotation.failures import check_reach, describe_failure
from langchain_llava_o1.data.annotation.graded_answers import draw_answers
from langchain_llava_o1.data.annotation.models import AnnotatorModels
from langchain_llava_o1.data.annotation.pair_file import PairFile
from langchain_llava_o1.data.annotation.pair_forms import PairForm
from langchain_llava_o1.data.annotation.plan import AnnotationPlan
from langchain_llava_o1.data.annotation.question import Question, read_files, read_questions
from langchain_llava_o1.data.annotation.spending import BudgetReached, Spending, Usage
from langchain_llava_o1.data.annotation.survey import (
    QuestionSurvey,
    ReportProblems,
    survey_questions,
)
from langchain_llava_o1.data.example import Example
from langchain_llava_o1.data.training_set import TrainingSet
from langchain_llava_o1.errors import ConfigurationError, ModelLoadError

_BY_STAGES = "stage-beam"


@dataclass(frozen=True)
class PairReport:
    """What drawing pairs came to, or has come to so far.

    Attributes:
        path: The file.
        num_questions: Questions of the set.
        num_problems: What is wrong with lines of the set; some of these lines may give no question.
        num_done: Questions whose answers were drawn.
        num_pairs: Pairs in the file.
        failures: Why questions could not be answered in this start, by id; the next start tries again.
        usage: Calls and tokens of all starts.
        cost: What they cost, in the currency of the prices.
        is_budget_reached: Whether it stopped at the budget.
    """

    path: str
    num_questions: int = 0
    num_problems: int = 0
    num_done: int = 0
    num_pairs: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    cost: float = 0.0
    is_budget_reached: bool = False


async def draw_preference_pairs(
    questions: TrainingSet,
    path: str | Path,
    plan: AnnotationPlan,
    *,
    num_answers: int = 8,
    max_pairs: int = 1,
    form: PairForm = "preference",
    concurrency: int = 8,
    report_progress: Callable[[PairReport], None] = lambda report: None,
    report_problems: ReportProblems = lambda problems: None,
) -> PairReport:
    """Have a model answer each question several times, and pair right answers with wrong ones.

    A question whose answers are all right or all wrong gives no pair. Pairs of stages come from searches that
    found a right answer: what each stage's tournament chose, and what it did not. Pictures are copied into
    the folder ``pictures`` beside the file; the journal is beside it, too, and a start that was killed is
    gone on with as in ``annotate``.

    Args:
        questions: The questions; the last answer of each is its reference answer.
        path: The file to write, as in ``pairs.jsonl``.
        plan: Who answers, as its ``teacher``, who compares, and what it may cost. The reference answer is not
            shown, whatever the plan says.
        num_answers: Answers to a question.
        max_pairs: Most pairs of a question, or of each of its stages.
        form: "preference" for DPO and reward models, "stage" for DPO on the choices of a search by stages,
            "verdict" for training a judge.
        concurrency: Questions under way at once.
        report_progress: Called as each question is done.
        report_problems: Called once, before any model is asked, with what is wrong with lines of the set.

    Raises:
        ConfigurationError: If the file was begun in another way or is in use, or a model cannot be opened.
        ModelOutOfReachError: If a model answers no question at all, as with a wrong key; what was drawn is
            kept.
    """
    for name, value in (("num_answers", num_answers), ("max_pairs", max_pairs), ("concurrency", concurrency)):
        if value < 1:
            raise ConfigurationError(f"{name} is {value}; give at least 1.")
    if form != "stage" and num_answers < 2:
        raise ConfigurationError(f"num_answers is {num_answers}; a right and a wrong one take at least 2.")
    if form == "stage" and (plan.strategy is None or plan.strategy.search != _BY_STAGES):
        raise ConfigurationError(
            f"Pairs of stages come from a search by stages, got the strategy {plan.strategy!r}. Take "
            f"Strategy({_BY_STAGES!r})."
        )
    if plan.is_reference_shown:
        raise ConfigurationError("The plan shows the reference answer. Set shows_reference=False.")
    spending = Spending(plan.budget, plan.prices)
    models = AnnotatorModels(plan, spending)
    settings = {**plan.describe(), "num_answers": num_answers, "max_pairs": max_pairs, "form": form}
    survey = survey_questions(questions)
    report_problems(survey.problems)
    file = PairFile(Path(path), settings, survey.digests, form=form, max_pairs=max_pairs)
    run = _PairRun(questions, survey, file, spending, num_answers, report_progress)
    try:
        await models.share(lambda: run.work(models), concurrency)
    finally:
        file.close()
    return run.report(str(path))


class _PairRun:
    """The questions that are left, and what comes of them; several workers take from it."""

    def __init__(
        self,
        questions: TrainingSet,
        survey: QuestionSurvey,
        file: PairFile,
        spending: Spending,
        num_answers: int,
        report_progress: Callable[[PairReport], None],
    ) -> None:
        self._questions = questions
        self._survey = survey
        self._file = file
        self._spending = spending
        self._num_answers = num_answers
        self._report_progress = report_progress
        self._failures: dict[str, str] = {}
        self._is_budget_reached = False
        for role, usage in file.used.items():
            spending.add(role, usage)
        self._left = (each for each in read_questions(questions) if each.id not in file.done)

    async def work(self, models: AnnotatorModels) -> None:
        """Draw the pairs of one question after the other, until none is left or the budget is reached."""
        for example in self._left:
            if self._is_budget_reached:
                return
            try:
                await self._draw(example, models)
            except BudgetReached:
                self._is_budget_reached = True
                return
            except (ConfigurationError, ModelLoadError):
                raise
            # Providers raise whatever they like, and no question is to stop the others.
            except Exception as error:
                check_reach(error)
                self._failures[example.id] = describe_failure(error)
            self._report_progress(self.report(""))

    async def _draw(self, example: Example, models: AnnotatorModels) -> None:
        files = await asyncio.to_thread(read_files, self._questions, example)
        question, record = Question(example, tuple(files)), self._file.record_of(example.id)
        answers = await draw_answers(models.annotator, question, record, self._num_answers)
        self._file.keep(question, answers)

    def report(self, path: str) -> PairReport:
        """Say how far it is."""
        return PairReport(
            path=path,
            num_questions=len(self._survey.digests),
            num_problems=self._survey.problems.number,
            num_done=sum(id in self._file.done for id in self._survey.digests),
            num_pairs=self._file.num_pairs,
            failures=dict(self._failures),
            usage=self._spending.total,
            cost=self._spending.cost,
            is_budget_reached=self._is_budget_reached,
        )
