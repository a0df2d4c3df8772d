"""Annotating a set: many questions at once, each written down as soon as something came of it."""

import asyncio
from pathlib import Path

from langchain_llava_o1.data.annotation.annotation_run import AnnotationRun, ReportProgress
from langchain_llava_o1.data.annotation.estimate import Estimate, estimate_usage
from langchain_llava_o1.data.annotation.folder import CARD_FILE, EXAMPLES_FILE, AnnotationFolder, read_known
from langchain_llava_o1.data.annotation.models import AnnotatorModels
from langchain_llava_o1.data.annotation.plan import AnnotationPlan
from langchain_llava_o1.data.annotation.progress import AnnotationReport
from langchain_llava_o1.data.annotation.question import read_questions
from langchain_llava_o1.data.annotation.spending import Spending
from langchain_llava_o1.data.annotation.survey import ReportProblems, survey_questions
from langchain_llava_o1.data.card import write_annotation_card
from langchain_llava_o1.data.training_set import TrainingSet
from langchain_llava_o1.errors import ConfigurationError


def annotate(
    questions: TrainingSet,
    folder: str | Path,
    plan: AnnotationPlan,
    *,
    concurrency: int = 8,
    copy_pictures: bool = True,
    retry_refusals: bool = False,
    command: str = "",
    ray_address: str | None = None,
    num_ray_workers: int | None = None,
    report_progress: ReportProgress = lambda report: None,
    report_problems: ReportProblems = lambda problems: None,
) -> AnnotationReport:
    """Have a teacher write a staged answer to each question of a set, and keep those that are right.

    The folder then holds ``examples.jsonl``, a set in the published format, in the order in which answers
    came; ``refusals.jsonl``, the questions without an annotation and why; a card, ``README.md``; and
    ``annotation/``, the journal of every reply. A process that is killed at any moment loses only the calls
    that were under way: started again with the same folder, it goes on, and no reply in the journal is paid
    for again. An error of a provider ends no run, unless every question would meet it: its question is left
    as an error, which the next start tries again.

    Args:
        questions: The questions; the last answer of each is its reference answer, and ``hint`` among its
            further fields is told to the teacher.
        folder: Where to write to.
        plan: Who answers, who compares, and what it may cost.
        concurrency: Questions under way at once.
        copy_pictures: Whether pictures are copied into the folder. Otherwise their paths stay as they are,
            and the set is opened with the pictures of the questions.
        retry_refusals: Whether questions that were refused by an earlier start, after all tries, are tried
            again; those that failed are in any case.
        command: How it was made, for the card.
        ray_address: A Ray cluster whose machines ask the models: "auto", "ray://host:10001", or "local" for
            this one (extra ``ray``). None asks from here.
        num_ray_workers: How many workers it gets, each with ``concurrency`` questions under way; None for one
            on each machine or, where a checkpoint answers, on each GPU.
        report_progress: Called whenever something came of a question.
        report_problems: Called once, before any model is asked, with what is wrong with lines of the set.
            A line that gives no question is left out; the others go on.

    Raises:
        ConfigurationError: If the folder was begun in another way or is in use, or a model or search cannot
            be opened.
        ModelOutOfReachError: If a model answers no question at all, as with a wrong key or without credit;
            what was annotated is kept.
    """
    coroutine = aannotate(
        questions,
        folder,
        plan,
        concurrency=concurrency,
        copy_pictures=copy_pictures,
        retry_refusals=retry_refusals,
        command=command,
        ray_address=ray_address,
        num_ray_workers=num_ray_workers,
        report_progress=report_progress,
        report_problems=report_problems,
    )
    return asyncio.run(coroutine)


async def aannotate(
    questions: TrainingSet,
    folder: str | Path,
    plan: AnnotationPlan,
    *,
    concurrency: int = 8,
    copy_pictures: bool = True,
    retry_refusals: bool = False,
    command: str = "",
    ray_address: str | None = None,
    num_ray_workers: int | None = None,
    report_progress: ReportProgress = lambda report: None,
    report_problems: ReportProblems = lambda problems: None,
) -> AnnotationReport:
    """Annotate a set without blocking the event loop; the arguments are those of ``annotate``."""
    if concurrency < 1:
        raise ConfigurationError(f"concurrency is {concurrency}; give at least 1.")
    spending = Spending(plan.budget, plan.prices)
    models = AnnotatorModels(plan, spending)
    survey = survey_questions(questions)
    report_problems(survey.problems)
    opened = AnnotationFolder(
        Path(folder),
        plan.describe(),
        survey.digests,
        copy_pictures=copy_pictures,
        retry_refusals=retry_refusals,
    )
    with opened:
        opened.restore(spending)
        run = AnnotationRun(questions, survey, opened, spending, report_progress)
        if ray_address is None:
            await models.share(lambda: run.work(models), concurrency)
        else:
            from langchain_llava_o1.data.annotation.ray_workers import annotate_on_ray

            await annotate_on_ray(
                run, plan, ray_address, concurrency=concurrency, num_workers=num_ray_workers
            )
        report = run.tally.report()
        write_card(opened, report, plan, command=command, copy_pictures=copy_pictures, questions=questions)
    return report


def estimate_annotation(
    questions: TrainingSet,
    folder: str | Path,
    plan: AnnotationPlan,
    *,
    retry_refusals: bool = False,
    report_problems: ReportProblems = lambda problems: None,
) -> Estimate:
    """Estimate what it takes to annotate what is left of a set; no model is asked, and nothing is written.

    Args:
        questions: The questions.
        folder: Where annotations are written to; what is there already takes nothing.
        plan: Who answers and who compares.
        retry_refusals: Whether questions that were refused after all tries are tried again.
        report_problems: Called with what is wrong with lines of the set.

    Raises:
        ConfigurationError: If the folder was begun in another way or is in use.
    """
    survey = survey_questions(questions)
    report_problems(survey.problems)
    known = read_known(Path(folder), plan.describe(), survey.digests, retry_refusals=retry_refusals)
    return estimate_usage(
        (example for example in read_questions(questions) if known.is_to_do(example.id)),
        strategy=plan.search,
        has_validator=plan.validating_model is not None,
        prices=plan.prices,
    )


def write_card(
    folder: AnnotationFolder,
    report: AnnotationReport,
    plan: AnnotationPlan,
    *,
    command: str,
    copy_pictures: bool,
    questions: TrainingSet,
) -> None:
    """Write the card of what was annotated."""
    card = write_annotation_card(
        EXAMPLES_FILE,
        made_by=plan.describe(),
        source=str(questions.path),
        num_examples=report.num_annotated,
        num_refused=report.num_refused + report.num_failed,
        picture_place="the folder of the file" if copy_pictures else str(questions.pictures),
        command=command,
    )
    (folder.path / CARD_FILE).write_text(card, encoding="utf-8")
