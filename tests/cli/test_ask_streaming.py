"""`llava-o1 ask --stream`, and the stages that it shows."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage
from typer.testing import Result

from langchain_llava_o1.staging.stages import STAGES
from tests.cli.conftest import StreamingModel
from tests.scripted_model import Call, ScriptedModel, number, stopped
from tests.search.writers import write_staged

RunCommand = Callable[..., Result]

STAGE_NAMES = [stage.name for stage in STAGES]


def test_show_stages_prints_the_accepted_stages(
    run_command: RunCommand, picture: Path, search_model: ScriptedModel
) -> None:
    arguments = ("ask", picture, "How many?", "--seed", "3", "--candidates", "2")
    records = json.loads(run_command(*arguments, "--json").stdout)["stages"]
    shown = run_command(*arguments, "--show-stages").stdout
    headings = [line for line in shown.splitlines() if line.startswith("[")]
    assert headings == [f"[{name}] candidate {records[name]['winner'] + 1} of 2" for name in STAGE_NAMES]
    assert "<" not in shown


def test_stages_are_streamed_as_they_are_accepted(
    run_command: RunCommand, picture: Path, search_model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("ask", picture, "How many?", "--seed", "3", "--show-stages")
    num_calls_at_write: list[int] = []

    def keep_count(text: str) -> None:
        num_calls_at_write.append(len(search_model.calls))

    at_the_end = run_command(*arguments)
    streamed = run_command(*arguments, "--stream")
    assert streamed.stdout == at_the_end.stdout
    search_model.calls.clear()
    monkeypatch.setattr("langchain_llava_o1.cli.stream.write_output", keep_count)
    run_command(*arguments, "--stream")
    assert num_calls_at_write == [7, 14, 21, 28]


def test_streaming_a_search_shows_hidden_stages_on_standard_error(
    run_command: RunCommand, picture: Path, use_model: Callable[..., None]
) -> None:
    def write(call: Call) -> AIMessage:
        return stopped(f"{call.stage.opening}{'word ' * 30}{number(call.seed)}", call.stage.closing)

    use_model(ScriptedModel(write=write))
    arguments = ("ask", picture, "How many?", "--seed", "3")
    plain = run_command(*arguments)
    streamed = run_command(*arguments, "--stream")
    assert streamed.stdout == plain.stdout
    assert "word " * 30 in streamed.stderr
    assert "word " * 30 not in plain.stderr


def test_a_single_pass_streams_tokens_of_the_answer_alone(
    run_command: RunCommand,
    picture: Path,
    streaming_model: StreamingModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written: list[str] = []
    arguments = ("ask", picture, "How many?", "--candidates", "1", "--stream")
    assert run_command(*arguments).stdout == "There are 2.\n"
    monkeypatch.setattr("langchain_llava_o1.cli.stream.write_output", written.append)
    run_command(*arguments)
    assert written == ["There are ", "2.", "\n"]


def test_a_single_pass_streams_its_hidden_stages_where_asked_to(
    run_command: RunCommand, picture: Path, streaming_model: StreamingModel
) -> None:
    arguments = ("ask", picture, "How many?", "--candidates", "1", "--show-stages")
    streamed = run_command(*arguments, "--stream")
    assert streamed.stdout == run_command(*arguments).stdout
    assert streamed.stdout.startswith("[summary]\ncount the shapes\n\n[caption]\ntwo circles\n")


STEPS_OF_ONE_CANDIDATE: list[list[str]] = [
    ["--set", "max_calls=9"],
    ["--strategy", "swires", "--judge", "confidence"],
    ["--set", 'candidates_per_stage={"caption":1}'],
    ["--strategy", "sentence-beam", "--set", "max_sentences=2"],
]


@pytest.mark.parametrize("options", STEPS_OF_ONE_CANDIDATE)
def test_steps_of_one_candidate_are_streamed_too(
    run_command: RunCommand, picture: Path, use_model: Callable[[ScriptedModel], None], options: list[str]
) -> None:
    def write(call: Call) -> AIMessage:
        reply = write_staged(call)
        assert isinstance(reply, AIMessage)
        reply.response_metadata["mean_logprob"] = -0.1
        return reply

    use_model(ScriptedModel(write=write))
    arguments = ["ask", picture, "How many?", "--seed", "3", "--show-stages", *options]
    at_the_end = run_command(*arguments)
    streamed = run_command(*arguments, "--stream")
    answer = json.loads(run_command(*arguments, "--json").stdout)["answer"]
    assert streamed.exit_code == 0, streamed.stderr
    assert streamed.stdout == at_the_end.stdout
    assert streamed.stdout.endswith(f"{answer}\n")
    assert all(
        streamed.stdout.count(f"[{name}]") == 1 for name in STAGE_NAMES if "sentence-beam" not in options
    )


def test_whole_answers_are_shown_stage_by_stage(
    run_command: RunCommand, picture: Path, use_model: Callable[[ScriptedModel], None]
) -> None:
    use_model(ScriptedModel(write=write_staged))
    shown = run_command("ask", picture, "How many?", "--strategy", "best-of-n", "--show-stages").stdout
    assert all(f"{name}: Sentence 0" in shown for name in STAGE_NAMES)
