"""`llava-o1 bench accuracy`: what is bad usage, and what each search is given."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from langchain_core.language_models import ModelProfile
from typer.testing import Result

from langchain_llava_o1.search.seeds import candidate_seed, derive_seed
from langchain_llava_o1.staging import capabilities
from tests.scripted_model import ScriptedModel
from tests.search.writers import write_staged

RunCommand = Callable[..., Result]


@pytest.fixture
def model(use_model: Callable[..., None]) -> ScriptedModel:
    model = ScriptedModel(write=write_staged)
    use_model(model)
    return model


def told(result: Result) -> str:
    """What is said on standard error, without the frame around it."""
    return " ".join(result.stderr.replace("│", " ").split())


@pytest.mark.parametrize(
    ("options", "named"),
    [(("--out", "results"), "--out"), (("--plot",), "--plot"), (("--no-plot",), "--no-plot")],
)
def test_what_only_a_comparison_obeys_is_refused_without_one(
    run_command: RunCommand, model: ScriptedModel, options: tuple[str, ...], named: str
) -> None:
    result = run_command("bench", "accuracy", "--strategy", "single", "--items", "1", *options)
    assert result.exit_code == 2
    assert f"Invalid value for {named}:" in told(result)
    assert "add --compare" in told(result)
    assert not model.calls


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--set", "beems=2"), "stage-beam has no setting 'beems'; it has"),
        (("--set", "beams=many"), "stage-beam: beams is 'many'"),
        (("--set", "agreement=3"), "agreement is 3"),
        (
            ("--strategy", "greedy", "--temperature", "0.5"),
            "greedy has temperature=0.0, got 0.5. Leave it out.",
        ),
        (("--strategy", "swires", "--judge", "generative"), "swires works with scores"),
        (("--strategy", "single", "--judge", "generative"), "single has nothing to choose from"),
        (
            ("--compare", "single,stage-beam", "--set", "beems=2"),
            "None of these strategies has a setting 'beems'",
        ),
        (("--compare", "single,stage-beam", "--set", "beams=0"), "stage-beam: beams is 0"),
        (("--compare", "single,beam"), "there is no strategy 'beam'; there are stage-beam, best-of-n"),
        (("--candidates", "2,4"), "several numbers need --compare"),
        (("--whole-conversation",), "one question is no conversation; add --turns"),
        (("--compare", "single", "--turns", "2"), "a comparison asks single questions"),
        (("--benchmark", "scenes,puzzles"), "several benchmarks need --compare"),
        (("--compare", "single", "--benchmark", "scenes,trails"), "There is no benchmark 'trails'"),
    ],
)
def test_what_a_search_does_not_take_is_bad_usage(
    run_command: RunCommand,
    model: ScriptedModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run_command("bench", "accuracy", "--items", "1", *options)
    assert result.exit_code == 2
    assert message in told(result)
    assert "pydantic" not in told(result)
    assert not model.calls
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("strategy", "candidates"), [("single", 1), ("greedy", 1), ("best-of-n", 4)])
@pytest.mark.usefixtures("model")
def test_a_search_is_reported_with_the_candidates_that_it_draws(
    run_command: RunCommand, strategy: str, candidates: int
) -> None:
    result = run_command("bench", "accuracy", "--strategy", strategy, "--items", "2", "--json")
    report = json.loads(result.stdout)
    assert (report["strategy"], report["candidates"], report["items"]) == (strategy, candidates, 2)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            ["accuracy", "--strategy", "greedy", "--candidates", "8"],
            "greedy has no setting 'candidates'; it has",
        ),
        (
            ["cutoff", "--judge", "generative"],
            "swires works with scores, and the generative judge gives none.",
        ),
    ],
)
def test_what_a_search_does_not_obey_is_bad_usage(
    run_command: RunCommand, model: ScriptedModel, arguments: list[str], reason: str
) -> None:
    result = run_command("bench", *arguments, "--items", "2")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"llava-o1: error: {reason}")
    assert not model.calls


@pytest.mark.usefixtures("model")
def test_a_comparison_is_kept_in_a_folder_with_its_plot(
    run_command: RunCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run_command("bench", "accuracy", "--compare", "single,best-of-n", "--candidates", "2", "--items", "2")
    names = {path.name for path in (tmp_path / "comparison").iterdir()}
    assert names == {"scenes", "comparison.md", "comparison.svg", "comparison.png"}
    assert (tmp_path / "comparison" / "scenes" / "outcomes.jsonl").exists()
    options = ("--compare", "single", "--items", "2", "--out", "other", "--no-plot")
    table = run_command("bench", "accuracy", *options).stdout
    assert {path.name for path in (tmp_path / "other").iterdir()} == {"scenes", "comparison.md"}
    assert table == (tmp_path / "other" / "comparison.md").read_text()


@pytest.mark.usefixtures("model")
def test_a_comparison_on_several_benchmarks_has_a_table_and_a_folder_for_each(
    run_command: RunCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ("--compare", "single", "--items", "2", "--benchmark", "scenes,puzzles", "--no-plot")
    table = run_command("bench", "accuracy", *options).stdout
    assert [line for line in table.splitlines() if line.startswith("###")] == [
        "### scenes (hard)",
        "### puzzles (hard)",
    ]
    assert {path.name for path in (tmp_path / "comparison").iterdir()} == {
        "comparison.md",
        "scenes",
        "puzzles",
    }
    rows = json.loads(run_command("bench", "accuracy", *options, "--json").stdout)["rows"]
    assert [row["benchmark"] for row in rows] == ["scenes", "puzzles"]


@pytest.mark.parametrize(("options", "num_sent"), [((), 1), (("--whole-conversation",), 5)])
def test_the_last_question_of_a_conversation_is_also_asked_alone(
    run_command: RunCommand, use_model: Callable[..., None], options: tuple[str, ...], num_sent: int
) -> None:
    profile = {capabilities.PREFILL: True, capabilities.SINGLE_TURN: True}
    model = ScriptedModel(write=write_staged, profile=cast("ModelProfile", profile))
    use_model(model)
    asked = ("bench", "accuracy", "--strategy", "greedy", "--items", "2", "--turns", "3", "--json")
    report = json.loads(run_command(*asked, *options).stdout)
    assert report["turns"] == 3
    assert (report["alone"]["items"], report["in_conversation"]["items"]) == (2, 2)
    assert max(len(call.messages) for call in model.calls) == num_sent


def test_settings_without_an_option_of_their_own_may_be_set(
    run_command: RunCommand, model: ScriptedModel
) -> None:
    settings = ("--set", "candidates=1", "--set", "seed=3", "--set", "temperature=0")
    result = run_command("bench", "conversation", *settings, "--json")
    assert result.exit_code == 0, result.stderr
    # Four stages of three questions.
    assert len(model.calls) == 12
    assert model.calls[0].seed == candidate_seed(derive_seed(3, "summary"), 0)
    assert model.calls[0].parameters["temperature"] == 0
