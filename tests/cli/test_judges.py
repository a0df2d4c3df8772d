"""Choosing a judge on the command line: those with a model of their own, and a critic."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import Result

from langchain_llava_o1.chat import judging_model
from langchain_llava_o1.cli.judge_options import read_judge
from tests.chat_completions import Body, serving, text_of
from tests.rewards.checkpoints import save_value_head, save_vision_model
from tests.scripted_model import Call, Reply, ScriptedModel, stopped
from tests.search.writers import write_staged

RunCommand = Callable[..., Result]

REWARD = ["--judge", "reward", "--judge-model", "a/b"]


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
    for other in (["--judge-kind", "process"], ["--judge-set", "max_pixels=3136"]):
        refused = run_command("bench", "accuracy", *compared, *other)
        assert "belongs to another comparison" in refused.stderr


@pytest.mark.usefixtures("model")
def test_the_settings_of_a_reward_model_count(run_command: RunCommand, picture: Path, folder: Path) -> None:
    options = ["--judge", "reward", "--judge-model", folder, "--judge-kind", "process", "--candidates", "2"]
    asked = ["ask", picture, "How many?", *options, "--seed", "1", "--json"]
    scores = {}
    for setting in ("batch_size=1", "instruction=Reply + = yes."):
        answered = run_command(*asked, "--judge-set", setting)
        assert answered.exit_code == 0, answered.stderr
        scores[setting] = json.loads(answered.stdout)["stages"]["summary"]["scores"]
    same, other = scores.values()
    assert same != pytest.approx(other, abs=1e-4)
    refused = run_command(*asked, "--judge-set", "device=abacus")
    assert "There is no device 'abacus'" in refused.stderr


def test_options_are_read_as_the_full_name_of_a_judge() -> None:
    given = ["dtype=bfloat16", "batch_size=2", "instruction=Say a=b."]
    named = read_judge("reward", "a/b", "process", None, given)
    settings = {"batch_size": 2, "dtype": "bfloat16", "instruction": "Say a=b."}
    assert named == f"reward:process:a/b {json.dumps(settings)}"
    assert read_judge("reward", "a/b", "process", None, given[::-1]) == named
    assert read_judge("critic", " tiny ", None, None, None) == "critic:tiny"
    served = read_judge("critic", "openai:a/b", None, "http://localhost:1/v1", None)
    assert served == 'critic:openai:a/b {"base_url": "http://localhost:1/v1"}'


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
        (
            ["--judge", "likelihood", "--judge-model", "owner/name"],
            "only --judge generative, critic or reward asks a model of its own; add it",
        ),
        (["--judge", "critic", "--judge-model", " "], "it is empty; name a hub id, a folder, 'tiny', or"),
        (
            ["--judge-kind", "text"],
            "text is the kind of a reward model; add --judge reward and --judge-model",
        ),
        (
            ["--judge", "critic", "--judge-model", "tiny", "--judge-kind", "text"],
            "text is the kind of a reward model; add --judge reward and --judge-model, or leave it out.",
        ),
        (
            ["--judge", "critic", "--judge-model", "tiny", "--judge-set", "device=cpu"],
            "device=cpu is a setting of a reward model; add --judge reward and --judge-model",
        ),
        (["--judge-set", "device=cpu"], "device=cpu is a setting of a reward model"),
        (
            [*REWARD, "--judge-base-url", "http://localhost:1/v1"],
            "http://localhost:1/v1 is the server of a chat model that judges; add --judge generative",
        ),
        (
            ["--judge", "critic", "--judge-base-url", "http://a"],
            "http://a is the server of a chat model that",
        ),
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


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (["device"], "'device' is no setting; write it as in batch_size=2."),
        (["colour=red"], "A reward model has no setting 'colour'; it has device, dtype"),
        (["batch_size=few"], "batch_size must be a whole number, 1 or more, got 'few'."),
        (["batch_size=0"], "batch_size must be 1 or more, got 0."),
        (["dtype=int8"], "dtype is 'int8'; use 'float32'"),
        (["instruction="], "instruction is empty; give it a value, or leave it out."),
        (["device=cpu", "device=mps"], "device is given twice; give it once."),
    ],
)
def test_settings_that_cannot_work_are_bad_usage(settings: list[str], reason: str) -> None:
    with pytest.raises(typer.BadParameter) as refused:
        read_judge("reward", "a/b", None, None, settings)
    assert reason in refused.value.message
    assert refused.value.param_hint == "--judge-set"


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


@pytest.mark.parametrize("judge", ["critic", "generative"])
def test_a_chat_model_of_its_own_judges_what_another_one_wrote(
    run_command: RunCommand,
    picture: Path,
    model: ScriptedModel,
    monkeypatch: pytest.MonkeyPatch,
    judge: str,
) -> None:
    judging = ScriptedModel(write=lambda call: stopped("\\boxed{1} Better: 1"))
    opened: list[str] = []
    # Small as it is, the embedded model thinks up to the limit for every match.
    monkeypatch.setattr(judging_model, "open_judging_model", lambda name: opened.append(name) or judging)
    options = ["--judge", judge, "--judge-model", "tiny", "--candidates", "2", "--seed", "1", "--json"]
    asked = run_command("ask", picture, "How many?", *options)
    assert asked.exit_code == 0, asked.stderr
    matches = [match for record in json.loads(asked.stdout)["stages"].values() for match in record["matches"]]
    assert [match["decided_by"] for match in matches] == ["judge"] * 4
    assert set(opened) == {"tiny"}
    assert len(judging.calls) == 4
    # The answering model was asked for candidates, and for no verdict.
    assert len(model.calls) == len(model.sampling_calls) == 8


@pytest.mark.usefixtures("model")
def test_a_served_critic_judges_and_is_told_from_another_one(
    run_command: RunCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    asked: list[Body] = []

    def reply(body: Body) -> str:
        asked.append(body)
        return "<think>Look.</think>\\boxed{1}"

    with serving(reply) as url:
        options = ["--judge", "critic", "--judge-base-url", url, "--items", "1", "--candidates", "2"]
        compared = ["bench", "accuracy", *options, "--compare", "best-of-n", "--out", tmp_path, "--no-plot"]
        measured = run_command(*compared, "--judge-model", "a/critic")
        assert measured.exit_code == 0, measured.stderr
        assert {body["model"] for body in asked} == {"a/critic"}
        assert "Response 1: " in text_of(asked[0]["messages"][-1])
        refused = run_command(*compared, "--judge-model", "another/critic")
        assert "belongs to another comparison" in refused.stderr
