"""What a failing command says, and the code it leaves."""

from collections.abc import Callable
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage
from typer.testing import CliRunner, Result

from langchain_llava_o1.cli.app import app
from langchain_llava_o1.cli.failures import describe
from langchain_llava_o1.errors import GenerationError, LlavaO1Error, ModelLoadError
from tests.scripted_model import Call, Reply, ScriptedModel
from tests.search.writers import write_staged

RunCommand = Callable[..., Result]


def only_error_line(result: Result, code: int = 1) -> str:
    """Return the one line of a failure."""
    lines = [line for line in result.stderr.splitlines() if line.startswith("llava-o1: error: ")]
    assert len(lines) == 1, result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert result.exit_code == code
    return lines[0]


def test_a_missing_picture(run_command: RunCommand, tmp_path: Path, search_model: ScriptedModel) -> None:
    result = run_command("ask", tmp_path / "absent.png", "How many?")
    assert "absent.png" in only_error_line(result, 2)
    assert not search_model.calls


def test_a_folder_in_place_of_a_picture(
    run_command: RunCommand, tmp_path: Path, search_model: ScriptedModel
) -> None:
    assert str(tmp_path) in only_error_line(run_command("ask", tmp_path, "How many?"), 2)


@pytest.mark.parametrize("damage", [lambda data: data[:60], lambda data: b"", lambda data: b"no picture"])
def test_a_broken_picture(
    run_command: RunCommand,
    picture: Path,
    search_model: ScriptedModel,
    damage: Callable[[bytes], bytes],
) -> None:
    picture.write_bytes(damage(picture.read_bytes()))
    assert "picture.png" in only_error_line(run_command("ask", picture, "How many?"), 2)
    assert not search_model.calls


def failing_model(error: BaseException) -> ScriptedModel:
    def fail(call: Call) -> AIMessage:
        raise error

    return ScriptedModel(write=fail)


def test_an_error_of_the_package_is_told_in_its_own_words(
    run_command: RunCommand, picture: Path, use_model: Callable[..., None]
) -> None:
    use_model(failing_model(ModelLoadError("No checkpoint at 'nowhere'.\nName a folder.")))
    result = run_command("ask", picture, "How many?")
    assert only_error_line(result) == "llava-o1: error: No checkpoint at 'nowhere'. Name a folder."


def test_an_unexpected_error_names_its_kind_and_points_to_debug(
    run_command: RunCommand, picture: Path, use_model: Callable[..., None]
) -> None:
    use_model(failing_model(ZeroDivisionError("by zero")))
    line = only_error_line(run_command("ask", picture, "How many?"))
    assert "ZeroDivisionError: by zero" in line
    assert "--debug" in line


def test_a_model_that_fails_during_a_benchmark_is_told_in_its_own_words(
    run_command: RunCommand, use_model: Callable[..., None]
) -> None:
    def fail_after_the_warm_up(call: Call) -> Reply:
        if len(model.calls) > 1:
            raise GenerationError("The model broke. Load it again.")
        return write_staged(call)

    model = ScriptedModel(write=fail_after_the_warm_up)
    use_model(model)
    result = run_command("bench", "accuracy", "--strategy", "single", "--items", "3")
    assert only_error_line(result) == "llava-o1: error: The model broke. Load it again."


@pytest.mark.parametrize("arguments", [["--debug", "ask"], ["ask", "--debug"]])
def test_debug_lets_the_exception_through(
    picture: Path, use_model: Callable[..., None], arguments: list[str]
) -> None:
    use_model(failing_model(ModelLoadError("nowhere")))
    result = CliRunner().invoke(app, [*arguments, str(picture), "How many?"])
    assert isinstance(result.exception, ModelLoadError)


@pytest.mark.parametrize("num_candidates", ["1", "4"])
def test_an_interrupt_leaves_code_130(
    picture: Path, use_model: Callable[..., None], num_candidates: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("langchain_llava_o1.cli.answering.create_model", interrupt)
    result = CliRunner().invoke(app, ["ask", str(picture), "How many?", "--candidates", num_candidates])
    assert result.exit_code == 130
    assert result.stderr.splitlines()[-1] == "llava-o1: interrupted"
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (LlavaO1Error(), "LlavaO1Error"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (PermissionError(13, "Permission denied", "a.png"), "a.png: Permission denied"),
    ],
)
def test_describe(error: Exception, expected: str) -> None:
    assert describe(error) == expected
