"""Every example runs as it stands, on the embedded model."""

import ast
import csv
import functools
import subprocess
import sys
from pathlib import Path

import pytest

from langchain_llava_o1.tiny import demo_picture_path

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = sorted(FOLDER.glob("*.py"))
# The first one stands for all where tests are to be quick.
RUN = [EXAMPLES[0], *(pytest.param(path, marks=pytest.mark.long) for path in EXAMPLES[1:])]


@pytest.mark.parametrize("path", RUN, ids=lambda path: path.stem)
def test_an_example_runs_and_says_something(path: Path) -> None:
    assert output_of(path).strip()


@functools.cache
def output_of(path: Path) -> str:
    return run(path)


def run(path: Path, *arguments: object) -> str:
    command = [sys.executable, str(path), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def test_examples_are_short() -> None:
    assert EXAMPLES
    assert all(len(path.read_text().splitlines()) < 60 for path in EXAMPLES)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_says_what_it_shows_and_what_to_install(path: Path) -> None:
    told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert told
    assert "pip install" in told or "make studio" in told


@pytest.mark.long
def test_a_killed_search_goes_on_where_it_was() -> None:
    before, _, after = output_of(FOLDER / "10_resume_after_a_crash.py").partition("killed, exit status -9\n")

    assert before.count("caption: candidate") == 4
    assert "conclusion" not in before
    assert "summary" not in after
    assert "caption" not in after
    assert after.count("conclusion: candidate") == 4
    assert after.splitlines()[-1] == "answer: 6"


@pytest.mark.long
@pytest.mark.parametrize("name", ["16_deep_agent", "17_supervisor"])
def test_the_agent_that_looks_tells_what_the_picture_shows(name: str) -> None:
    # Whatever the scripted agent says of it, the answer comes from the search.
    assert "tool: 6" in output_of(FOLDER / f"{name}.py").splitlines()


@pytest.mark.long
def test_a_batch_goes_on_with_what_is_not_answered(tmp_path: Path) -> None:
    example, questions, answers = FOLDER / "13_batch_over_a_csv.py", tmp_path / "q.csv", tmp_path / "a.csv"
    (tmp_path / "scene.png").write_bytes(demo_picture_path().read_bytes())
    questions.write_text("image,question\nscene.png,How many stars are there?\nlost.png,Why?\n")
    run(example, questions, answers)
    first = answers.read_text()
    with questions.open("a") as file:
        file.write("scene.png,What colour is the triangle?\n")
    run(example, questions, answers)

    assert answers.read_text().startswith(first)
    rows = {row["question"]: row for row in csv.DictReader(answers.read_text().splitlines())}
    assert len(first.splitlines()) == 3
    assert len(answers.read_text().splitlines()) == 4
    assert rows["How many stars are there?"]["answer"] == "1"
    assert int(rows["How many stars are there?"]["tokens"]) > 0
    assert rows["What colour is the triangle?"]["answer"] == "yellow"
    assert "lost.png cannot be read" in rows["Why?"]["error"]
    assert not rows["Why?"]["answer"]
