"""`llava-o1 ask`: answer a question about pictures."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from langchain_llava_o1.cli.answering import AnswerSettings, answer_question
from langchain_llava_o1.cli.collection_answer import (
    answer_from_collection,
    read_collection_settings,
    report_sources,
)
from langchain_llava_o1.cli.display import format_stages
from langchain_llava_o1.cli.judge_options import (
    JudgeKindOption,
    JudgeModelOption,
    JudgeOption,
    JudgeSettingsOption,
    JudgeUrlOption,
    read_judge,
)
from langchain_llava_o1.cli.options import (
    AdapterOption,
    CandidatesOption,
    ClipboardOption,
    CollectionOption,
    DebugOption,
    ImagesArgument,
    ModelOption,
    PagesOption,
    QuestionArgument,
    RouteOption,
    SeedOption,
    SettingsOption,
    SourcesOption,
    StrategyOption,
    TemperatureOption,
    read_further_settings,
    read_page_numbers,
)
from langchain_llava_o1.cli.output import write_error, write_output
from langchain_llava_o1.cli.progress import create_progress
from langchain_llava_o1.cli.question import check_asked
from langchain_llava_o1.cli.report import check_page_path, write_page
from langchain_llava_o1.cli.stream import StreamPrinter
from langchain_llava_o1.search.catalogue import DEFAULT_SEARCH

if TYPE_CHECKING:
    from langchain_llava_o1 import SearchResult
    from langchain_llava_o1.rag.sources import Source

_WARNINGS = {
    "length": "the answer was cut off at the limit of tokens",
    "untagged": "the model reached no conclusion; the answer is its text as it is",
}


def ask(
    images: ImagesArgument,
    question: QuestionArgument,
    clipboard: ClipboardOption = False,
    pages: PagesOption = None,
    model: ModelOption = None,
    adapter: AdapterOption = None,
    strategy: StrategyOption = DEFAULT_SEARCH,
    judge: JudgeOption = None,
    judge_model: JudgeModelOption = None,
    judge_base_url: JudgeUrlOption = None,
    judge_kind: JudgeKindOption = None,
    judge_settings: JudgeSettingsOption = None,
    candidates: CandidatesOption = None,
    temperature: TemperatureOption = None,
    seed: SeedOption = None,
    further: SettingsOption = None,
    collection: CollectionOption = None,
    num_sources: SourcesOption = None,
    retrieve_by: RouteOption = None,
    show_stages: Annotated[
        bool, typer.Option("--show-stages", help="Print every accepted stage, the conclusion last.")
    ] = False,
    is_json: Annotated[
        bool,
        typer.Option("--json", help="Print one object: answer, stages, usage, seconds, model, seed, limit."),
    ] = False,
    is_streamed: Annotated[
        bool,
        typer.Option(
            "--stream",
            help="Print text as soon as it is settled: token by token with --candidates 1, else stage by "
            "stage. Hidden stages go to standard error, with --show-stages to standard output.",
        ),
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="PATH",
            help="Also write a page that shows how the answer came about, as in report.html.",
            show_default=False,
        ),
    ] = None,
    is_debug: DebugOption = False,
) -> None:
    """Answer a QUESTION about pictures or from a collection.

    The answer alone goes to standard output.
    """
    if is_json and is_streamed:
        raise typer.BadParameter("--stream prints text and --json one object at the end; choose one.")
    asked = check_asked(
        images,
        question,
        with_clipboard=clipboard,
        has_collection=collection is not None,
        pages=read_page_numbers(pages),
    )
    asked_collection = read_collection_settings(collection, num_sources, retrieve_by, asked)
    if report is not None:
        check_page_path(report, "--report")
    pictures = asked.read_pictures()
    started = time.perf_counter()
    with create_progress(is_verbose=is_streamed and not show_stages) as progress:
        printer = StreamPrinter(progress, show_stages=show_stages) if is_streamed else None
        listener = printer.handle if printer else progress.handle
        settings = AnswerSettings(
            model,
            candidates,
            temperature,
            seed,
            strategy,
            read_judge(judge, judge_model, judge_kind, judge_base_url, judge_settings),
            read_further_settings(further),
            streams_text=is_streamed,
            adapter=adapter,
        )
        sources: list[Source] = []
        if asked_collection is not None:
            answer = answer_from_collection(pictures, question, settings, asked_collection, listener)
            result, sources = answer.result, answer.sources
        else:
            result = answer_question(pictures, question, settings, listener)
    seconds = time.perf_counter() - started
    if is_json:
        write_output(_as_json(result, seconds, sources))
    elif printer:
        printer.finish(result)
    elif show_stages:
        write_output(format_stages(result.stages, result.answer))
    else:
        write_output(result.answer + "\n")
    if not is_json:
        report_sources(sources)
    if result.finish_reason in _WARNINGS:
        write_error(f"llava-o1: warning: {_WARNINGS[result.finish_reason]}")
    if result.limit is not None:
        write_error(f"llava-o1: warning: the search stopped at {result.limit}; the answer is its best so far")
    if report is not None:
        write_page(result.to_html(), report)


def _as_json(result: "SearchResult", seconds: float, sources: "list[Source]") -> str:
    fields = {
        "answer": result.answer,
        "stages": result.stages,
        "usage": result.usage,
        "seconds": round(seconds, 3),
        "model": result.model_name,
        "seed": result.settings["seed"],
        "limit": result.limit,
        **({"sources": sources} if sources else {}),
    }
    return json.dumps(fields, ensure_ascii=False) + "\n"
