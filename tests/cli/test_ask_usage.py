"""What `llava-o1 ask` accepts and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from tests.rag.album import draw, draw_pdf
from tests.scripted_model import ScriptedModel
from tests.search.writers import write_staged

RunCommand = Callable[..., Result]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--candidates", "0"],
        ["--candidates", "65"],
        ["--temperature", "-1"],
        ["--temperature", "warm"],
        ["--seed", "-1"],
        ["--pages", "0"],
        ["--pages", "3-1"],
        ["--pages", "one"],
        ["--pages", "1-999999999"],
        ["--model", " "],
        ["--json", "--stream"],
        ["--unknown"],
    ],
)
def test_bad_usage_leaves_code_2_and_no_output(
    run_command: RunCommand, picture: Path, search_model: ScriptedModel, arguments: list[str]
) -> None:
    result = run_command("ask", picture, "How many?", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert not search_model.calls


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--candidates", "65", "'65' is not a whole number from 1 to 64."),
        ("--seed", "abc", "'abc' is not a whole number from 0 to 9007199254740991."),
        ("--temperature", "3", "'3' is not a number from 0 to 2."),
        ("--strategy", "beam", "'beam' is not one of 'stage-beam', "),
    ],
)
def test_a_value_out_of_range_is_told_with_the_range(
    run_command: RunCommand, picture: Path, option: str, value: str, said: str
) -> None:
    result = run_command("ask", picture, "How many?", option, value, env={"COLUMNS": "300"})
    assert f"Invalid value for '{option}': {said}" in result.stderr
    assert result.exit_code == 2


def test_a_setting_out_of_range_is_told_with_the_range(
    run_command: RunCommand, picture: Path, search_model: ScriptedModel
) -> None:
    result = run_command("ask", picture, "How many?", "--set", "max_calls=0")
    assert result.stderr == (
        "llava-o1: error: stage-beam: max_calls is 0; it must be a whole number of at least 1.\n"
    )
    assert result.exit_code == 2
    assert not search_model.calls


@pytest.mark.parametrize(
    ("name", "page", "said"),
    [
        ("paper.pdf", "3", "The PDF has 2 pages and no page 3"),
        ("picture.png", "1", "It is no PDF file, so it has no pages to choose from"),
    ],
)
def test_a_page_that_is_not_there_is_said(
    run_command: RunCommand, tmp_path: Path, search_model: ScriptedModel, name: str, page: str, said: str
) -> None:
    draw_pdf(tmp_path / "paper.pdf", "red", "green")
    draw(tmp_path / "picture.png", "red")
    result = run_command("ask", tmp_path / name, "How many?", "--pages", page)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not search_model.calls


def test_an_empty_question_is_bad_usage(
    run_command: RunCommand, picture: Path, search_model: ScriptedModel
) -> None:
    result = run_command("ask", picture, "  ")
    assert result.exit_code == 2
    assert "empty" in result.stderr


def test_further_settings_reach_the_search(
    run_command: RunCommand, picture: Path, use_model: Callable[[ScriptedModel], None]
) -> None:
    model = ScriptedModel(write=write_staged)
    use_model(model)
    result = run_command("ask", picture, "How many?", "--set", "max_calls=9", "--set", "early_stop=true")
    assert result.exit_code == 0
    assert len(model.calls) <= 9
    assert "the search stopped at max_calls" in result.stderr
    printed = json.loads(run_command("ask", picture, "How many?", "--set", "max_calls=9", "--json").stdout)
    assert printed["limit"] == "max_calls"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("max_calls", "is no setting"),
        ("max_calls=none", "max_calls"),
        ("seed=3", "has an option of its own; write --seed 3"),
        ("seed=abc", "has an option of its own; write --seed abc"),
        ("candidates=2", "has an option of its own; write --candidates 2"),
    ],
)
def test_settings_that_are_none_are_named(
    run_command: RunCommand, picture: Path, search_model: ScriptedModel, text: str, reason: str
) -> None:
    result = run_command("ask", picture, "How many?", "--set", text, env={"COLUMNS": "300"})
    assert result.exit_code == 2
    assert reason in result.stderr
    assert not search_model.calls


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--set", "max_cals=3"], "stage-beam has no setting 'max_cals'; it has judge_both_orders, "),
        (["--set", "retraces=3"], "stage-beam has no setting 'retraces'; it has judge_both_orders, "),
        (["--candidates", "1", "--set", "typo=3"], "single has no setting 'typo'; it has temperature, "),
        (["--candidates", "1", "--judge", "confidence"], "single has nothing to choose from"),
        (["--strategy", "single", "--candidates", "8"], "single has no setting 'candidates'; it has"),
        (["--strategy", "greedy", "--judge", "confidence"], "greedy has nothing to choose from"),
        (["--strategy", "swires", "--judge", "generative"], "swires works with scores"),
    ],
)
def test_a_search_a_judge_and_settings_that_do_not_go_together_are_one_line_and_code_2(
    run_command: RunCommand, picture: Path, search_model: ScriptedModel, options: list[str], reason: str
) -> None:
    result = run_command("ask", picture, "How many?", *options)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"llava-o1: error: {reason}")
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""
    assert not search_model.calls
