"""Strategies side by side on the same items, going on after an interruption."""

import json
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from PIL import Image

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.answers import Asked, create_answer
from langchain_llava_o1.evaluation.benchmark import open_benchmark
from langchain_llava_o1.evaluation.comparison import (
    Cell,
    ComparisonSettings,
    compare,
    plan_cells,
)
from langchain_llava_o1.evaluation.comparison_table import comparison_table
from langchain_llava_o1.evaluation.cutoff import measure_cutoff
from langchain_llava_o1.evaluation.item import Item
from langchain_llava_o1.evaluation.plot import check_plotting, plot_comparison
from langchain_llava_o1.search.catalogue import SEARCHES
from langchain_llava_o1.search.strategy import Strategy
from tests.evaluation.test_accuracy import Oracle, make_oracle
from tests.scripted_model import ScriptedModel
from tests.search.writers import write_staged

SCENES = open_benchmark("scenes")
SETTINGS = ComparisonSettings(SCENES, seed=0, items=8)
CELLS = [Cell("single", 1), Cell("best-of-n", 2)]


async def run(model: Oracle, folder: Path, settings: ComparisonSettings = SETTINGS, **options: Any) -> Any:
    return await compare(model, CELLS, settings, folder=folder, concurrency=2, **options)


async def test_every_cell_answers_the_same_items(tmp_path: Path) -> None:
    reports = await run(make_oracle(8, misses=4), tmp_path)
    assert [(report.strategy, report.candidates) for report in reports] == [("single", 1), ("best-of-n", 2)]
    assert [report.accuracy for report in reports] == [0.75, 0.75]
    lines = [json.loads(line) for line in (tmp_path / "outcomes.jsonl").read_text().splitlines()[1:]]
    assert sorted(line["number"] for line in lines) == sorted([*range(8), *range(8)])
    table = comparison_table(reports)
    assert "| single | – | 1 | 75.0% |" in table
    assert "| best-of-n | default | 2 | 75.0% |" in table
    assert "| points over single, N=1 | McNemar p |" in table
    assert [report.paired and report.paired.difference for report in reports] == [None, 0.0]


async def test_kinds_of_questions_are_told_apart_by_what_they_need(tmp_path: Path) -> None:
    reports = await run(make_oracle(8, misses=4), tmp_path)
    by_kind, _, by_skill = comparison_table(reports).partition("| skill | items |")
    rows = [
        line.strip("| ").split(" | ")
        for line in by_kind.splitlines()
        if line.startswith(("| perception", "| reasoning"))
    ]
    assert {row[0] for row in rows} == {"perception", "reasoning"}
    assert sum(int(row[2]) for row in rows) == 8
    assert all(len(row) == 5 for row in rows)
    assert [line.split(" | ")[0] for line in by_skill.splitlines()[2:]] == ["| perception", "| reasoning"]
    assert "| unread |" not in comparison_table(reports)


async def test_an_interrupted_comparison_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.jsonl"
    whole = await run(make_oracle(8, misses=4), tmp_path / "whole")
    num_done = 0

    def interrupt(cell: Cell, outcome: Any) -> None:
        nonlocal num_done
        num_done += 1
        if num_done == 5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await run(make_oracle(8, misses=4), tmp_path, report=interrupt)
    num_kept = len(path.read_text().splitlines()) - 1
    assert 5 <= num_kept < 16
    # Killed in the middle of a line.
    path.write_text(path.read_text() + '{"strategy": "sing')

    again: list[Any] = []
    model = make_oracle(8, misses=4)
    reports = await run(model, tmp_path, report=lambda cell, outcome: again.append(outcome))
    assert len(again) == 16 - num_kept
    assert [report.accuracy for report in reports] == [report.accuracy for report in whole]
    assert [report.tokens for report in reports] == [report.tokens for report in whole]
    seen: list[Any] = []
    await run(model, tmp_path, report=lambda cell, outcome: seen.append(outcome))
    assert not seen
    more = ComparisonSettings(SCENES, seed=0, items=9)
    await run(model, tmp_path, more, report=lambda cell, outcome: seen.append(outcome))
    assert [outcome.number for outcome in seen] == [8, 8]


async def test_a_temperature_for_all_leaves_the_greedy_pass_greedy(tmp_path: Path) -> None:
    model = make_oracle(2, misses=2)
    settings = ComparisonSettings(SCENES, seed=0, items=2, settings={"temperature": 0.5})
    cells = plan_cells(["greedy", "single"], [4])
    reports = await compare(model, cells, settings, folder=tmp_path / "a", concurrency=1)
    assert [report.temperature for report in reports] == [0.0, 0.5]
    assert set(model.temperatures) == {0.0, 0.5}


async def test_another_comparisons_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.jsonl"
    await run(make_oracle(8, misses=4), tmp_path)
    before = path.read_text()
    other = ComparisonSettings(open_benchmark("scenes", {"difficulty": "easy"}), seed=0, items=8)
    with pytest.raises(ConfigurationError, match="belongs to another comparison"):
        await run(make_oracle(8, misses=4), tmp_path, other)
    assert path.read_text() == before


async def test_each_strategy_takes_the_settings_that_it_has(tmp_path: Path) -> None:
    cells = [Cell("single", 1), Cell("stage-beam", 2)]
    settings = ComparisonSettings(SCENES, seed=0, items=1, settings={"beams": 2, "temperature": 0.5})
    model = ScriptedModel(write=write_staged)
    await compare(model, cells, settings, folder=tmp_path / "a", concurrency=1)
    assert {call.parameters["temperature"] for call in model.sampling_calls} == {0.5}
    captions = [call for call in model.sampling_calls if "</CAPTION>" in (call.parameters["stop"] or ())]
    # Two candidates for each of two beams.
    assert len(captions) == 2 * 2
    settings = ComparisonSettings(SCENES, seed=0, items=1, settings={"beems": 2})
    with pytest.raises(ConfigurationError, match=r"has a setting 'beems'; they have .*beams"):
        await compare(model, cells, settings, folder=tmp_path / "b", concurrency=1)


@pytest.mark.parametrize("content", ["", '{"benchmark": "sc'])
async def test_a_file_that_was_never_begun_is_begun(tmp_path: Path, content: str) -> None:
    path = tmp_path / "outcomes.jsonl"
    path.write_text(content)
    reports = await run(make_oracle(8, misses=4), tmp_path)
    assert [report.items for report in reports] == [8, 8]


async def test_a_file_that_is_damaged_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.jsonl"
    await run(make_oracle(8, misses=4), tmp_path)
    damaged = path.read_text().replace('"number"', '"numbers"', 1)
    path.write_text(damaged)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        await run(make_oracle(8, misses=4), tmp_path)
    assert path.read_text() == damaged


def test_only_searches_have_several_numbers_of_candidates() -> None:
    cells = plan_cells(["greedy", "stage-beam", "greedy"], [1, 4, 1])
    assert cells == [("greedy", 1), ("stage-beam", 1), ("stage-beam", 4)]


async def test_the_plot_shows_every_strategy(tmp_path: Path) -> None:
    reports = await run(make_oracle(8, misses=4), tmp_path)
    plot_comparison([reports, reports], tmp_path / "plot.svg")
    plot_comparison([reports], tmp_path / "plot.png")
    text = "".join(ElementTree.parse(tmp_path / "plot.svg").getroot().itertext())
    assert all(
        label in text for label in ("single", "best-of-n", "candidates N", "tokens generated", "8 items")
    )
    with Image.open(tmp_path / "plot.png") as image:
        assert min(image.size) > 300


def test_without_matplotlib_the_message_names_the_option_that_leaves_the_plot_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ConfigurationError, match=r"pip install .*--no-plot"):
        check_plotting()


@pytest.mark.parametrize("search", SEARCHES)
async def test_every_search_answers(search: str) -> None:
    settings = {"candidates": 2} if SEARCHES[search].has_candidates else {}
    settings |= {"retraces": 0} if search == "swires" else {}
    model = ScriptedModel(write=write_with_confidence)
    item = Item("3", [], "How many?", "counting")
    asked = Asked([HumanMessage(item.question)], item, 3)
    reply = await create_answer(model, Strategy(search, None, settings))(asked)
    assert reply.message.text
    assert reply.message.response_metadata["seed"] == 3


def write_with_confidence(call: Any) -> Any:
    reply = write_staged(call)
    assert not isinstance(reply, str)
    reply.response_metadata["mean_logprob"] = -(call.seed % 100) / 100
    return reply


@pytest.mark.parametrize(
    ("judge", "decides"),
    [("confidence", {"swires": "confidence"}), ("generative", {"swires": None}), (None, {"swires": None})],
)
async def test_each_search_has_the_judge_that_it_takes(
    tmp_path: Path, judge: str | None, decides: dict[str, str | None]
) -> None:
    cells = [Cell("single", 1), Cell("swires", 1), Cell("stage-beam", 2)]
    settings = ComparisonSettings(SCENES, seed=0, items=1, judge=judge)
    model = ScriptedModel(write=write_with_confidence)
    reports = await compare(model, cells, settings, folder=tmp_path, concurrency=1)
    decides = {**decides, "single": None, "stage-beam": judge}
    assert {report.strategy: report.judge for report in reports} == decides


def test_what_does_not_go_together_is_refused() -> None:
    model = ScriptedModel()
    with pytest.raises(ConfigurationError, match="swires works with scores"):
        create_answer(model, Strategy("swires", "generative"))
    with pytest.raises(ConfigurationError, match="ScriptedModel does not"):
        create_answer(model, Strategy("stage-beam", "likelihood"))
    with pytest.raises(ConfigurationError, match="cutoff"):
        create_answer(model, Strategy("stage-beam", None, {"cutoff": 0.0}))


async def test_the_cutoff_lies_above_the_mean_by_the_published_share_of_the_spread() -> None:
    model = ScriptedModel(write=write_with_confidence)
    report = await measure_cutoff(model, benchmark=SCENES, judge=None, items=6, seed=0, concurrency=3)
    assert report.scores == 6 * 4
    assert -1 < report.mean < 0 < report.spread < 0.5
    assert report.cutoff == pytest.approx(report.mean + 0.2533 * report.spread)
