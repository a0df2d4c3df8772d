"""`llava-o1 bench`: measurements of accuracy and speed."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from langchain_llava_o1.cli.answering import AnswerSettings, create_model, run_until_interrupted
from langchain_llava_o1.cli.options import CandidatesOption, DebugOption, ModelOption
from langchain_llava_o1.cli.output import write_error, write_output
from langchain_llava_o1.evaluation import Benchmark, Shape, Strategy, Way
from langchain_llava_o1.tiny import Difficulty

if TYPE_CHECKING:
    from langchain_llava_o1.evaluation.accuracy import AccuracyReport, Outcome

app = typer.Typer(help="Measure accuracy and speed.", no_args_is_help=True)


@app.callback()
def bench() -> None:
    """Measure what the model and its searches achieve."""


@app.command()
def accuracy(
    benchmark: Annotated[Benchmark, typer.Option(help="What is asked.")] = Benchmark.SCENES,
    difficulty: Annotated[Difficulty, typer.Option(help="Of the pictures.")] = Difficulty.HARD,
    strategy: Annotated[Strategy, typer.Option(help="How questions are answered.")] = Strategy.STAGE_BEAM,
    candidates: CandidatesOption = 4,
    items: Annotated[int, typer.Option(min=1, help="Questions to answer.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="First evaluation item, counted from 0.")] = 0,
    temperature: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=2.0, help="Of the candidates and the single pass. Default: 1.", show_default=False
        ),
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Questions under way at once.")] = 48,
    model: ModelOption = None,
    is_json: Annotated[bool, typer.Option("--json", help="Print the report as one object.")] = False,
    is_debug: DebugOption = False,
) -> None:
    """Answer drawn pictures the model was not trained on, and count the right conclusions."""
    from langchain_llava_o1.evaluation.accuracy import measure_accuracy
    from langchain_llava_o1.evaluation.strategies import StrategySettings

    given = {"candidates": candidates, "temperature": temperature}
    settings = StrategySettings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    counter = _Counter(items)
    report = run_until_interrupted(
        measure_accuracy(
            create_model(AnswerSettings(model)),
            difficulty=difficulty,
            strategy=strategy,
            settings=settings,
            items=items,
            seed=seed,
            concurrency=concurrency,
            report_outcome=counter.add,
        )
    )
    write_output(json.dumps(report.as_json()) + "\n" if is_json else _as_table(report))


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
    from langchain_llava_o1.chat_parameters import EMBEDDED_MODEL
    from langchain_llava_o1.evaluation.speed import measure_overhead, measure_speed, speed_table

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

    def __init__(self, items: int) -> None:
        self._items = items
        self._step = max(1, items // 20)
        self._done = 0
        self._right = 0

    def add(self, outcome: "Outcome") -> None:
        self._done += 1
        self._right += outcome.is_correct
        if self._done % self._step == 0 or self._done == self._items:
            write_error(f"{self._done}/{self._items} answered, {self._right / self._done:.1%} right")


def _as_table(report: "AccuracyReport") -> str:
    low, high = report.interval
    lines = [
        f"{report.benchmark} ({report.difficulty}), {report.strategy}, "
        f"{report.candidates} candidate(s), {report.items} items",
        f"accuracy  {report.accuracy:.1%}  (95 % interval {low:.1%} to {high:.1%})",
        f"time      {report.seconds:.1f} s",
        f"tokens    {report.tokens} generated, {report.input_tokens} read",
    ]
    lines += [
        f"  {kind:<12} {found.accuracy:6.1%} of {found.items}" for kind, found in report.by_kind.items()
    ]
    return "\n".join(lines) + "\n"
