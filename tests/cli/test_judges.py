"""Choosing a judge on the command line: those with a model of their own, and a critic."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from tests.rewards.checkpoints import save_value_head, save_vision_model
from tests.scripted_model import Call, Reply, ScriptedModel, stopped
from tests.search.writers import write_staged

RunCommand = Callable[..., Result]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vision-language model with a value head."""
    folder = save_vision_model(tmp_path_factory.mktemp("reward"))
    save_value_head(folder)
    return folder


@pytest.fixture
def model(use_model: Callable[..., None]) -> ScriptedModel:
    model = ScriptedModel(write=write_staged)
    use_model(model)
    return model


@pytest.mark.parametrize("kind", ["value-head", "process", None])
@pytest.mark.usefixtures("model")
def test_a_reward_model_scores_every_stage(
    run_command: RunCommand, picture: Path, folder: Path, kind: str | None
) -> None:
    options = ["--judge", "reward", "--judge-model", folder, *(["--judge-kind", kind] if kind else [])]
    asked = run_command("ask", picture, "How many?", *options, "--candidates", "2", "--seed", "1", "--json")
    assert asked.exit_code == 0, asked.stderr
    for record in json.loads(asked.stdout)["stages"].values():
        assert len(set(record["scores"])) == 2
        assert all(0 < score < 1 for score in record["scores"]) == (kind == "process")
        assert record["scores"][record["winner"]] == max(record["scores"])


@pytest.mark.usefixtures("model")
def test_a_benchmark_reports_the_judge_with_its_model(
    run_command: RunCommand, folder: Path, tmp_path: Path
) -> None:
    options = ["--judge", "reward", "--judge-model", folder, "--items", "1"]
    measured = run_command("bench", "accuracy", *options, "--strategy", "best-of-n", "--json")
    assert json.loads(measured.stdout)["judge"] == f"reward:{folder}"
    compared = [*options, "--compare", "best-of-n", "--out", tmp_path, "--no-plot"]
    assert run_command("bench", "accuracy", *compared).exit_code == 0
    # What another judge decided is another comparison.
    other = [*compared, "--judge-kind", "process"]
    assert "belongs to another comparison" in run_command("bench", "accuracy", *other).stderr


def test_the_graph_is_drawn_without_the_reward_model(run_command: RunCommand) -> None:
    drawn = run_command("draw", "--judge", "reward", "--judge-model", "owner/name")
    assert drawn.exit_code == 0
    assert "rank" in drawn.stdout


@pytest.mark.parametrize(
    "command", [("ask",), ("bench", "accuracy"), ("bench", "cutoff"), ("draw",), ("mcp",)]
)
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--judge", "reward"], "the reward judge needs a model; add --judge-model"),
        (["--judge", "reward", "--judge-model", " "], "the reward judge needs a model; add --judge-model"),
        (["--judge-model", "owner/name"], "only --judge reward asks a model of its own"),
        (
            ["--judge", "critic", "--judge-model", "owner/name"],
            "only --judge reward asks a model of its own; add it, or leave owner/name out.",
        ),
        (["--judge-kind", "text"], "text is the kind of a reward model; name it with --judge-model."),
        (["--judge", "reward", "--judge-model", "a/b", "--judge-kind", "critic"], "'critic' is not one of"),
    ],
)
def test_a_judge_and_a_model_that_do_not_go_together_are_bad_usage(
    run_command: RunCommand,
    picture: Path,
    model: ScriptedModel,
    command: tuple[str, ...],
    options: list[str],
    reason: str,
) -> None:
    arguments = [picture, "How many?"] if command == ("ask",) else []
    refused = run_command(*command, *arguments, *options, env={"COLUMNS": "300"})
    assert refused.exit_code == 2
    assert reason in refused.stderr
    assert not model.calls


def test_a_search_without_candidates_takes_no_reward_model(
    run_command: RunCommand, picture: Path, model: ScriptedModel
) -> None:
    options = ["--judge", "reward", "--judge-model", "owner/name", "--candidates", "1"]
    refused = run_command("ask", picture, "How many?", *options)
    assert refused.exit_code == 2
    assert "single has nothing to choose from and takes no judge, got reward." in refused.stderr
    assert not model.calls


@pytest.mark.usefixtures("model")
def test_a_folder_that_is_no_reward_model_is_one_line(
    run_command: RunCommand, picture: Path, tmp_path: Path
) -> None:
    refused = run_command("ask", picture, "How many?", "--judge", "reward", "--judge-model", tmp_path)
    assert refused.exit_code == 1
    assert f"The reward model '{tmp_path}' could not be loaded" in refused.stderr.splitlines()[-1]


def box_the_larger(call: Call) -> Reply:
    compared = re.search(r"Response 1: (.*)\nResponse 2: (.*)\nFirst compare", str(call.messages[-1].text))
    if compared is None:
        return write_staged(call)
    return stopped(f"<think>Sizes.</think>\\boxed{{{1 if compared[1] > compared[2] else 2}}}")


def test_a_critic_boxes_its_choices(
    run_command: RunCommand, picture: Path, use_model: Callable[..., None]
) -> None:
    use_model(ScriptedModel(write=box_the_larger))
    options = ["--judge", "critic", "--candidates", "3", "--seed", "1", "--json"]
    printed = json.loads(run_command("ask", picture, "How many?", *options).stdout)
    for record in printed["stages"].values():
        assert [match["decided_by"] for match in record["matches"]] == ["judge"] * 2
        assert [match["reason"] for match in record["matches"]] == ["Sizes."] * 2
