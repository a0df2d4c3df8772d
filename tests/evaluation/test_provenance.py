"""What answers came from, in the files and the tables of a run: server, precision, data."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from langchain_llava_o1 import ChatLlavaO1
from langchain_llava_o1.cli import answering
from langchain_llava_o1.cli.app import app
from langchain_llava_o1.evaluation.benchmark import open_benchmark
from langchain_llava_o1.evaluation.benchmark_files import file_benchmark
from langchain_llava_o1.evaluation.benchmark_files.published_files import PUBLISHED_FILES, md5_of
from langchain_llava_o1.evaluation.provenance import Provenance, find_provenance
from tests.evaluation.benchmark_files import mmstar_rows, write_table
from tests.evaluation.letters import rows_of
from tests.scripted_model import ScriptedModel


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(app, ["bench", *map(str, arguments)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_table(tmp_path / "data", "MMStar", mmstar_rows())


@pytest.fixture
def compare_file(compare: Callable[..., Any], file: Path, model: ScriptedModel) -> Callable[..., Any]:
    """Ask the first items of the file."""

    def ask(*options: str) -> Any:
        return compare("--benchmark", "mmstar", "--data", str(file.parent), "--items", "2", *options)

    return ask


def outcomes_in(tmp_path: Path) -> Path:
    return tmp_path / "run" / "mmstar" / "outcomes.jsonl"


def test_server_and_file_are_written_and_printed_and_keys_are_not(
    compare_file: Callable[..., Any],
    file: Path,
    model: ScriptedModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answering, "open_model", lambda settings: model)
    digest = hashlib.md5(file.read_bytes()).hexdigest()
    server = ("--base-url", "http://me:secret@127.0.0.1:9/v1?key=secret")
    known = {"base_url": "http://127.0.0.1:9/v1", "data_file": "MMStar.tsv", "data_md5": digest}
    said = f"server http://127.0.0.1:9/v1, MMStar.tsv (MD5 {digest})"
    assert rows_of(compare_file(*server, "--json"))["greedy"]["provenance"] == known
    heading = json.loads(outcomes_in(tmp_path).read_text().splitlines()[0])
    assert known.items() <= heading.items()
    assert compare_file(*server).stdout.splitlines()[0].endswith(f": {said}")
    assert "secret" not in "".join(path.read_text() for path in (tmp_path / "run").rglob("*.*"))
    reported = run("report", tmp_path / "run", "--data", file.parent, "--json").stdout
    assert json.loads(reported)["rows"][0]["provenance"] == known
    assert said in (tmp_path / "run" / "comparison.md").read_text()
    asked = ("--benchmark", "mmstar", "--data", file.parent, "--items", "1", "--strategy", "greedy")
    assert said in run("accuracy", *asked, *server).stdout.splitlines()[1]
    # A server that moved is asked on, and what it has answered is not asked again.
    num_calls = len(model.calls)
    assert compare_file("--base-url", "http://127.0.0.1:10/v1").exit_code == 0
    assert len(model.calls) == num_calls


def test_answers_to_another_file_are_not_mixed_in(
    compare_file: Callable[..., Any], file: Path, model: ScriptedModel, tmp_path: Path
) -> None:
    compare_file()
    before, num_calls = outcomes_in(tmp_path).read_text(), len(model.calls)
    file.write_text(file.read_text().replace("Look closely.", "Look again."))
    refused = compare_file("--items", "3")
    assert refused.exit_code == 1
    assert "belongs to another comparison" in refused.stderr
    regraded = run("grade", tmp_path / "run", "--data", file.parent, "--out", tmp_path / "graded")
    assert regraded.exit_code == 1
    assert hashlib.md5(file.read_bytes()).hexdigest() in regraded.stderr
    assert "Name the folder of the other one with --data." in regraded.stderr
    assert (outcomes_in(tmp_path).read_text(), len(model.calls)) == (before, num_calls)


def test_a_run_that_was_begun_before_the_file_was_written_down_goes_on(
    compare_file: Callable[..., Any], model: ScriptedModel, tmp_path: Path
) -> None:
    compare_file()
    first, *answers = outcomes_in(tmp_path).read_text().splitlines(keepends=True)
    heading = {name: value for name, value in json.loads(first).items() if not name.startswith("data_")}
    outcomes_in(tmp_path).write_text("".join([json.dumps(heading) + "\n", *answers]))
    num_calls = len(model.calls)
    assert compare_file("--items", "3").exit_code == 0
    assert len(model.calls) == num_calls + 1


def test_an_answer_to_a_row_that_is_gone_is_not_graded_anew(
    compare_file: Callable[..., Any], file: Path, tmp_path: Path
) -> None:
    compare_file()
    lines = outcomes_in(tmp_path).read_text().replace(hashlib.md5(file.read_bytes()).hexdigest(), "")
    outcomes_in(tmp_path).write_text(lines.replace(', "data_md5": ""', ""))
    write_table(file.parent, "MMStar", mmstar_rows()[:1])
    regraded = run("grade", tmp_path / "run", "--data", file.parent, "--out", tmp_path / "graded")
    assert regraded.exit_code == 0
    assert f"{file} has no item 1: it has 1, numbered from 0. It is left out." in regraded.stderr


def test_a_file_that_is_not_the_published_one_is_told(
    compare_file: Callable[..., Any], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []

    def count(path: Path) -> str:
        read.append(path)
        return md5_of(path)

    monkeypatch.setattr(file_benchmark, "md5_of", count)
    digest, published = md5_of(file), PUBLISHED_FILES["MMStar"]
    told = (
        f"MMStar.tsv has the MD5 {digest}, the published file {published.md5}: what is measured cannot be "
        f"set beside published figures. Fetch it anew: llava-o1 bench fetch mmstar --data {file.parent}"
    )
    assert told in compare_file().stderr.splitlines()
    # A file may have hundreds of megabytes: it is read once for this and for the heading.
    assert read == [file]
    monkeypatch.setitem(PUBLISHED_FILES, "MMStar", replace(published, md5=digest))
    assert "published" not in compare_file().stderr


async def test_a_checkpoint_is_told_with_its_precision() -> None:
    model = ChatLlavaO1(device="cpu", dtype="bfloat16")
    found = await find_provenance(model, open_benchmark("scenes"), None)
    assert (found, str(found)) == (Provenance(dtype="bfloat16"), "bfloat16")
    assert not model.is_loaded
    assert str(Provenance()) == ""
