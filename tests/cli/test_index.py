"""`llava-o1 index`, and `llava-o1 ask --collection`."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from langchain_llava_o1 import open_collection
from tests.rag.album import answering_model, describing_model, draw, draw_pdf, pictures_of, stored
from tests.scripted_model import ScriptedModel

RunCommand = Callable[..., Result]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def album(tmp_path: Path) -> Path:
    for colour in ("red", "green"):
        draw(tmp_path / "album" / f"{colour}.png", colour)
    return tmp_path / "album"


@pytest.fixture
def indexed(
    album: Path, tmp_path: Path, run_command: RunCommand, use_model: Callable[[ScriptedModel], None]
) -> Path:
    use_model(describing_model())
    path = tmp_path / "collection"
    result = run_command("index", album, "--collection", path, "--no-picture-embeddings")
    assert result.exit_code == 0
    return path


@pytest.fixture
def model(indexed: Path, use_model: Callable[[ScriptedModel], None]) -> ScriptedModel:
    """What answers, once the collection is there."""
    model = answering_model()
    use_model(model)
    return model


def test_a_folder_is_indexed_and_summarized(
    album: Path, tmp_path: Path, run_command: RunCommand, use_model: Callable[[ScriptedModel], None]
) -> None:
    use_model(describing_model())
    (album / "broken.png").write_bytes(b"broken")
    for name in ("a.docx", "b.docx"):
        (album / name).write_bytes(b"PK")
    command = ("index", album, "--collection", tmp_path / "new", "--no-picture-embeddings", "--batch", "2")
    result = run_command(*command)
    assert result.exit_code == 0
    assert result.stdout == "2 added, 0 changed, 0 unchanged, 0 removed, 1 failed; 2 captions written\n"
    assert "2 of 3 files indexed\n3 of 3 files indexed\n" in result.stderr
    assert "llava-o1: warning: album/broken.png is not indexed: The 6 bytes" in result.stderr
    assert "llava-o1: 2 files are left out: .docx is none of" in result.stderr

    again = json.loads(run_command(*command, "--json").stdout)
    assert again["unchanged"] == ["album/green.png", "album/red.png"]
    assert again["num_captions"] == 0
    assert sorted(stored(open_collection(tmp_path / "new"))) == ["album/green.png", "album/red.png"]


def test_pages_of_a_pdf_are_indexed_and_cited(
    tmp_path: Path, run_command: RunCommand, use_model: Callable[[ScriptedModel], None]
) -> None:
    use_model(describing_model())
    folder = draw_pdf(tmp_path / "papers" / "paper.pdf", "red", "green", "blue").parent
    command = ("index", folder, "--collection", tmp_path / "new", "--no-picture-embeddings")
    refused = run_command(*command, "--max-pages", "2")
    assert "papers/paper.pdf is not indexed: 3 pages of a PDF are to be read; at most 2" in refused.stderr
    assert run_command(*command).stdout.endswith("0 failed; 3 captions written\n")

    model = answering_model()
    use_model(model)
    result = run_command("ask", "Where is a green picture?", "--collection", tmp_path / "new")
    assert result.exit_code == 0
    assert result.stderr.endswith("\n[1] papers/paper.pdf, page 2\n")
    assert {name for call in model.sampling_calls for name in pictures_of(call)} == {"green"}


@pytest.mark.long
def test_a_passage_that_the_model_cannot_read_is_quoted(
    album: Path, tmp_path: Path, run_command: RunCommand
) -> None:
    (album / "notes.txt").write_text("The ferry to the island leaves at nine.")
    path = tmp_path / "new"
    options = ("--model", "tiny")
    indexed = run_command("index", album, "--collection", path, "--no-picture-embeddings", *options)
    assert indexed.exit_code == 0
    page = tmp_path / "page.html"
    asked = ("ask", "When does the ferry to the island leave?", "--collection", path, *options)
    result = run_command(*asked, "--report", page)
    assert result.exit_code == 0
    said = "The model reads no passages of text, only questions about pictures. What was found says:\n\n"
    quoted = f"{said}The ferry to the island leaves at nine.\n[1] album/notes.txt, line 1\n"
    assert result.stdout == quoted
    assert "leaves at nine" in page.read_text()
    told = json.loads(run_command(*asked, "--json").stdout)
    assert (told["answer"] + "\n", told["stages"]) == (quoted, {})
    assert run_command(*asked, "--stream", "--show-stages").stdout == quoted


@pytest.mark.long
def test_picture_embeddings_are_those_of_the_model(
    album: Path, tmp_path: Path, run_command: RunCommand
) -> None:
    result = run_command("index", album, "--collection", tmp_path / "new", "--model", "tiny")
    assert result.exit_code == 0
    told = json.loads((tmp_path / "new" / "collection.json").read_text())
    assert told["vision_tower"] == {"model": "tiny", "revision": None, "pooling": "max", "layers": "final"}
    # Opened again, it needs no more than its path, whichever model describes.
    assert run_command("index", album, "--collection", tmp_path / "new").exit_code == 0
    other = run_command("index", album, "--collection", tmp_path / "new", "--model", "some/other")
    assert other.stdout.startswith("0 added, 0 changed, 2 unchanged")


def test_a_folder_that_is_gone_is_removed_when_that_is_meant(
    album: Path, run_command: RunCommand, indexed: Path
) -> None:
    album.rename(album.with_name("elsewhere"))
    refused = run_command("index", album, "--collection", indexed)
    assert refused.exit_code == 1
    assert "--allow-empty" in refused.stderr
    removed = run_command("index", album, "--collection", indexed, "--allow-empty")
    assert removed.stdout.startswith("0 added, 0 changed, 0 unchanged, 2 removed")


def test_a_redrawn_picture_finds_its_like(album: Path, tmp_path: Path, run_command: RunCommand) -> None:
    assert run_command("index", album, "--collection", tmp_path / "new", "--model", "tiny").exit_code == 0
    found = open_collection(tmp_path / "new").as_retriever(1).invoke("", image=str(album / "red.png"))
    assert found[0].metadata["name"] == "album/red.png"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("missing",), "missing is no folder"),
        (("album", "--embeddings", "glove"), "There are no embeddings 'glove'"),
    ],
)
def test_what_fails_is_one_line_and_code_1(
    album: Path,
    tmp_path: Path,
    run_command: RunCommand,
    use_model: Callable[[ScriptedModel], None],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    use_model(describing_model())
    folder, *options = arguments
    result = run_command(
        "index", album.parent / folder, "--collection", tmp_path / "new", "--no-picture-embeddings", *options
    )
    assert result.exit_code == 1
    assert result.stderr.startswith("llava-o1: error: ")
    assert said in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals of POSIX systems")
def test_a_terminal_shows_a_bar(album: Path, tmp_path: Path) -> None:
    (album / "notes.txt").write_text("Some text.")
    for path in album.glob("*.png"):
        path.unlink()
    ours, theirs = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "langchain_llava_o1.cli",
        "index",
        album,
        "--collection",
        tmp_path / "new",
    ]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    done = subprocess.run(
        list(map(str, command)), cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=theirs, check=True
    )
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert "indexing" in shown
    assert "1/1" in shown
    assert done.stdout.startswith(b"1 added")


def test_an_answer_from_a_collection_goes_to_standard_output_and_its_sources_do_not(
    run_command: RunCommand, indexed: Path, model: ScriptedModel
) -> None:
    result = run_command("ask", "Where is a green picture?", "--collection", indexed)
    assert result.exit_code == 0
    assert result.stdout.startswith("Sentence 0 is")
    assert "[1]" not in result.stdout
    assert result.stderr.endswith("\n[1] album/green.png\n")
    assert {name for call in model.sampling_calls for name in pictures_of(call)} <= {"green"}


def test_json_has_the_sources(run_command: RunCommand, indexed: Path, model: ScriptedModel) -> None:
    result = run_command("ask", "Green?", "--collection", indexed, "--sources", "2", "--json")
    told = json.loads(result.stdout)
    assert [(source["number"], source["name"]) for source in told["sources"]] == [
        (1, "album/green.png"),
        (2, "album/red.png"),
    ]
    assert list(told["stages"]) == ["summary", "caption", "reasoning", "conclusion"]
    assert "[1]" not in result.stderr


def test_a_single_pass_answers_from_a_collection_greedily(
    run_command: RunCommand, indexed: Path, model: ScriptedModel
) -> None:
    result = run_command("ask", "Green?", "--collection", indexed, "--candidates", "1")
    assert result.exit_code == 0
    (call,) = model.calls
    assert call.parameters["temperature"] == 0


def test_a_single_pass_from_a_collection_is_streamed_at_its_end(
    run_command: RunCommand, indexed: Path, model: ScriptedModel
) -> None:
    options = ("--candidates", "1", "--stream", "--show-stages")
    result = run_command("ask", "Green?", "--collection", indexed, *options)
    assert result.stdout.count("Sentence 0 is") == 4


def test_a_report_shows_the_question_and_the_picture_that_was_found(
    run_command: RunCommand, indexed: Path, model: ScriptedModel, tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    assert run_command("ask", "Green, please?", "--collection", indexed, "--report", page).exit_code == 0
    text = page.read_text()
    assert "Green, please?" in text
    assert "data:image/png;base64," in text


def test_a_changed_picture_is_a_warning(
    run_command: RunCommand, indexed: Path, model: ScriptedModel, album: Path
) -> None:
    draw(album / "green.png", "white")
    result = run_command("ask", "Green?", "--collection", indexed, "--sources", "2")
    assert result.exit_code == 0
    assert "llava-o1: warning: album/green.png is left out: " in result.stderr
    assert result.stderr.endswith("[1] album/red.png\n")
    draw(album / "red.png", "white")
    nothing = run_command("ask", "Green?", "--collection", indexed)
    assert nothing.exit_code == 1
    assert "Nothing was found that could be shown" in nothing.stderr
    assert "has changed since it was indexed" in nothing.stderr


def test_a_picture_can_be_searched_by(
    run_command: RunCommand, indexed: Path, model: ScriptedModel, album: Path
) -> None:
    # The collection has no picture embeddings: it says so, and by text it answers.
    picture = album / "red.png"
    refused = run_command("ask", picture, "Green?", "--collection", indexed, "--by", "image")
    assert refused.exit_code == 1
    assert "no store of pictures" in refused.stderr
    assert run_command("ask", picture, "Green?", "--collection", indexed, "--by", "text").exit_code == 0
    assert pictures_of(model.sampling_calls[0]) == ["green", "red"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("How many?",), "Only 'How many?' is given"),
        (("a.png", "b.png", "How many?", "--collection", "c"), "by one picture at most, got 2"),
        (("a.png", "How many?", "--sources", "2"), "--sources goes with --collection"),
        (("a.png", "How many?", "--by", "text"), "--by goes with --collection"),
        ((" ", "--collection", "c"), "The question is empty"),
        (("How many?", "--collection", "c", "--pages", "1"), "--pages goes with a PDF file"),
        (("How many?", "--collection", "c", "--by", "both"), "both needs a picture"),
    ],
)
def test_wrong_usage_is_code_2(run_command: RunCommand, arguments: tuple[str, ...], said: str) -> None:
    result = run_command("ask", *arguments, env={"COLUMNS": "300"})
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())


def test_a_collection_that_is_none_is_said(run_command: RunCommand, tmp_path: Path) -> None:
    result = run_command("ask", "How many?", "--collection", tmp_path / "none")
    assert result.exit_code == 1
    assert "is no collection. Make one: llava-o1 index FOLDER" in result.stderr
