"""How good a judge is, told by candidates of which one is known to be right."""

import itertools
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage
from typer.testing import CliRunner, Result

from langchain_llava_o1.cli import answering
from langchain_llava_o1.cli.app import app
from langchain_llava_o1.data.annotation.spending import Price
from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.items import EVALUATION_SEED, make_puzzle
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.accuracy import wilson_interval
from langchain_llava_o1.evaluation.benchmark import open_benchmark
from langchain_llava_o1.evaluation.item import DamagedItemError, Item
from langchain_llava_o1.evaluation.judging import JudgeReport, judge_table, measure_judge
from langchain_llava_o1.evaluation.verdict_log import VerdictLog
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.staging.transcript import parse_transcript
from tests.evaluation.benchmark_files import write_published
from tests.scripted_model import Call, Reply, ScriptedModel, number, stopped

ITEMS = 6
KNOWN = {
    item.prompt: item
    for item in (make_puzzle(EVALUATION_SEED + seed, Difficulty.HARD) for seed in range(ITEMS))
}
RIGHT = {
    text
    for item in KNOWN.values()
    for text in (
        item.summaries()[0],
        item.captions()[0],
        item.reasonings(item.told)[0],
        item.conclusions(item.told)[0],
    )
}


def write_right_or_wrong(call: Call) -> Reply:
    """Write the right stage for about half of the seeds."""
    item = KNOWN[call.messages[0].content[1]["text"]]
    texts = (
        item.summaries()[0],
        item.captions()[0],
        item.reasonings(item.told)[0],
        item.conclusions(item.told)[0],
    )
    accepted = next((str(m.text) for m in call.messages if isinstance(m, AIMessage)), "")
    index = len(parse_transcript(accepted).stages)
    wrong = f"wrong {number(call.seed)}"
    text = texts[index] if number(call.seed) % 2 else wrong
    return stopped(f"{STAGES[index].opening}{text}", STAGES[index].closing)


def prefer_right(call: Call) -> Reply:
    return f"Better: {1 if call.compared[0] in RIGHT else 2}"


def prefer_first(call: Call) -> Reply:
    return "Better: 1"


async def measure(judge: Callable[[Call], Reply], **options: Any) -> JudgeReport:
    model = ScriptedModel(write=write_right_or_wrong, judge=judge)
    given = {
        "benchmark": open_benchmark("puzzles"),
        "strategy": Strategy("stage-beam", "generative", {"candidates": 4}),
        "concurrency": 3,
        **options,
    }
    return await measure_judge(model, items=ITEMS, seed=0, **given)


async def test_a_judge_that_knows_is_right_in_both_orders() -> None:
    report = await measure(prefer_right)

    parts = {part.part: part for part in report.parts}
    assert parts["caption"].decisive > 0
    for part in report.parts:
        assert part.unread == 0
        assert part.right == part.right_in_both in (1.0, None)
    assert "| caption |" in judge_table(report)
    assert report.as_json()["benchmark"] == "puzzles"


async def test_a_judge_that_takes_the_first_agrees_with_itself_in_nothing() -> None:
    report = await measure(prefer_first)

    for part in report.parts:
        assert part.agreed == 0
        assert part.first == 1
        assert (part.right, part.right_in_both) in ((0.5, 0.0), (None, None))


async def test_verdicts_that_name_nothing_are_counted() -> None:
    report = await measure(lambda call: "Both are fine.")

    assert {part.unread for part in report.parts} == {1.0}
    assert {part.agreed for part in report.parts} == {0.0}


async def test_calls_and_tokens_are_those_of_verdicts_alone() -> None:
    report = await measure(lambda call: stopped("Better: 1"))

    for part in report.parts:
        # Two orders of 10 tokens read and 3 generated; those of the candidates are not counted.
        assert (part.calls, part.input_tokens, part.tokens) == (
            2 * part.matches,
            20 * part.matches,
            6 * part.matches,
        )
    assert "| 2.0 | 20 and 6 |" in judge_table(report)


class ScoringModel(ScriptedModel):
    """Tells how likely a choice is: that of the right response."""

    async def ascore(self, messages: Sequence[BaseMessage], continuations: Sequence[str]) -> list[float]:
        is_first = Call(messages, {}).compared[0] in RIGHT
        return [-0.1, -2.0] if is_first else [-2.0, -0.1]


async def test_what_a_judge_chose_is_known_where_its_text_does_not_say() -> None:
    report = await measure_judge(
        ScoringModel(write=write_right_or_wrong),
        benchmark=open_benchmark("puzzles"),
        strategy=Strategy("stage-beam", "likelihood", {"candidates": 4}),
        items=ITEMS,
        seed=0,
        concurrency=3,
    )
    assert report.judge == "likelihood"
    assert any(part.decisive for part in report.parts)
    for part in report.parts:
        assert part.unread < 1
        assert part.right in (1.0, None)


async def test_an_interval_is_over_pairs_and_not_over_verdicts() -> None:
    report = await measure(prefer_first)

    part = max(report.parts, key=lambda part: part.decisive)
    assert part.interval == wilson_interval(part.decisive / 2, part.decisive)


def write_surely_or_not(call: Call) -> Reply:
    """Write as ``write_right_or_wrong``, and be surer of what is right."""
    reply = write_right_or_wrong(call)
    assert isinstance(reply, AIMessage)
    reply.response_metadata["mean_logprob"] = -2.0 if "wrong" in str(reply.text) else -0.1
    return reply


async def test_of_a_judge_that_scores_the_higher_score_wins() -> None:
    report = await measure_judge(
        ScriptedModel(write=write_surely_or_not),
        benchmark=open_benchmark("puzzles"),
        strategy=Strategy("stage-beam", "confidence", {"candidates": 3}),
        items=ITEMS,
        seed=0,
        concurrency=3,
        price=Price(1, 2),
    )
    assert any(part.decisive for part in report.parts)
    for part in report.parts:
        # Candidates that are right are alike; of two wrong ones it is equally sure.
        assert part.agreed == pytest.approx(1 - part.unread)
        assert part.right in (1.0, None)
        assert (part.calls, part.tokens, part.cost) == (None, None, None)
    assert "| – | – | – |" in judge_table(report)


async def test_what_a_pair_costs_is_told() -> None:
    report = await measure(lambda call: stopped("Better: 1"), price=Price(1.0, 100.0))

    for part in report.parts:
        assert part.cost == pytest.approx((20 * 1 + 6 * 100) / 1e6)
    assert "| 0.000620 |" in judge_table(report)


async def test_verdicts_that_name_nothing_lean_to_no_place() -> None:
    calls = itertools.count()
    report = await measure(lambda call: "Better: 1" if next(calls) % 2 else "Both are fine.")

    assert all(part.unread > 0 for part in report.parts)
    assert {part.first for part in report.parts} <= {1.0, None}
    report = await measure(lambda call: "Both are fine.")
    assert {part.first for part in report.parts} == {None}
    assert "| 0.0% | – | 100.0% |" in judge_table(report)


async def test_a_search_that_compares_nothing_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="generative"):
        await measure(prefer_first, strategy=Strategy("self-consistency", "generative"))


async def test_damaged_items_are_told_and_the_others_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    benchmark = open_benchmark("puzzles")
    read = benchmark.read_item

    def read_some(number: int) -> Item:
        if number == 1:
            raise DamagedItemError("row 1 is damaged")
        return read(number)

    monkeypatch.setattr(benchmark, "read_item", read_some)
    told: list[DamagedItemError] = []
    report = await measure(prefer_right, benchmark=benchmark, report_damage=told.append)
    assert [str(damage) for damage in told] == ["row 1 is damaged"]
    assert report.parts


FAILING_CALL = 40
"""Some items are complete then."""


class Down(Exception):
    pass


async def test_verdicts_are_written_down_and_what_was_interrupted_goes_on(tmp_path: Path) -> None:
    calls: list[Call] = []

    def judge(call: Call) -> Reply:
        calls.append(call)
        if len(calls) == FAILING_CALL:
            raise Down
        return stopped(f"Better: {1 if call.compared[0] in RIGHT else 2}")

    def open_log() -> VerdictLog:
        return VerdictLog(tmp_path / "new" / "verdicts.jsonl", {"judge": "generative"})

    whole = await measure(lambda call: stopped(str(prefer_right(call))), concurrency=1)
    with pytest.raises(Down):
        await measure(judge, log=open_log(), concurrency=1)
    kept = (tmp_path / "new" / "verdicts.jsonl").read_text()
    num_kept = kept.count('"order"')
    assert num_kept > 0
    calls.clear()
    calls += [None] * FAILING_CALL  # type: ignore[list-item]
    # A line that was cut off counts as none.
    (tmp_path / "new" / "verdicts.jsonl").write_text(kept + '{"item": 4, "par')
    assert (await measure(judge, log=open_log(), concurrency=1)).parts == whole.parts
    assert len(calls) - FAILING_CALL == sum(part.calls or 0 for part in whole.parts) - num_kept
    calls.clear()
    assert (await measure(judge, log=open_log())).parts == whole.parts
    assert calls == []


def test_a_file_with_other_verdicts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.jsonl"
    VerdictLog(path, {"judge": "generative"})
    with pytest.raises(ConfigurationError, match=r"other verdicts \(\{'judge': 'generative'\}, not .*critic"):
        VerdictLog(path, {"judge": "critic"})
    path.write_text("no verdicts\n")
    with pytest.raises(ConfigurationError, match="cannot be read as verdicts"):
        VerdictLog(path, {"judge": "critic"})
    path.write_text('{"judge": "critic"}\n{"item": 0}\n')
    with pytest.raises(ConfigurationError, match=r"Line 2 of .* is no verdict"):
        VerdictLog(path, {"judge": "critic"}).read(lambda line: line["order"])


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["bench", "judge", *map(str, arguments)])


def test_the_command_writes_verdicts_down_and_refuses_those_of_another_benchmark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ScriptedModel(write=write_right_or_wrong, judge=lambda call: stopped("Better: 1"))
    monkeypatch.setattr(answering, "create_model", lambda settings: model)
    options = ("--benchmark", "puzzles", "--items", "3", "--out", tmp_path / "verdicts.jsonl", "--json")
    first = run(*options, "--price", "1,2")
    assert first.exit_code == 0, first.output
    assert all(part["cost"] > 0 for part in json.loads(first.stdout)["parts"])
    num_calls = len(model.judging_calls)
    again = run(*options, "--price", "1,2")
    assert (again.stdout, len(model.judging_calls)) == (first.stdout, num_calls)
    refused = run("--benchmark", "scenes", *options[2:])
    assert refused.exit_code == 2
    assert "has other verdicts" in " ".join(refused.output.replace("│", " ").split())


def test_a_published_benchmark_is_judged_from_the_folder_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_published(tmp_path, "mmstar")
    monkeypatch.setattr(answering, "create_model", lambda settings: ScriptedModel())
    options = ("--benchmark", "mmstar", "--data", str(tmp_path), "--items", "2", "--json")
    result = run(*options)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["benchmark"] == "mmstar"
