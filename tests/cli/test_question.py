"""The pictures of `llava-o1 ask`: several files, standard input and the clipboard."""

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageGrab
from typer.testing import Result

from tests.cli.conftest import StreamingModel
from tests.scripted_model import ScriptedModel

RunCommand = Callable[..., Result]
COLORS = ("red", "lime", "blue")


def encode(color: str, format: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 6), color).save(file, format)
    return file.getvalue()


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """A file of each color, in order."""
    paths = [tmp_path / f"{color}.png" for color in COLORS]
    for color, path in zip(COLORS, paths, strict=True):
        path.write_bytes(encode(color))
    return paths


def colors_of(model: ScriptedModel | StreamingModel) -> list[str]:
    """Return the colors of the pictures that a model was asked about first, in their order."""
    call: Any = model.calls[0]
    messages = call.messages if isinstance(model, ScriptedModel) else call["messages"]
    *blocks, text = messages[0].content
    assert text == {"type": "text", "text": "How many?"}
    found = [Image.open(io.BytesIO(base64.b64decode(block["base64"]))).convert("RGB") for block in blocks]
    named: dict[Any, str] = {(255, 0, 0): "red", (0, 255, 0): "lime", (0, 0, 255): "blue"}
    return [named[image.getpixel((0, 0))] for image in found]


def test_several_pictures_are_asked_about_in_their_order(
    run_command: RunCommand, pictures: list[Path], search_model: ScriptedModel
) -> None:
    result = run_command("ask", *reversed(pictures), "How many?")
    assert result.exit_code == 0, result.stderr
    assert colors_of(search_model) == ["blue", "lime", "red"]


def test_options_may_stand_between_the_pictures_and_the_question(
    run_command: RunCommand, pictures: list[Path], streaming_model: StreamingModel
) -> None:
    red, lime, _ = pictures
    result = run_command("ask", red, "--candidates", "1", lime, "--json", "How many?")
    assert json.loads(result.stdout)["answer"] == "There are 2."
    assert colors_of(streaming_model) == ["red", "lime"]


def test_a_report_shows_every_picture(
    run_command: RunCommand, pictures: list[Path], search_model: ScriptedModel, tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    assert run_command("ask", *pictures, "How many?", "--report", page).exit_code == 0
    text = page.read_text()
    places = [text.index(base64.b64encode(encode(color)).decode()) for color in COLORS]
    assert places == sorted(places)


def test_a_dash_is_a_picture_from_standard_input(
    run_command: RunCommand, pictures: list[Path], search_model: ScriptedModel
) -> None:
    result = run_command("ask", pictures[0], "-", "How many?", input=encode("blue", "BMP"))
    assert result.exit_code == 0, result.stderr
    assert colors_of(search_model) == ["red", "blue"]


@pytest.mark.parametrize(
    ("found", "expected"),
    [(Image.new("RGB", (8, 6), "blue"), "blue"), (["lime.png"], "lime")],
)
def test_the_picture_in_the_clipboard_comes_last(
    run_command: RunCommand,
    pictures: list[Path],
    search_model: ScriptedModel,
    monkeypatch: pytest.MonkeyPatch,
    found: Any,
    expected: str,
) -> None:
    monkeypatch.chdir(pictures[0].parent)
    monkeypatch.setattr(ImageGrab, "grabclipboard", lambda: found)
    result = run_command("ask", "--clipboard", pictures[0], "How many?")
    assert result.exit_code == 0, result.stderr
    assert colors_of(search_model) == ["red", expected]
    search_model.calls.clear()
    assert run_command("ask", "--clipboard", "How many?").exit_code == 0
    assert colors_of(search_model) == [expected]


def fail(error: Exception) -> Callable[[], None]:
    def grab() -> None:
        raise error

    return grab


@pytest.mark.parametrize(
    ("grab", "told"),
    [
        (lambda: None, "The clipboard holds no picture; copy one"),
        (fail(NotImplementedError("wl-paste or xclip is required")), "install wl-clipboard, or xclip"),
        (fail(ChildProcessError("xclip error: no display")), "cannot be read (xclip error: no display)"),
        (fail(Image.DecompressionBombError("a billion pixels")), "cannot be read (a billion pixels)"),
        (lambda: Image.new("1", (8000, 8000)), "The clipboard: The picture has 8000x8000"),
        (lambda: ["absent.png"], "absent.png cannot be read"),
    ],
)
def test_a_clipboard_without_a_picture_is_one_line_and_code_2(
    run_command: RunCommand,
    search_model: ScriptedModel,
    monkeypatch: pytest.MonkeyPatch,
    grab: Callable[[], Any],
    told: str,
) -> None:
    monkeypatch.setattr(ImageGrab, "grabclipboard", grab)
    result = run_command("ask", "--clipboard", "How many?")
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("llava-o1: error: ")
    assert told in line
    assert not search_model.calls


@pytest.mark.parametrize(
    ("arguments", "given", "told"),
    [
        (["-", "How many?"], b"", "Standard input is empty; send the bytes of a picture file."),
        (["-", "How many?"], b"no picture", "Standard input: The 10 bytes, which begin with"),
        (["-", "How many?"], encode("red")[:-30], "Standard input: The picture is truncated"),
        (["-", "How many?"], bytes(32_000_001), "at most 32,000,000 are allowed"),
        (["-", "-", "How many?"], encode("red"), "`-` is given more than once"),
        (["red.png", "-"], encode("red"), "The question is missing: - names a picture"),
        (["red.png", "lime.png"], b"", "The question is missing: lime.png names a picture"),
        (["red.png", "How", "many?"], b"", "How cannot be read (No such file or directory)"),
        (["red.png", "How", "many?"], b"", "A QUESTION of several words needs quotes."),
        (["red.png", "absent.png", "  "], b"", "The question is empty"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_input_is_one_line_and_code_2(
    run_command: RunCommand,
    pictures: list[Path],
    search_model: ScriptedModel,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    given: bytes,
    told: str,
) -> None:
    monkeypatch.chdir(pictures[0].parent)
    result = run_command("ask", *arguments, input=given)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("llava-o1: error: ")
    assert told in line
    assert result.stdout == ""
    assert not search_model.calls
