"""`llava-o1 data annotate`: its options, what it writes, and what is left of it after it was killed."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from langchain_llava_o1.cli.data.teaching import read_model
from langchain_llava_o1.data.annotation.journal import is_begun
from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.canvas import as_png
from langchain_llava_o1.drawn.items import make_item
from tests.data.annotation.teaching import TeacherServer, read_json_lines, write_questions
from tests.data.sets import in_base64, staged, write_benchmark, write_set

RunCommand = Callable[..., Result]


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")


@pytest.fixture
def server() -> Iterator[TeacherServer]:
    with TeacherServer(lambda prompt: staged(conclusion="7")).serving() as serving:
        yield serving


def options(server: TeacherServer, folder: Path) -> tuple[str | Path, ...]:
    return ("--teacher", "openai:scripted", "--base-url", server.address, "--out", folder)


def told(result: Result) -> str:
    return " ".join(result.stderr.replace("│", " ").split())


def test_a_set_is_made_checked_and_gone_on_with(
    run_command: RunCommand, tmp_path: Path, server: TeacherServer
) -> None:
    questions, folder = write_questions(tmp_path, "7", "7", "8"), tmp_path / "set"
    prices = ("--price", "1000,10000", "--max-cost", "100")
    result = run_command("data", "annotate", questions, *options(server, folder), *prices)
    assert result.exit_code == 0
    assert f"{folder}: 2 annotated, 1 refused, 0 errors" in result.stdout
    assert "4 calls, 400 tokens read, 80 generated, cost 1.2000" in result.stdout
    assert "estimate: 3 questions to annotate, about 3 calls" in result.stderr
    checked = json.loads(run_command("data", "check", folder, "--json", "--characters").stdout)
    assert set(checked["num_problems"]) <= {"near duplicate"}
    num_asked = len(server.prompts)
    again = run_command("data", "annotate", questions, *options(server, folder))
    assert again.exit_code == 0
    assert "2 annotated, 1 refused" in again.stdout
    assert len(server.prompts) == num_asked


def write_bad_questions(folder: Path) -> Path:
    """Write 20 questions, of which line 17 is broken, line 3 lacks its picture, and line 5 has no answer."""
    path = write_questions(folder, *["7"] * 20)
    lines = path.read_text().splitlines()
    lines[2] = json.dumps({**json.loads(lines[2]), "image": "lost.png"})
    lines[4] = json.dumps({**json.loads(lines[4]), "answer": " "})
    lines[16] = '{"id": "q16", "image": '
    return write_set(path, *lines)


def check_problems(result: Result, path: Path) -> None:
    assert f"{path}:3: image: there is no lost.png in the folder" in result.stderr
    assert f"{path}:5: answer: answer is ' '; expected a text" in result.stderr
    assert f"{path}:17: no JSON in UTF-8" in result.stderr
    assert "expected one JSON object on a line" in result.stderr
    assert result.stderr.count(f"warning: {path}:") == 3
    assert "3 problems in the questions; lines that give no question are left out" in result.stderr


def test_lines_that_give_no_question_are_told_and_the_others_go_on(
    run_command: RunCommand, tmp_path: Path, server: TeacherServer
) -> None:
    path, folder = write_bad_questions(tmp_path), tmp_path / "set"
    result = run_command("data", "annotate", path, *options(server, folder), "--estimate")
    check_problems(result, path)
    result = run_command("data", "annotate", path, *options(server, folder))
    assert result.exit_code == 1
    check_problems(result, path)
    assert "17 annotated, 0 refused, 1 errors, 3 problems in lines; 17 calls" in result.stdout
    assert "error: 1 question failed; start again to try what failed once more" in result.stderr
    assert f"The reasons are in {folder / 'refusals.jsonl'}." in result.stderr
    assert len(read_json_lines(folder / "examples.jsonl")) == 17


def test_of_many_problems_the_first_20_are_told(
    run_command: RunCommand, tmp_path: Path, server: TeacherServer
) -> None:
    path, folder = write_questions(tmp_path, "7"), tmp_path / "set"
    write_set(path, path.read_text().strip(), *["{"] * 23)
    result = run_command("data", "annotate", path, *options(server, folder))
    assert result.stderr.count(f"warning: {path}:") == 20
    assert "23 problems in the questions, 3 of them not told" in result.stderr
    assert "1 annotated, 0 refused, 0 errors, 23 problems in lines" in result.stdout


def test_lines_that_give_no_question_give_no_pair(
    run_command: RunCommand, tmp_path: Path, server: TeacherServer
) -> None:
    path, out = write_bad_questions(tmp_path), tmp_path / "pairs.jsonl"
    asked = ("--model", "openai:scripted", "--base-url", server.address, "--answers", "2", "--out", out)
    result = run_command("data", "preference-pairs", path, *asked)
    assert result.exit_code == 1
    assert "1 question failed; start again to try what failed once more" in result.stderr
    assert f"{path}:17: no JSON in UTF-8" in result.stderr
    assert "0 pairs of 17/18 questions, 3 problems in lines; 34 calls" in result.stdout


def test_an_estimate_asks_nobody(run_command: RunCommand, tmp_path: Path, server: TeacherServer) -> None:
    questions = write_questions(tmp_path, "7", "7")
    asked = (*options(server, tmp_path / "set"), "--price", "10,10", "--estimate")
    result = run_command("data", "annotate", questions, *asked)
    assert result.exit_code == 0
    assert result.stdout.startswith("estimate: 2 questions to annotate, about 2 calls")
    assert "cost 0.0" in result.stdout
    assert server.prompts == []
    assert not is_begun(tmp_path / "set" / "annotation")


def test_an_estimate_binds_no_teacher(run_command: RunCommand, tmp_path: Path, server: TeacherServer) -> None:
    questions, folder = write_questions(tmp_path, "7", "7"), tmp_path / "set"
    folder.mkdir()
    assert run_command("data", "annotate", questions, *options(server, folder), "--estimate").exit_code == 0
    assert not is_begun(folder / "annotation")
    asked = ("--teacher", "openai:another", "--base-url", server.address, "--out", folder)
    result = run_command("data", "annotate", questions, *asked)
    assert result.exit_code == 0
    assert "2 annotated" in result.stdout


def test_a_file_of_pairs_that_something_else_wrote_is_refused(
    run_command: RunCommand, tmp_path: Path
) -> None:
    questions, out = write_questions(tmp_path, "7"), tmp_path / "pairs.jsonl"
    out.write_text('{"prompt": "Q", "chosen": "A", "rejected": "B"}\n')
    asked = ("--model", "openai:scripted", "--out", out)
    result = run_command("data", "preference-pairs", questions, *asked)
    assert result.exit_code == 2
    assert "is there already, and was not begun by this command" in told(result)


def test_the_end_of_the_budget_leaves_exit_code_1(
    run_command: RunCommand, tmp_path: Path, server: TeacherServer
) -> None:
    questions, folder = write_questions(tmp_path, *["7"] * 20), tmp_path / "set"
    limit = ("--max-tokens-total", "1500", "--concurrency", "1")
    result = run_command("data", "annotate", questions, *options(server, folder), *limit)
    assert result.exit_code == 1
    assert "stopped at the budget; start again with a larger one" in result.stderr
    assert 1 <= len(server.prompts) <= 12
    assert run_command("data", "annotate", questions, *options(server, folder)).exit_code == 0
    assert len(server.prompts) == 20


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--teacher", "gpt-4o"), "'gpt-4o' names no model: write provider and model"),
        (("--teacher", "nobody:gpt-4o"), "cannot be created"),
        (("--teacher", "self", "--judge", "generative"), "add --strategy stage-beam"),
        (("--teacher", "self", "--candidates", "2"), "add --strategy stage-beam"),
        (
            ("--teacher", "self", "--strategy", "stage-beam", "--set", "candidates=3"),
            "write --candidates 3",
        ),
        (("--teacher", "self", "--strategy", "stage-beam", "--set", "seed=3"), "leave seed out"),
        (("--teacher", "self", "--max-cost", "1"), "add --price, as in 2.5,10"),
        (("--teacher", "self", "--price", "much"), "'much' is no price"),
        (("--teacher", "self", "--validator-base-url", "http://x"), "name it with --validator"),
        (("--teacher", "self", "--strategy", "swires", "--judge", "generative"), "works with scores"),
    ],
)
def test_bad_usage_is_told(
    run_command: RunCommand, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    questions = write_questions(tmp_path, "7")
    result = run_command("data", "annotate", questions, "--out", tmp_path / "set", *arguments)
    assert result.exit_code == 2
    assert said in told(result)


def test_a_benchmark_is_refused_unless_it_is_allowed(
    run_command: RunCommand, tmp_path: Path, server: TeacherServer
) -> None:
    row = {"index": "7", "image": in_base64("red"), "question": "How many?", "answer": "7"}
    benchmark, folder = write_benchmark(tmp_path / "MMStar.tsv", row), tmp_path / "set"
    result = run_command("data", "annotate", benchmark, *options(server, folder))
    assert result.exit_code == 2
    assert "is a benchmark" in told(result)
    allowed = run_command("data", "annotate", benchmark, *options(server, folder), "--allow-benchmark")
    assert allowed.exit_code == 0
    assert (folder / "examples.jsonl").exists()


def test_the_rate_limit_is_langchains() -> None:
    model = read_model("openai:gpt-4o", base_url="http://localhost:1/v1", requests_per_second=2.5).open()
    assert model.rate_limiter is not None
    assert model.rate_limiter.requests_per_second == 2.5  # type: ignore[attr-defined]


def test_own_answers_of_the_embedded_model_are_kept_where_they_are_right(
    run_command: RunCommand, tmp_path: Path
) -> None:
    items = [make_item(seed, Difficulty.EASY) for seed in (10**9 + 1, 10**9 + 4)]
    rows = []
    for item in items:
        (tmp_path / f"{item.seed}.png").write_bytes(as_png(item.picture))
        rows.append({"id": str(item.seed), "image": f"{item.seed}.png", "question": item.prompt})
    answers = [item.conclusions(item.told)[0] for item in items]
    rows[0]["answer"], rows[1]["answer"] = answers[0], "a purple elephant"
    questions, folder = write_set(tmp_path / "questions.jsonl", *rows), tmp_path / "set"
    asked = ("--teacher", "self", "--tries", "3", "--concurrency", "1", "--out", folder)
    result = run_command("data", "annotate", questions, *asked)
    assert result.exit_code == 0, result.stderr
    assert "1 annotated, 1 refused" in result.stdout
    (example,) = read_json_lines(folder / "examples.jsonl")
    assert example["id"] == str(items[0].seed)
    assert example["conversations"][1]["value"].endswith(f"<CONCLUSION>{answers[0]}</CONCLUSION>")
    (refusal,) = read_json_lines(folder / "refusals.jsonl")
    assert "elephant" not in refusal["reply"]


@pytest.mark.long
def test_killed_at_any_moment_nothing_is_paid_twice_and_nothing_lost(
    tmp_path: Path, server: TeacherServer
) -> None:
    """Killed three times; calls under way at a kill, at most as many as go on at once, may be asked again."""
    num_questions, concurrency, num_kills = 40, 2, 3
    questions, folder = write_questions(tmp_path, *["7"] * num_questions), tmp_path / "set"
    command = [sys.executable, "-m", "langchain_llava_o1.cli", "data", "annotate", str(questions)]
    command += [str(part) for part in options(server, folder)] + ["--concurrency", str(concurrency)]
    examples = folder / "examples.jsonl"
    for kill in range(1, num_kills + 1):
        # More than are waited for, since replies get lost with the killed; fewer than there are questions.
        server.allow(12 * kill)
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
        # Only keeps it from being waited for without end.
        end = time.monotonic() + 600
        while len(examples.read_bytes().splitlines()) < 8 * kill if examples.exists() else True:
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        if kill == 1:
            # As of a computer that lost its power.
            with examples.open("ab") as file:
                file.write(b'{"id": "q39", "conversations": [')
    server.allow(math.inf)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{num_questions} annotated, 0 refused, 0 errors" in done.stdout
    ids = [example["id"] for example in read_json_lines(examples)]
    assert sorted(ids) == sorted(f"q{number}" for number in range(num_questions))
    asked = Counter(server.prompts)
    assert len(asked) == num_questions
    assert sum(asked.values()) <= num_questions + num_kills * concurrency
    replies = [each for each in read_json_lines(folder / "annotation" / "journal.jsonl")]
    assert len(replies) == num_questions


@pytest.mark.long
def test_an_interrupt_keeps_what_is_under_way(tmp_path: Path, server: TeacherServer) -> None:
    # The first three are answered, the three after them under way.
    server.allow(3)
    questions, folder = write_questions(tmp_path, *["7"] * 9), tmp_path / "set"
    command = [sys.executable, "-m", "langchain_llava_o1.cli", "data", "annotate", str(questions)]
    process = subprocess.Popen([*command, *map(str, options(server, folder)), "--concurrency", "3"])
    server.wait_until_asked(6)
    process.send_signal(signal.SIGINT)
    server.allow(math.inf)
    assert process.wait(600) == 130
    # A library may ask again where a connection was lost.
    assert len(read_json_lines(folder / "annotation" / "journal.jsonl")) == len(set(server.prompts)) >= 6
