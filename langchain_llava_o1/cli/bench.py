"""`llava-o1 bench`: measurements of accuracy and speed."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from langchain_llava_o1.cli import answering
from langchain_llava_o1.cli.answering import AnswerSettings, run_until_interrupted
from langchain_llava_o1.cli.options import (
    CandidatesOption,
    DebugOption,
    JudgeOption,
    ModelOption,
    SettingsOption,
    StrategyOption,
    read_settings,
)
from langchain_llava_o1.cli.output import write_error, write_output
from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.evaluation import Benchmark, Shape, Strategy, Way

if TYPE_CHECKING:
    from langchain_llava_o1.evaluation.accuracy import AccuracyReport, Outcome
    from langchain_llava_o1.evaluation.comparison import ComparisonSettings

app = typer.Typer(help="Measure accuracy and speed.", no_args_is_help=True)


@app.callback()
def bench() -> None:
    """Measure what the model and its searches achieve."""


DifficultyOption = Annotated[Difficulty, typer.Option(help="Of the pictures.")]
ItemsOption = Annotated[int, typer.Option(min=1, help="Questions to answer.")]
FirstItemOption = Annotated[int, typer.Option("--seed", min=0, help="First evaluation item, counted from 0.")]
ConcurrencyOption = Annotated[int, typer.Option(min=1, help="Questions under way at once.")]


@app.command()
def accuracy(
    benchmark: Annotated[Benchmark, typer.Option(help="What is asked.")] = Benchmark.SCENES,
    difficulty: DifficultyOption = Difficulty.HARD,
    strategy: StrategyOption = Strategy.STAGE_BEAM,
    compare: Annotated[
        str | None,
        typer.Option(
            metavar="STRATEGY,…",
            help="Strategies to compare on the same items, in place of --strategy.",
            show_default=False,
        ),
    ] = None,
    judge: JudgeOption = None,
    candidates: Annotated[
        str, typer.Option(metavar="N[,N…]", help="Candidates; several numbers with --compare.")
    ] = "4",
    items: ItemsOption = 200,
    seed: FirstItemOption = 0,
    temperature: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=2.0, help="Of the candidates and the single pass. Default: 1.", show_default=False
        ),
    ] = None,
    further: SettingsOption = None,
    out: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER", help="With --compare: where answers, table and plot are kept, to go on from."
        ),
    ] = Path("comparison"),
    is_plotted: Annotated[
        bool, typer.Option("--plot/--no-plot", help="With --compare: draw comparison.svg and .png.")
    ] = True,
    concurrency: ConcurrencyOption = 48,
    model: ModelOption = None,
    is_json: Annotated[bool, typer.Option("--json", help="Print the report as one object.")] = False,
    is_debug: DebugOption = False,
) -> None:
    """Answer drawn pictures the model was not trained on, and count the right conclusions."""
    from langchain_llava_o1.evaluation.accuracy import measure_accuracy
    from langchain_llava_o1.evaluation.comparison import ComparisonSettings, comparison_table
    from langchain_llava_o1.evaluation.strategies import StrategySettings

    numbers = _read_numbers(candidates)
    if compare is not None:
        given = read_settings(further) | ({} if temperature is None else {"temperature": temperature})
        settings = ComparisonSettings(difficulty, judge, given, seed, items)
        reports = _compare(
            _read_strategies(compare), numbers, settings, model, out, concurrency, is_plotted=is_plotted
        )
        rows = {"rows": [report.as_json() for report in reports]}
        write_output(json.dumps(rows) + "\n" if is_json else comparison_table(reports))
        return
    if len(numbers) > 1:
        raise typer.BadParameter("several numbers need --compare; give one.", param_hint="--candidates")
    context = {"candidates": numbers[0], **read_settings(further)}
    if temperature is not None:
        context["temperature"] = temperature
    counter = _Counter(items)
    report = run_until_interrupted(
        measure_accuracy(
            answering.create_model(AnswerSettings(model)),
            difficulty=difficulty,
            settings=StrategySettings(strategy, judge, context),
            items=items,
            seed=seed,
            concurrency=concurrency,
            report_outcome=counter.add,
        )
    )
    write_output(json.dumps(report.as_json()) + "\n" if is_json else _as_table(report))


def _compare(
    strategies: list[Strategy],
    numbers: list[int],
    settings: "ComparisonSettings",
    model: str | None,
    folder: Path,
    concurrency: int,
    *,
    is_plotted: bool,
) -> "list[AccuracyReport]":
    from langchain_llava_o1.evaluation.comparison import compare, comparison_table, plan_cells
    from langchain_llava_o1.evaluation.plot import check_plotting, plot_comparison

    if is_plotted:
        check_plotting()
    cells = plan_cells(strategies, numbers)
    counters = {cell: _Counter(settings.items, f"{cell.strategy}, N={cell.candidates}: ") for cell in cells}
    reports = run_until_interrupted(
        compare(
            answering.create_model(AnswerSettings(model)),
            cells,
            settings,
            log_path=folder / "outcomes.jsonl",
            concurrency=concurrency,
            report_outcome=lambda cell, outcome: counters[cell].add(outcome),
        )
    )
    (folder / "comparison.md").write_text(comparison_table(reports), encoding="utf-8")
    if is_plotted:
        for ending in ("svg", "png"):
            plot_comparison(reports, folder / f"comparison.{ending}")
    return reports


def _read_numbers(text: str) -> list[int]:
    try:
        numbers = [int(number) for number in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or not all(1 <= number <= 64 for number in numbers):
        raise typer.BadParameter(
            f"{text!r} is no number from 1 to 64, nor several with commas between them.",
            param_hint="--candidates",
        )
    return numbers


def _read_strategies(text: str) -> list[Strategy]:
    names = [name.strip() for name in text.split(",")]
    known = [strategy.value for strategy in Strategy]
    if unknown := [name for name in names if name not in known]:
        raise typer.BadParameter(
            f"there is no strategy {', '.join(map(repr, unknown))}; there are {', '.join(known)}.",
            param_hint="--compare",
        )
    return [Strategy(name) for name in names]


@app.command()
def cutoff(
    difficulty: DifficultyOption = Difficulty.HARD,
    judge: JudgeOption = None,
    items: ItemsOption = 100,
    seed: FirstItemOption = 10_000,
    concurrency: ConcurrencyOption = 48,
    model: ModelOption = None,
    is_json: Annotated[bool, typer.Option("--json", help="Print the report as one object.")] = False,
    is_debug: DebugOption = False,
) -> None:
    """Score reasonings, and find the cutoff below which a retracing search goes back."""
    from langchain_llava_o1.evaluation.cutoff import measure_cutoff

    report = run_until_interrupted(
        measure_cutoff(
            answering.create_model(AnswerSettings(model)),
            judge=judge,
            difficulty=difficulty,
            items=items,
            seed=seed,
            concurrency=concurrency,
        )
    )
    if is_json:
        write_output(json.dumps(report.as_json()) + "\n")
    else:
        write_output(
            f"{report.scores} reasonings scored\nmean    {report.mean:.4f}\nspread  {report.spread:.4f}\n"
            f"cutoff  {report.cutoff:.4f}\n"
        )


@app.command()
def recall(
    difficulty: DifficultyOption = Difficulty.HARD,
    items: Annotated[int, typer.Option(min=6, help="Pictures to index and to search for.")] = 200,
    seed: FirstItemOption = 0,
    model: ModelOption = None,
    is_json: Annotated[bool, typer.Option("--json", help="Print the report as one object.")] = False,
    is_debug: DebugOption = False,
) -> None:
    """Index drawn pictures and search for each, by text and by picture: how many are among the first five?"""
    from langchain_llava_o1.evaluation.recall import RecallRow, measure_recall, recall_table

    def report_row(row: RecallRow) -> None:
        write_error(f"by {row.query} ({row.embeddings}): {row.recall:.1%}")

    report = measure_recall(
        answering.create_model(AnswerSettings(model)),
        difficulty=difficulty,
        items=items,
        seed=seed,
        report_row=report_row,
    )
    write_output(json.dumps(report.as_json()) + "\n" if is_json else recall_table(report))


@app.command()
def speed(
    model: ModelOption = None,
    shape: Annotated[
        Shape | None,
        typer.Option(help="Size of a checkpoint with random weights. Default: small.", show_default=False),
    ] = None,
    candidates: CandidatesOption = 4,
    questions: Annotated[int, typer.Option(min=1, help="Questions under way at once.")] = 1,
    repeats: Annotated[int, typer.Option(min=1, help="Runs of each way; the median counts.")] = 3,
    only: Annotated[
        list[Way] | None,
        typer.Option(help="A way to measure, may be repeated. Default: all four.", show_default=False),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Where to run. Default: the best there is.", show_default=False)
    ] = None,
    is_json: Annotated[bool, typer.Option("--json", help="Print the report as one object.")] = False,
    is_debug: DebugOption = False,
) -> None:
    """Run the search with transformers' generate and with the engine, side by side."""
    from langchain_llava_o1.chat.parameters import EMBEDDED_MODEL
    from langchain_llava_o1.evaluation.speed.table import measure_overhead, measure_speed, speed_table

    source = shape or (Shape.TINY if model == EMBEDDED_MODEL else model) or Shape.SMALL

    def report_run(name: str, seconds: float) -> None:
        write_error(f"{name} {seconds:.2f} s")

    report = measure_speed(
        source,
        candidates=candidates,
        questions=questions,
        repeats=repeats,
        ways=only or list(Way),
        device=device,
        report_run=report_run,
    )
    overhead = measure_overhead(
        source, candidates=candidates, repeats=repeats, device=device, report_run=report_run
    )
    if is_json:
        write_output(json.dumps(report.as_json() | {"overhead": overhead.as_json()}) + "\n")
    else:
        write_output(speed_table(report, overhead))


class _Counter:
    """Says on standard error how far the measurement is."""

    def __init__(self, items: int, heading: str = "") -> None:
        self._items = items
        self._heading = heading
        self._step = max(1, items // 20)
        self._done = 0
        self._right = 0

    def add(self, outcome: "Outcome") -> None:
        self._done += 1
        self._right += outcome.is_correct
        if self._done % self._step == 0 or self._done == self._items:
            write_error(
                f"{self._heading}{self._done}/{self._items} answered, {self._right / self._done:.1%} right"
            )


def _as_table(report: "AccuracyReport") -> str:
    low, high = report.interval
    lines = [
        f"{report.benchmark} ({report.difficulty}), {report.strategy}"
        f"{f', {report.judge} judge' if report.judge else ''}, "
        f"{report.candidates} candidate(s), {report.items} items",
        f"accuracy  {report.accuracy:.1%}  (95 % interval {low:.1%} to {high:.1%})",
        f"time      {report.seconds:.1f} s",
        f"tokens    {report.tokens} generated, {report.input_tokens} read",
    ]
    lines += [
        f"  {kind:<12} {found.accuracy:6.1%} of {found.items}" for kind, found in report.by_kind.items()
    ]
    return "\n".join(lines) + "\n"
