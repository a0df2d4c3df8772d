"""`llava-o1 demo`, `draw`, `--version` and `--help`."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import Result

from langchain_llava_o1 import ChatLlavaO1, StageBeamContext, tiny
from langchain_llava_o1.cli.answering import AnswerSettings
from langchain_llava_o1.cli.app import app
from langchain_llava_o1.judges.catalogue import JUDGES
from langchain_llava_o1.search.catalogue import SEARCHES
from langchain_llava_o1.staging.stages import STAGES
from tests.scripted_model import ScriptedModel

RunCommand = Callable[..., Result]
PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_the_demo_shows_question_stages_bracket_and_answer(
    run_command: RunCommand, picture: Path, search_model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiny, "puzzle_picture_path", lambda: picture)
    result = run_command("demo")
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert f"Question: {tiny.PUZZLE_QUESTION}" in lines
    assert [line for line in lines if line.startswith("[")] == [f"[{stage.name}]" for stage in STAGES]
    assert sum(" beats " in line for line in lines) == 3 * len(STAGES)
    assert sum(line.startswith(" > ") for line in lines) == len(STAGES)
    assert lines[-1].startswith("Answer: note ")


def test_the_demo_answers_the_same_each_time(
    run_command: RunCommand, picture: Path, search_model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiny, "puzzle_picture_path", lambda: picture)
    assert run_command("demo").stdout == run_command("demo").stdout


def test_draw_prints_the_inside_of_every_stage(run_command: RunCommand) -> None:
    drawn = run_command("draw", "--judge", "generative").stdout
    assert "graph TD" in drawn
    for stage in STAGES:
        assert f"subgraph {stage.name}" in drawn
    assert "bracket" in drawn


def test_draw_can_leave_the_inside_out(run_command: RunCommand) -> None:
    drawn = run_command("draw", "--no-xray").stdout
    assert "summary" in drawn
    assert "bracket" not in drawn


@pytest.mark.parametrize("strategy", SEARCHES)
def test_draw_shows_the_graph_that_ask_runs(run_command: RunCommand, strategy: str) -> None:
    asked = AnswerSettings(search=strategy).build_search(ChatLlavaO1(model="tiny")).graph.compile()
    assert run_command("draw", "--strategy", strategy).stdout == asked.get_graph(xray=True).draw_mermaid()


def test_a_judge_that_the_search_does_not_take_is_bad_usage(run_command: RunCommand) -> None:
    refused = run_command("draw", "--strategy", "swires", "--judge", "generative")
    assert refused.exit_code == 2
    assert refused.stderr.startswith("llava-o1: error: swires works with scores")
    assert refused.stdout == ""


def test_draw_does_not_depend_on_the_chosen_model(run_command: RunCommand) -> None:
    environment = {"LLAVA_O1_MODEL": "/nowhere"}
    assert run_command("draw", env=environment).stdout == run_command("draw").stdout


def test_the_version_is_the_projects(run_command: RunCommand) -> None:
    version = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["version"]
    assert run_command("--version").stdout == f"llava-o1 {version}\n"


@pytest.mark.parametrize("command", ["ask", "demo", "draw"])
def test_every_command_has_help(run_command: RunCommand, command: str) -> None:
    assert command in run_command("--help").stdout
    assert "Usage" in run_command(command, "--help").stdout


@pytest.mark.long
def test_speed_is_measured_side_by_side(run_command: RunCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    from langchain_llava_o1.evaluation.speed import table as speed_table
    from langchain_llava_o1.evaluation.speed import workload

    measured: list[Any] = []

    def measure_once(
        *arguments: Any, measure: Callable[..., Any] = speed_table.measure_speed, **given: Any
    ) -> Any:
        if not measured:
            measured.append(measure(*arguments, **given))
        return measured[0]

    monkeypatch.setattr(speed_table, "measure_speed", measure_once)
    monkeypatch.setattr(workload, "STAGE_TOKENS", {stage.name: 2 for stage in STAGES})
    options = ("bench", "speed", "--shape", "tiny", "--candidates", "1", "--repeats", "1", "--device", "cpu")

    report = json.loads(run_command(*options, "--json").stdout)
    table = run_command(*options).stdout

    names = [row["name"] for row in report["rows"]]
    assert names == ["one-at-a-time", "generate-batched", "engine-generated-verdicts", "engine-default"]
    assert all(row["seconds"] > 0 and row["ratio"] > 0 for row in report["rows"])
    assert all(name in table for name in names)
    assert min(report["overhead"]["graph_seconds"], report["overhead"]["engine_seconds"]) > 0


def test_one_way_is_measured_with_several_questions(
    run_command: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    from langchain_llava_o1.evaluation.speed import workload

    monkeypatch.setattr(workload, "STAGE_TOKENS", {stage.name: 2 for stage in STAGES})
    options = "--shape tiny --candidates 1 --repeats 1 --device cpu --questions 2 --only engine-default"

    table = run_command("bench", "speed", *options.split()).stdout

    assert "one-at-a-time" not in table
    assert re.search(r"engine-default: one question alone \d.* s, 2 together \d", table)


def test_an_unknown_command_is_bad_usage(run_command: RunCommand) -> None:
    assert run_command("answer").exit_code == 2


def commands_below(group: TyperGroup, *names: str) -> list[tuple[str, ...]]:
    found = [names]
    for name, command in group.commands.items():
        below = commands_below(command, *names, name) if isinstance(command, TyperGroup) else [(*names, name)]
        found += below
    return found


COMMANDS = commands_below(cast("TyperGroup", get_command(app)))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_on_80_columns_has_every_option_in_full(
    run_command: RunCommand, command: tuple[str, ...]
) -> None:
    found: Any = get_command(app)
    for name in command:
        found = found.commands[name]
    names = [name for option in found.params for name in (*option.opts, *option.secondary_opts)]
    # Names of one option have a comma between them.
    told = run_command(*command, "--help", env={"COLUMNS": "80"}).stdout.replace(", ", " ").split()
    assert [name for name in names if name.startswith("--") and name not in told] == []


@pytest.mark.parametrize("command", [("ask",), ("bench", "accuracy"), ("draw",)])
def test_help_tells_every_search_and_judge_of_the_catalogues(
    run_command: RunCommand, command: tuple[str, ...]
) -> None:
    text = "".join(run_command(*command, "--help", env={"COLUMNS": "300"}).stdout.replace("│", " ").split())
    assert f"<{'|'.join(SEARCHES)}>" in text
    assert f"<{'|'.join(JUDGES)}>" in text


def test_a_search_that_the_catalogue_lacks_is_bad_usage(run_command: RunCommand) -> None:
    refused = run_command("draw", "--strategy", "guess", env={"COLUMNS": "300"})
    assert refused.exit_code == 2
    assert all(repr(name) in refused.stderr for name in SEARCHES)


@pytest.mark.parametrize("command", [("ask",), ("bench", "accuracy")])
def test_help_tells_the_temperature_of_a_search(run_command: RunCommand, command: tuple[str, ...]) -> None:
    text = " ".join(run_command(*command, "--help").stdout.replace("│", " ").split())
    assert re.search(rf"Default: {StageBeamContext().temperature:g}\b", text)
