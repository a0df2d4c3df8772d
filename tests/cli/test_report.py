"""`llava-o1 ask --report`."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from tests.cli.conftest import StreamingModel
from tests.scripted_model import ScriptedModel

RunCommand = Callable[..., Result]


@pytest.mark.parametrize("options", [[], ["--json"], ["--stream"], ["--show-stages"]])
def test_a_page_is_written_beside_the_usual_output(
    run_command: RunCommand,
    picture: Path,
    search_model: ScriptedModel,
    tmp_path: Path,
    options: list[str],
) -> None:
    path = tmp_path / "report.html"
    question = ["ask", picture, "How many <b>?", "--seed", "1", *options]
    plain = run_command(*question)
    reported = run_command(*question, "--report", path)
    assert reported.exit_code == 0
    if "--json" in options:
        answers = [json.loads(result.stdout)["answer"] for result in (plain, reported)]
        assert answers[0] == answers[1]
    else:
        assert reported.stdout == plain.stdout
    page = path.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "How many &lt;b&gt;?" in page
    assert page.count('class="step card"') == 4
    assert "data:image/png;base64," in page


def test_a_single_pass_has_a_page(
    run_command: RunCommand, picture: Path, streaming_model: StreamingModel, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    result = run_command("ask", picture, "How many?", "--candidates", "1", "--report", path)
    assert result.stdout == "There are 2.\n"
    page = path.read_text(encoding="utf-8")
    assert "count the shapes" in page
    assert "There are 2." in page


def test_a_page_takes_the_place_of_an_older_one_and_leaves_nothing_else(
    run_command: RunCommand, picture: Path, search_model: ScriptedModel, tmp_path: Path
) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    path = folder / "report.html"
    path.write_text("older")
    run_command("ask", picture, "How many?", "--report", path)
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert list(folder.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing/report.html", "there is no folder"),
        ("", "it is a folder"),
        ("picture.png/report.html", "there is no folder"),
    ],
)
def test_a_place_that_cannot_be_written_to_is_told_before_anything_is_asked(
    run_command: RunCommand,
    picture: Path,
    search_model: ScriptedModel,
    tmp_path: Path,
    name: str,
    message: str,
) -> None:
    result = run_command("ask", picture, "How many?", "--report", tmp_path / name)
    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert message in result.stderr
    assert search_model.calls == []


def test_a_link_stays_and_what_is_no_file_is_refused(
    run_command: RunCommand, picture: Path, search_model: ScriptedModel, tmp_path: Path
) -> None:
    (tmp_path / "older.html").write_text("older")
    link = tmp_path / "report.html"
    link.symlink_to(tmp_path / "older.html")
    assert run_command("ask", picture, "How many?", "--report", link).exit_code == 0
    assert link.is_symlink()
    assert (tmp_path / "older.html").read_text(encoding="utf-8").startswith("<!doctype html>")

    result = run_command("ask", picture, "How many?", "--report", "/dev/null")
    assert result.exit_code == 1
    assert "it is no ordinary file" in result.stderr
    assert Path("/dev/null").is_char_device()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_told(
    run_command: RunCommand, picture: Path, search_model: ScriptedModel, tmp_path: Path
) -> None:
    folder = tmp_path / "sealed"
    folder.mkdir(mode=0o500)
    result = run_command("ask", picture, "How many?", "--report", folder / "report.html")
    assert "nothing can be written to" in result.stderr


def test_a_full_disk_leaves_the_older_page(
    run_command: RunCommand,
    picture: Path,
    search_model: ScriptedModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "report.html"
    path.write_text("older")

    def fail(self: Path, *arguments: object, **options: object) -> int:
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_text", fail)
    result = run_command("ask", picture, "How many?", "--report", path)
    assert result.exit_code == 1
    assert result.stderr.strip().splitlines()[-1].endswith("No space left on device")
    assert result.stdout.startswith("note ")
    assert path.read_text() == "older"
