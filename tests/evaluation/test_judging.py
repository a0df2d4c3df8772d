"""How good a judge is, told by candidates of which one is known to be right."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage, BaseMessage
from typer.testing import CliRunner

from langchain_llava_o1.cli import answering
from langchain_llava_o1.cli.app import app
from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.items import EVALUATION_SEED, make_puzzle
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.accuracy import wilson_interval
from langchain_llava_o1.evaluation.benchmark import open_benchmark
from langchain_llava_o1.evaluation.judging import judge_table, measure_judge
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


async def measure(judge: object, items: int = ITEMS):  # noqa: ANN201
    model = ScriptedModel(write=write_right_or_wrong, judge=judge)
    strategy = Strategy("stage-beam", "generative", {"candidates": 4})
    return await measure_judge(
        model, benchmark=open_benchmark("puzzles"), strategy=strategy, items=items, seed=0, concurrency=3
    )


async def test_a_judge_that_knows_is_right_in_both_orders() -> None:
    report = await measure(prefer_right)

    parts = {part.part: part for part in report.parts}
    assert parts["caption"].decisive > 0
    for part in report.parts:
        assert part.unread == 0
        assert part.right in (1.0, None)
    assert "| caption |" in judge_table(report)
    assert report.as_json()["benchmark"] == "puzzles"


async def test_a_judge_that_takes_the_first_agrees_with_itself_in_nothing() -> None:
    report = await measure(prefer_first)

    for part in report.parts:
        assert part.agreed == 0
        assert part.first == 1
        assert part.right in (0.5, None)


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


async def test_a_judge_that_scores_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"confidence gives scores.*judge that compares"):
        await measure_judge(
            ScriptedModel(),
            benchmark=open_benchmark("puzzles"),
            strategy=Strategy("stage-beam", "confidence", {"candidates": 2}),
            items=1,
            seed=0,
            concurrency=1,
        )


def test_a_published_benchmark_is_judged_from_the_folder_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_published(tmp_path, "mmstar")
    monkeypatch.setattr(answering, "create_model", lambda settings: ScriptedModel())
    options = ("--benchmark", "mmstar", "--data", str(tmp_path), "--items", "2", "--json")
    result = CliRunner().invoke(app, ["bench", "judge", *options])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["benchmark"] == "mmstar"
