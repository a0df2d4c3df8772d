"""A new benchmark is one file and a record: everything that takes one takes it."""

import importlib
import json
import subprocess
import sys
from dataclasses import fields
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from PIL import Image
from typer.testing import CliRunner

from langchain_llava_o1.cli import answering
from langchain_llava_o1.cli.app import app
from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.captions import captions
from langchain_llava_o1.drawn.items import EVALUATION_SEED, make_item
from langchain_llava_o1.drawn.trail_maps import KeyTrail, TrailMap
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.accuracy import AccuracyReport, measure_accuracy
from langchain_llava_o1.evaluation.answers import question_of
from langchain_llava_o1.evaluation.benchmark import (
    BENCHMARKS,
    BenchmarkEntry,
    BenchmarkOption,
    Resources,
    open_benchmark,
)
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.staging.stages import STAGES
from tests.evaluation.benchmark_files import PUBLISHED, write_published
from tests.scripted_model import Call, ScriptedModel

NEW_FILE = '''
"""Sums: the number in the question and the next one; a grader is awaited."""

import asyncio
from pathlib import Path

from langchain_llava_o1.evaluation.benchmark import Benchmark
from langchain_llava_o1.evaluation.item import Grade, Item


class Sums(Benchmark):
    num_items = 12
    numbers_read = []

    def read_item(self, number):
        self.numbers_read.append(number)
        pictures = [Path(__file__).with_name("dot.png").read_bytes()] * (number % 3)
        kind = "even" if number % 2 == 0 else "odd"
        return Item(f"{self.options['split']}-{number}", pictures, f"{number} + 1?", kind, number + 1)

    async def grade(self, item, conclusion):
        await asyncio.sleep(0)
        return Grade(float(conclusion == str(item.reference)), read=conclusion)
'''
"""What somebody writes to add a benchmark."""
RECORD = BenchmarkEntry(
    "sums", "Sums.", "own_sums:Sums", {"split": BenchmarkOption("Which part.", "dev", ("dev", "test"))}
)


@pytest.fixture
def numbers_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Add the file and its record; the numbers of all items that are read."""
    (tmp_path / "own_sums.py").write_text(NEW_FILE)
    Image.new("RGB", (28, 28), "red").save(tmp_path / "dot.png")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(BENCHMARKS, RECORD.name, RECORD)
    monkeypatch.delitem(sys.modules, "own_sums", raising=False)
    return importlib.import_module("own_sums").Sums.numbers_read


def add_below_six(call: Call) -> AIMessage:
    """Add right up to 5 + 1, and then not any more."""
    *_, question = call.messages[0].content
    assert isinstance(question, dict)
    number = int(question["text"].split()[0])
    usage = {"input_tokens": 4, "output_tokens": 1, "total_tokens": 5}
    return AIMessage(str(number + 1) if number < 6 else "many", usage_metadata=usage)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> ScriptedModel:
    model = ScriptedModel(write=add_below_six)
    monkeypatch.setattr(answering, "create_model", lambda settings: model)
    return model


def run_command(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["bench", "accuracy", "--benchmark", "sums", *arguments])


async def test_a_benchmark_of_ones_own_is_measured(numbers_read: list[int], model: ScriptedModel) -> None:
    benchmark = open_benchmark("sums", {"split": "test"})
    assert not numbers_read
    report = await measure_accuracy(
        model, benchmark=benchmark, strategy=Strategy("greedy"), items=4, seed=4, concurrency=2
    )
    assert report.accuracy == 0.5
    assert {kind: found.items for kind, found in report.by_kind.items()} == {"even": 2, "odd": 2}
    assert set(numbers_read) == {4, 5, 6, 7}
    fields_of_report = report.as_json()
    assert (fields_of_report["benchmark"], fields_of_report["split"]) == ("sums", "test")
    assert "difficulty" not in fields_of_report
    # As many pictures as each item has, in front of its question.
    assert {len(call.messages[0].content) for call in model.calls} == {1, 2, 3}


@pytest.mark.usefixtures("numbers_read", "model")
def test_the_command_measures_it() -> None:
    options = ("--strategy", "greedy", "--items", "12", "--option", "split=test")
    report = json.loads(run_command(*options, "--json").stdout)
    assert (report["benchmark"], report["split"], report["accuracy"]) == ("sums", "test", 0.5)
    assert "sums (test), greedy" in run_command(*options).stdout


@pytest.mark.usefixtures("numbers_read", "model")
def test_the_command_compares_searches_on_it(tmp_path: Path) -> None:
    folder = tmp_path / "compared"
    options = ("--compare", "greedy,single", "--items", "4", "--out", str(folder), "--json")
    rows = json.loads(run_command(*options).stdout)["rows"]
    assert [(row["strategy"], row["split"], row["accuracy"]) for row in rows] == [
        ("greedy", "dev", 1.0),
        ("single", "dev", 1.0),
    ]
    heading = json.loads((folder / "sums" / "outcomes.jsonl").read_text().splitlines()[0])
    assert (heading["benchmark"], heading["split"]) == ("sums", "dev")
    assert "sums (dev), 4 items" in (folder / "comparison.svg").read_text()
    refused = run_command(*options, "--option", "split=test")
    assert refused.exit_code == 1
    assert "belongs to another comparison" in refused.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--items", "13"), "sums has 12 items, numbered from 0; asked for were 13 from 0 on"),
        (("--option", "split=train"), "sums has no split 'train'; there are dev, test"),
        (("--option", "part=dev"), "sums has no option 'part'; it has split"),
        (("--difficulty", "hard"), "sums has no option 'difficulty'; it has split"),
        (("--option", "split"), "'split' is no option; write it as in difficulty=easy"),
        (("--benchmark", "some"), "There is no benchmark 'some'; there are scenes, puzzles, mmstar"),
    ],
)
@pytest.mark.usefixtures("numbers_read", "model")
def test_what_it_does_not_have_is_bad_usage(options: tuple[str, ...], message: str) -> None:
    result = run_command("--strategy", "greedy", *options)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.replace("│", " ").split())


def test_scenes_are_those_of_the_evaluation_seeds() -> None:
    item = open_benchmark("scenes", {"difficulty": "easy"}).read_item(3)
    drawn = make_item(EVALUATION_SEED + 3, Difficulty.EASY)
    assert (item.question, item.kind, item.id) == (drawn.prompt, drawn.kind, str(EVALUATION_SEED + 3))
    (picture,) = item.pictures
    assert Image.open(BytesIO(picture)).tobytes() == drawn.picture.tobytes()
    block, text = question_of(item).content
    assert isinstance(block, dict)
    assert (block["type"], text) == ("image", {"type": "text", "text": drawn.prompt})


async def test_scenes_grade_by_what_was_drawn() -> None:
    scenes = open_benchmark("scenes")
    item = scenes.read_item(0)
    drawn = make_item(EVALUATION_SEED, Difficulty.HARD)
    assert (await scenes.grade(item, drawn.conclusions(drawn.content)[0])).score == 1
    assert (await scenes.grade(item, "none of it")).score == 0


async def test_a_whole_answer_is_right_if_its_way_is() -> None:
    benchmark = open_benchmark("puzzles")
    for item in map(benchmark.read_item, range(12)):
        drawn = item.reference
        if not isinstance(drawn.content, TrailMap):
            continue
        texts = (
            drawn.summaries(),
            drawn.captions(),
            drawn.reasonings(drawn.told),
            drawn.conclusions(drawn.told),
        )
        right = [each[0] for each in texts]
        other_key = next(key for key in drawn.content.keys if key != drawn.told.key)
        by_luck = [*right]
        by_luck[1] = captions(KeyTrail.of(drawn.content, other_key))[0]
        in_other_words = [*right]
        in_other_words[1] = "There are cards with addresses."

        wrong = [*right[:3], "I do not know"]

        grades = []
        for texts in (right, by_luck, in_other_words, wrong):
            answer = "\n\n".join(stage.wrap(text) for stage, text in zip(STAGES, texts, strict=True))
            grades.append(await benchmark.grade_part(item, "answer", (), answer))
        assert grades == [True, False, True, False]


def test_nothing_is_practised_on_that_is_measured() -> None:
    scenes = open_benchmark("scenes")
    practised = int(scenes.read_practice_item(2).id)
    assert practised < EVALUATION_SEED


@pytest.mark.parametrize("entry", BENCHMARKS.values(), ids=lambda entry: entry.name)
def test_every_record_opens_its_benchmark(entry: BenchmarkEntry, tmp_path: Path) -> None:
    if entry.name in PUBLISHED:
        write_published(tmp_path, entry.name)
    benchmark = entry.open({}, Resources(data=tmp_path))
    assert benchmark.name == entry.name
    assert benchmark.options == {name: option.default for name, option in entry.options.items()}
    assert not entry.options.keys() & {field.name for field in fields(AccuracyReport)}


def test_an_unknown_benchmark_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no benchmark 'some'; there are scenes"):
        open_benchmark("some")


def test_the_catalogue_is_light() -> None:
    code = "import langchain_llava_o1.evaluation.benchmark, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"PIL", "numpy", "torch", "langchain_core", "pydantic"} & set(loaded.split())
