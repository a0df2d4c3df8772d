"""`llava-o1 bench accuracy`: how many questions a search answers right, or several searches side by side."""

import json
from pathlib import Path

import typer

from langchain_llava_o1.cli import answering
from langchain_llava_o1.cli.answering import AnswerSettings
from langchain_llava_o1.cli.bench.accuracy_options import (
    COMPARED_CANDIDATES,
    DEFAULT_FOLDER,
    BaselinesOption,
    BaseUrlOption,
    CompareOption,
    CompatibleOption,
    ContinuationOption,
    DataOption,
    FolderOption,
    GraderOption,
    GraderPriceOption,
    GraderUrlOption,
    ItemsOption,
    MaxCostOption,
    NumbersOption,
    PlotOption,
    PriceOption,
    SamplingSeedOption,
    TemperatureOption,
    TokensOption,
    TopPOption,
    TurnsOption,
    WholeConversationOption,
    read_numbers,
)
from langchain_llava_o1.cli.bench.comparing import (
    Measurement,
    compare_all,
    go_on_by,
    measure,
    send_whole_conversations,
    write_tables,
)
from langchain_llava_o1.cli.bench.options import (
    BenchmarkDifficultyOption,
    BenchmarkOptionsOption,
    BenchmarksOption,
    ConcurrencyOption,
    FirstItemOption,
    JsonOption,
    read_benchmarks,
)
from langchain_llava_o1.cli.bench.paying import read_purse, read_resources, refuse_unpriced_grader
from langchain_llava_o1.cli.bench.tables import accuracy_table, turns_table
from langchain_llava_o1.cli.data.ticker import leave_if_budget_is_reached
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
    DebugOption,
    ModelOption,
    SettingsOption,
    StrategyOption,
    read_further_settings,
)
from langchain_llava_o1.cli.output import write_output
from langchain_llava_o1.evaluation.benchmark import DEFAULT_BENCHMARK
from langchain_llava_o1.search.catalogue import DEFAULT_SEARCH, SEARCHES
from langchain_llava_o1.staging.stages import STAGES


def accuracy(
    benchmark: BenchmarksOption = DEFAULT_BENCHMARK,
    difficulty: BenchmarkDifficultyOption = None,
    benchmark_options: BenchmarkOptionsOption = None,
    data: DataOption = None,
    strategy: StrategyOption = DEFAULT_SEARCH,
    compare: CompareOption = None,
    has_baselines: BaselinesOption = False,
    judge: JudgeOption = None,
    judge_model: JudgeModelOption = None,
    judge_base_url: JudgeUrlOption = None,
    judge_kind: JudgeKindOption = None,
    judge_settings: JudgeSettingsOption = None,
    candidates: NumbersOption = None,
    items: ItemsOption = None,
    seed: FirstItemOption = 0,
    sampling_seed: SamplingSeedOption = None,
    temperature: TemperatureOption = None,
    top_p: TopPOption = None,
    tokens: TokensOption = None,
    further: SettingsOption = None,
    out: FolderOption = None,
    is_plotted: PlotOption = None,
    concurrency: ConcurrencyOption = 48,
    turns: TurnsOption = 1,
    is_whole: WholeConversationOption = False,
    model: ModelOption = None,
    adapter: AdapterOption = None,
    base_url: BaseUrlOption = None,
    continuation: ContinuationOption = None,
    grader: GraderOption = None,
    grader_base_url: GraderUrlOption = None,
    is_compatible: CompatibleOption = False,
    max_cost: MaxCostOption = None,
    price: PriceOption = None,
    grader_price: GraderPriceOption = None,
    is_json: JsonOption = False,
    is_debug: DebugOption = False,
) -> None:
    """Answer a benchmark's questions and count the right conclusions."""
    numbers = None if candidates is None else read_numbers(candidates)
    searches = None if compare is None else _read_searches(compare)
    if searches is None:
        _refuse_what_compares(
            numbers, out, is_plotted=is_plotted, has_baselines=has_baselines, max_cost=max_cost
        )
    elif turns > 1:
        raise typer.BadParameter("a comparison asks single questions; leave one out.", param_hint="--turns")
    if is_whole and turns == 1:
        raise typer.BadParameter(
            "one question is no conversation; add --turns.", param_hint="--whole-conversation"
        )
    purse = read_purse(price, grader_price, max_cost)
    refuse_unpriced_grader(AnswerSettings(grader, base_url=grader_base_url), grader_price, max_cost)
    folder = None if searches is None else out or DEFAULT_FOLDER
    resources = read_resources(
        data, grader, grader_base_url, purse, folder=folder, is_compatible=is_compatible
    )
    given = {
        "temperature": temperature,
        "max_tokens_per_stage": _share(tokens),
        "seed": sampling_seed,
    }
    opened = answering.open_model(AnswerSettings(model, base_url=base_url, adapter=adapter, top_p=top_p))
    opened = go_on_by(opened, continuation)
    measurement = Measurement(
        model=send_whole_conversations(opened) if is_whole else opened,
        benchmarks=read_benchmarks(
            benchmark, difficulty, benchmark_options, seed=seed, items=items, resources=resources
        ),
        judge=read_judge(judge, judge_model, judge_kind, judge_base_url, judge_settings),
        settings=read_further_settings(further)
        | {name: value for name, value in given.items() if value is not None},
        seed=seed,
        concurrency=concurrency,
        base_url=base_url,
        continuation=continuation,
    )
    if searches is None or folder is None:
        _measure_alone(measurement, strategy, numbers[0] if numbers else None, turns, is_json=is_json)
        return
    from langchain_llava_o1.evaluation.comparison import plan_cells

    groups = compare_all(
        measurement,
        plan_cells(searches, numbers or [COMPARED_CANDIDATES], has_baselines=has_baselines),
        folder,
        purse=purse,
        is_plotted=is_plotted is not False,
    )
    rows = {"rows": [report.as_json() for reports in groups for report in reports]}
    write_output(json.dumps(rows) + "\n" if is_json else write_tables(groups))
    leave_if_budget_is_reached(is_reached=purse.is_empty)


def _measure_alone(
    measurement: Measurement, strategy: str, num_candidates: int | None, turns: int, *, is_json: bool
) -> None:
    if len(measurement.benchmarks) > 1:
        raise typer.BadParameter("several benchmarks need --compare; give one.", param_hint="--benchmark")
    report, *later = measure(measurement, strategy, num_candidates, sorted({1, turns}))
    if later:
        write_output(turns_table(report, later[0], turns, is_json=is_json))
    else:
        write_output(json.dumps(report.as_json()) + "\n" if is_json else accuracy_table(report))


def _share(tokens: int | None) -> int | None:
    """Return how many of an answer's tokens each of its stages may have."""
    return None if tokens is None else -(-tokens // len(STAGES))


def _read_searches(text: str) -> list[str]:
    from langchain_llava_o1.evaluation.contender import PLAIN

    names, known = [name.strip() for name in text.split(",")], [*SEARCHES, PLAIN]
    if unknown := [name for name in names if name not in known]:
        raise typer.BadParameter(
            f"there is no strategy {', '.join(map(repr, unknown))}; there are {', '.join(known)}.",
            param_hint="--compare",
        )
    return names


def _refuse_what_compares(
    numbers: list[int] | None,
    out: Path | None,
    *,
    is_plotted: bool | None,
    has_baselines: bool,
    max_cost: float | None,
) -> None:
    if numbers and len(numbers) > 1:
        raise typer.BadParameter("several numbers need --compare; give one.", param_hint="--candidates")
    if out is not None:
        raise typer.BadParameter(
            f"only a comparison writes files, so that nothing would be in {out}; add --compare, or leave it "
            "out.",
            param_hint="--out",
        )
    if is_plotted is not None:
        option = "--plot" if is_plotted else "--no-plot"
        raise typer.BadParameter(
            "only a comparison is drawn; add --compare, or leave it out.", param_hint=option
        )
    if has_baselines:
        raise typer.BadParameter(
            "baselines stand beside strategies; add --compare.", param_hint="--baselines"
        )
    if max_cost is not None:
        raise typer.BadParameter(
            "only a comparison can stop and go on with more money; add --compare.", param_hint="--max-cost"
        )
