"""Accuracy is counted right, whatever the model."""

import json
import math
from collections.abc import Sequence

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field

from langchain_llava_o1.cli.bench.tables import accuracy_table
from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.items import EVALUATION_SEED, make_item
from langchain_llava_o1.errors import DataError
from langchain_llava_o1.evaluation.accuracy import (
    AccuracyReport,
    GroupAccuracy,
    KindAccuracy,
    measure_accuracy,
    summarize,
    wilson_interval,
)
from langchain_llava_o1.evaluation.benchmark import open_benchmark
from langchain_llava_o1.evaluation.contender import Facts
from langchain_llava_o1.evaluation.item import DamagedItemError, Item
from langchain_llava_o1.evaluation.outcome import Outcome, Unit
from langchain_llava_o1.evaluation.provenance import Provenance
from langchain_llava_o1.search.strategy import Strategy


class Oracle(BaseChatModel):
    """Knows the answers to the first items, but for those whose number is divisible by ``misses``."""

    misses: int
    answers: dict[str, str] = Field(default_factory=dict)
    temperatures: list[float | None] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "oracle"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: object = None,
        run_manager: object = None,
        **parameters: object,
    ) -> ChatResult:
        self.temperatures.append(parameters.get("temperature"))
        question = messages[0].content[1]["text"]
        reply = AIMessage(
            self.answers.get(question, "?"),
            usage_metadata={"input_tokens": 3, "output_tokens": 2, "total_tokens": 5},
        )
        return ChatResult(generations=[ChatGeneration(message=reply)])


def make_oracle(items: int, misses: int, seed: int = 0) -> Oracle:
    oracle = Oracle(misses=misses)
    for number in range(items):
        item = make_item(EVALUATION_SEED + seed + number, Difficulty.HARD)
        right = item.conclusions(item.content)[0]
        oracle.answers[item.prompt] = "wrong" if number % misses == 0 else right
    return oracle


@pytest.mark.parametrize(
    ("strategy", "temperature"),
    [(Strategy("greedy"), 0.0), (Strategy("single", None, {"temperature": 0.5}), 0.5)],
)
async def test_accuracy_is_the_share_of_right_conclusions(strategy: Strategy, temperature: float) -> None:
    oracle = make_oracle(20, misses=4, seed=7)
    seen = []

    report = await measure_accuracy(
        oracle,
        benchmark=open_benchmark("scenes"),
        strategy=strategy,
        items=20,
        seed=7,
        concurrency=5,
        report=seen.append,
    )

    assert report.accuracy == 0.75
    assert report.items == len(seen) == 20
    assert report.candidates == 1
    assert report.tokens == 40
    assert report.input_tokens == 60
    assert {outcome.number for outcome in seen} == set(range(7, 27))
    assert sum(kind.items for kind in report.by_kind.values()) == 20
    assert set(oracle.temperatures) == {temperature}
    assert report.interval.low < 0.75 < report.interval.high
    plain = json.loads(json.dumps(report.as_json()))
    assert plain["interval"] == list(report.interval)
    assert plain["strategy"] == strategy.search


async def test_a_report_of_scenes_has_the_keys_that_readers_of_its_json_know() -> None:
    report = await measure_accuracy(
        make_oracle(2, misses=2),
        benchmark=open_benchmark("scenes", {"difficulty": "hard"}),
        strategy=Strategy("greedy"),
        items=2,
        seed=0,
        concurrency=1,
    )
    fields = report.as_json()
    assert list(fields) == [
        *(
            "benchmark",
            "difficulty",
            "strategy",
            "judge",
            "candidates",
            "temperature",
            "model",
            "seed",
            "items",
        ),
        *("accuracy", "interval", "by_kind", "by_skill", "seconds", "tokens", "input_tokens"),
        *("counted", "unread", "further"),
    ]
    assert (fields["benchmark"], fields["difficulty"]) == ("scenes", "hard")


async def test_a_failing_model_is_not_a_wrong_answer() -> None:
    class Failing(Oracle):
        def _generate(self, *args: object, **parameters: object) -> ChatResult:
            if self.temperatures:
                raise RuntimeError("broken")
            return super()._generate(*args, **parameters)

    with pytest.raises(RuntimeError, match="broken") as failure:
        await measure_accuracy(
            Failing(misses=1),
            benchmark=open_benchmark("scenes", {"difficulty": "easy"}),
            strategy=Strategy("greedy"),
            items=2,
            seed=5,
            concurrency=1,
        )
    assert any("number 6) of scenes (easy)" in note for note in failure.value.__notes__)


async def test_what_to_do_is_said_where_no_item_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    benchmark = open_benchmark("scenes", {"difficulty": "easy"})

    def read_none(number: int) -> Item:
        raise DamagedItemError(f"row {number} is damaged")

    monkeypatch.setattr(benchmark, "read_item", read_none)
    message = r"None of the 2 items of scenes \(easy\) from 5 on can be read\..*bench fetch.*another item"
    with pytest.raises(DataError, match=message):
        await measure_accuracy(
            make_oracle(1, misses=1),
            benchmark=benchmark,
            strategy=Strategy("greedy"),
            items=2,
            seed=5,
            concurrency=1,
        )


@pytest.mark.parametrize(("right", "items"), [(0, 10), (10, 10), (7, 10), (650, 1000)])
def test_the_interval_solves_wilsons_equation(right: int, items: int) -> None:
    """Its ends are the shares from which the observed one is just 1.96 standard errors away."""
    interval = wilson_interval(right, items)

    for end in interval:
        distance = abs(right / items - end)
        assert math.isclose(distance, 1.959964 * math.sqrt(end * (1 - end) / items), abs_tol=1e-6)
    assert 0 <= interval.low <= right / items <= interval.high <= 1


def counted(units: Sequence[Unit]) -> AccuracyReport:
    outcomes = [
        Outcome(number, str(number), unit.kind, "A", unit.score, 1, 1, skill=unit.skill)
        for number, unit in enumerate(units)
    ]
    return summarize(
        outcomes,
        benchmark=open_benchmark("scenes"),
        name="greedy",
        facts=Facts(None, 1, 0.0),
        model="some",
        seed=0,
        seconds=1.0,
        provenance=Provenance(),
    )


def test_a_kind_that_needs_two_skills_is_counted_under_each() -> None:
    report = counted([Unit("ocr", "seen", 1.0), Unit("ocr", "read", 0.0), Unit("map", "read", 1.0)])
    assert report.by_kind == {
        "map": KindAccuracy(1.0, 1, "read"),
        "ocr (read)": KindAccuracy(0.0, 1, "read"),
        "ocr (seen)": KindAccuracy(1.0, 1, "seen"),
    }
    assert report.by_skill == {"read": GroupAccuracy(0.5, 2), "seen": GroupAccuracy(1.0, 1)}


def test_a_skill_sums_up_the_questions_of_its_kinds() -> None:
    """Each question weighs the same, so that a skill is no mean of its kinds."""
    units = [Unit("area", "math", 1.0), Unit("graph", "math", 0.0), Unit("graph", "math", 0.5)]
    report = counted([*units, Unit("style", "perception", 1.0), Unit("other", "", 0.0)])
    assert report.by_skill == {"math": GroupAccuracy(0.5, 3), "perception": GroupAccuracy(1.0, 1)}
    assert report.as_json()["by_skill"]["math"] == {"accuracy": 0.5, "items": 3}
    lines = accuracy_table(report).splitlines()
    assert [line.split() for line in lines[lines.index("by skill") + 1 :][:2]] == [
        ["math", "50.0%", "of", "3"],
        ["perception", "100.0%", "of", "1"],
    ]


@pytest.mark.parametrize(
    ("kinds", "has_groups"),
    [
        ({"area": "math", "graph": "math", "style": "perception"}, True),
        ({"area": "math", "style": "perception"}, False),
        ({"area": "math", "graph": "math"}, False),
        ({"area": "", "graph": ""}, False),
    ],
    ids=["of several kinds", "of a kind each", "a single one", "none"],
)
def test_skills_say_more_than_kinds_where_one_has_several(kinds: dict[str, str], has_groups: bool) -> None:
    report = counted([Unit(kind, skill, 1.0) for kind, skill in kinds.items()])
    assert report.has_skill_groups == has_groups
    assert ("by skill" in accuracy_table(report)) == has_groups
    assert set(report.by_skill) == set(kinds.values()) - {""}
