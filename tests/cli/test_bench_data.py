"""Measurements on published benchmarks: where the files are, and who grades the answers."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from typer.testing import Result

from langchain_llava_o1.cli import answering
from langchain_llava_o1.cli.answering import AnswerSettings
from langchain_llava_o1.evaluation.benchmark import Benchmark, open_benchmark
from langchain_llava_o1.evaluation.item import Item
from tests.evaluation.benchmark_files import mmvet_rows, write_published
from tests.scripted_model import Call, Reply, ScriptedModel, number
from tests.search.writers import write_staged

RunCommand = Callable[..., Result]
GRADED = ("--grader", "openai:gpt-4o-mini")


def told(result: Result) -> str:
    return " ".join(result.stderr.replace("│", " ").split())


def write_surely(call: Call) -> Reply:
    """Write the stages, and be as sure of them as the seed says."""
    reply = write_staged(call)
    assert isinstance(reply, AIMessage)
    reply.response_metadata["mean_logprob"] = -(number(call.seed) % 100) / 100
    return reply


@pytest.fixture
def model(use_model: Callable[..., None]) -> ScriptedModel:
    model = ScriptedModel(write=write_surely, judge=lambda call: "Better: 1")
    use_model(model)
    return model


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The folder of MM-Vet's file."""
    write_published(tmp_path / "data", "mmvet")
    return tmp_path / "data"


@pytest.fixture
def grader(model: ScriptedModel, monkeypatch: pytest.MonkeyPatch) -> ScriptedModel:
    """Finds every other answer right."""
    grader = ScriptedModel(write=lambda call: AIMessage(str(float(len(grader.calls) % 2))))

    def open_model(settings: AnswerSettings) -> BaseChatModel:
        return grader if settings.model == GRADED[1] else model

    monkeypatch.setattr(answering, "open_model", open_model)
    return grader


def test_a_judge_is_measured_where_a_grader_tells_what_is_right(
    run_command: RunCommand, data: Path, grader: ScriptedModel
) -> None:
    asked = ("bench", "judge", "--benchmark", "mmvet", "--data", data, "--items", "3")
    asked = (*asked, "--strategy", "best-of-n", "--json")
    refused = run_command(*asked)
    assert refused.exit_code == 2
    assert "--grader openai:gpt-4o-mini" in told(refused)
    done = run_command(*asked, *GRADED, "--concurrency", "1")
    assert done.exit_code == 0, done.stderr
    (part,) = json.loads(done.stdout)["parts"]
    assert (part["part"], part["matches"], part["decisive"]) == ("answer", 3, 3)
    assert len(grader.calls) == 2 * 3


@pytest.mark.usefixtures("grader")
def test_verdicts_on_answers_that_another_grader_graded_are_refused(
    run_command: RunCommand, data: Path, tmp_path: Path
) -> None:
    asked = ("bench", "judge", "--benchmark", "mmvet", "--data", data, "--items", "1")
    asked = (*asked, "--out", tmp_path / "verdicts.jsonl", "--grader")
    assert run_command(*asked, "openai:gpt-4o-mini").exit_code == 0
    assert run_command(*asked, "openai:gpt-4o-mini").exit_code == 0
    refused = run_command(*asked, "openai:gpt-4-turbo")
    assert refused.exit_code == 2
    assert "has other verdicts" in told(refused)


def test_a_server_of_no_grader_is_refused(run_command: RunCommand, model: ScriptedModel) -> None:
    result = run_command("bench", "judge", "--items", "1", "--grader-base-url", "http://localhost/v1")
    assert result.exit_code == 2
    assert "name it with --grader" in told(result)
    assert not model.calls


@pytest.mark.parametrize("option", [GRADED, ("--grader-compat",)], ids=["grader", "compatible"])
@pytest.mark.usefixtures("model")
def test_no_grader_is_taken_with_pairs(
    run_command: RunCommand, tmp_path: Path, option: tuple[str, ...]
) -> None:
    result = run_command("bench", "judge", "--pairs", tmp_path / "pairs.jsonl", *option)
    assert result.exit_code == 2
    assert f"Invalid value for {option[0]}" in told(result)
    assert "no search draws candidates" in told(result)


@pytest.mark.usefixtures("model")
def test_a_cutoff_is_found_on_a_published_benchmark_and_asks_no_grader(
    run_command: RunCommand, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LMUData", str(tmp_path / "elsewhere"))
    asked = ("bench", "cutoff", "--benchmark", "mmvet", "--items", "3", "--json")
    missing = run_command(*asked)
    assert missing.exit_code == 2
    assert "name the folder that holds it with --data" in told(missing)
    done = run_command(*asked, "--data", data)
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["scores"] >= len(mmvet_rows())


@pytest.mark.usefixtures("model")
def test_a_cutoff_of_a_set_without_an_end_is_not_found_on_what_is_measured_with(
    run_command: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    benchmark = open_benchmark("scenes")
    read_item = type(benchmark).read_item

    def note(self: Benchmark, number: int) -> Item:
        read.append(number)
        return read_item(self, number)

    monkeypatch.setattr(type(benchmark), "read_item", note)
    assert run_command("bench", "cutoff", "--items", "2", "--json").exit_code == 0
    assert sorted(read) == [10_000, 10_001]


@pytest.mark.parametrize(
    "command",
    [
        ("accuracy", "--benchmark", "mmstar", "--items", "1"),
        ("cutoff", "--benchmark", "mmstar", "--items", "1"),
        ("judge", "--benchmark", "mmstar", "--items", "1"),
    ],
    ids=lambda command: command[0],
)
def test_data_in_no_folder_are_refused_with_what_to_name(
    run_command: RunCommand, model: ScriptedModel, tmp_path: Path, command: tuple[str, ...]
) -> None:
    result = run_command("bench", *command, "--data", tmp_path / "missing", env={"COLUMNS": "400"})
    assert result.exit_code == 2
    assert "missing is no folder; name the one that holds the files of benchmarks" in told(result)
    assert "bench fetch" in told(result)
    assert not model.calls
