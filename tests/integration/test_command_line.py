"""The command line as a process: pipes, full disks, terminals and signals."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import pytest

from langchain_llava_o1.staging.stages import STAGES
from tests.checkpoints import save_random_checkpoint

ROOT = Path(__file__).parents[2]
SCRIPTED = [sys.executable, "-m", "tests.cli.scripted_command"]
REAL = [sys.executable, "-m", "langchain_llava_o1.cli"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and devices of POSIX systems")


def environment(**variables: str) -> dict[str, str]:
    return {**os.environ, "HF_HUB_OFFLINE": "1", **variables}


def run(command: list[str], *arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("env", environment())
    return subprocess.run(
        [*command, *map(str, arguments)],
        stderr=subprocess.PIPE,
        text=True,
        timeout=600,
        cwd=ROOT,
        check=False,
        **options,
    )


def test_piped_output_is_the_answer_and_progress_is_plain(picture: Path) -> None:
    done = run(SCRIPTED, "ask", picture, "How many?", "--candidates", "2")
    assert done.returncode == 0
    assert done.stdout.startswith("note ")
    assert done.stdout.count("\n") == 1
    assert "summary: sampling 2 candidates" in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    "arguments",
    [
        ("--version",),
        ("ask",),
        *(pytest.param(each, marks=pytest.mark.long) for each in (("--help",), ("draw",), ("ask", "--json"))),
    ],
)
def test_a_full_disk_is_one_line_and_code_1(picture: Path, arguments: tuple[str, ...]) -> None:
    question = [str(picture), "How many?"] if "ask" in arguments else []
    with Path("/dev/full").open("w") as full:
        done = run(SCRIPTED, *arguments, *question, stdout=full)
    assert done.returncode == 1
    errors = [line for line in done.stderr.splitlines() if line.startswith("llava-o1: error: ")]
    assert len(errors) == 1
    assert "No space left on device" in errors[0]
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.long
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_unwritable_standard_error_does_not_cost_the_answer(picture: Path) -> None:
    command = [*SCRIPTED, "ask", str(picture), "How many?"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=full, text=True, timeout=600, cwd=ROOT, check=False
        )
    assert done.returncode == 0
    assert done.stdout.startswith("note ")


def test_a_reader_that_has_gone_ends_the_command_quietly(picture: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as output:
        done = run(SCRIPTED, "ask", picture, "How many?", stdout=output)
    assert done.returncode == 1
    assert "error" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.long
def test_a_closed_standard_output_is_an_error(picture: Path) -> None:
    done = run(["sh", "-c", 'exec "$@" >&-', "sh", *SCRIPTED], "ask", picture, "How many?")
    assert done.returncode == 1
    assert "standard output is closed" in done.stderr


@pytest.mark.long
def test_standard_input_that_is_no_picture_is_told_at_once() -> None:
    leader, terminal = pty.openpty()
    try:
        typed = run(SCRIPTED, "ask", "-", "How many?", stdin=terminal)
    finally:
        os.close(terminal)
        os.close(leader)
    closed = run(["sh", "-c", 'exec "$@" <&-', "sh", *SCRIPTED], "ask", "-", "How many?")
    assert (typed.returncode, closed.returncode) == (2, 2)
    assert "from standard input, which is a terminal; send a file" in typed.stderr
    assert "from standard input, which is closed; send a file" in closed.stderr


def test_a_picture_is_piped_in(picture: Path) -> None:
    with picture.open("rb") as file:
        done = run(SCRIPTED, "ask", "-", "How many?", stdin=file)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("note ")


def test_an_answer_that_the_terminal_cannot_encode_is_escaped(picture: Path, tmp_path: Path) -> None:
    code = "from langchain_llava_o1.cli.output import write_output; write_output('caf\\u00e9 ok\\n')"
    done = run([sys.executable, "-c", code], env=environment(PYTHONIOENCODING="ascii"))
    assert done.stdout == "caf\\xe9 ok\n"


def wait_for(stream: IO[str], expected: str) -> None:
    for line in stream:
        if expected in line:
            return
    raise AssertionError(f"the command ended without saying {expected!r}")


@pytest.mark.parametrize("num_candidates", [pytest.param("1", marks=pytest.mark.long), "4"])
def test_ctrl_c_ends_the_command_at_once(picture: Path, num_candidates: str) -> None:
    command = [*SCRIPTED, "ask", str(picture), "How many?", "--candidates", num_candidates]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(SECONDS_PER_REPLY="600"),
        # Tests started in the background of a shell inherit that Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    with process:
        assert process.stderr is not None
        wait_for(process.stderr, "model: called")
        process.send_signal(signal.SIGINT)
        try:
            # Far less than the reply takes, far more than the command.
            printed, said = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 130
    assert said.splitlines()[-1] == "llava-o1: interrupted"
    assert "Traceback" not in said
    assert printed == ""


def test_progress_is_live_in_a_terminal(picture: Path) -> None:
    terminal, inner = pty.openpty()
    process = subprocess.Popen(
        [*SCRIPTED, "ask", str(picture), "How many?"],
        stdout=subprocess.PIPE,
        stderr=inner,
        text=True,
        cwd=ROOT,
        env=environment(TERM="xterm-256color", SECONDS_PER_REPLY="0.3"),
    )
    os.close(inner)
    shown = b""
    with process:
        while True:
            try:
                part = os.read(terminal, 65536)
            except OSError:  # Linux says so when the last writer has gone.
                break
            if not part:
                break
            shown += part
        assert process.stdout is not None
        assert process.stdout.read().startswith("note ")
        assert process.wait(timeout=600) == 0
    os.close(terminal)
    assert b"\x1b[" in shown
    assert b"conclusion" in shown


@pytest.fixture(scope="module")
def roomy_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model, whose candidates are long, with room for four stages of them."""
    return save_random_checkpoint(tmp_path_factory.mktemp("roomy-checkpoint"), context_length=8192)


@pytest.mark.long
@pytest.mark.parametrize("num_candidates", ["1", "2"])
def test_a_real_checkpoint_answers(picture: Path, roomy_checkpoint: Path, num_candidates: str) -> None:
    options = ["--model", str(roomy_checkpoint), "--candidates", num_candidates, "--json", "--seed", "1"]
    done = run(REAL, "ask", picture, "How many?", *options)
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["model"] == str(roomy_checkpoint)
    assert printed["usage"]["output_tokens"] > 0
    steps = ["answer"] if num_candidates == "1" else [stage.name for stage in STAGES]
    assert list(printed["stages"]) == steps


@pytest.mark.parametrize(
    "model", ["/nowhere/at/all", pytest.param("no-such-owner/no-such-model", marks=pytest.mark.long)]
)
def test_an_unknown_model_is_one_line_and_code_1(picture: Path, model: str) -> None:
    done = run(REAL, "ask", picture, "How many?", "--model", model, "--candidates", "1")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert model in done.stderr
