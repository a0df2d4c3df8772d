"""`llava-o1 ask`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk
from typer.testing import Result

from langchain_llava_o1 import StageBeamContext
from langchain_llava_o1.cli.answering import AnswerSettings
from langchain_llava_o1.cli.display import format_bracket
from langchain_llava_o1.staging.stages import STAGES
from tests.cli.conftest import StreamingModel
from tests.rag.album import draw_pdf, pictures_of
from tests.scripted_model import Call, ScriptedModel, number, stopped
from tests.search.writers import write_staged

RunCommand = Callable[..., Result]
STAGE_NAMES = [stage.name for stage in STAGES]


def test_the_answer_alone_goes_to_standard_output(
    run_command: RunCommand, picture: Path, search_model: ScriptedModel
) -> None:
    result = run_command("ask", picture, "How many?", "--seed", "1")
    best = max(number(call.seed) for call in search_model.sampling_calls if call.stage.name == "conclusion")
    assert result.exit_code == 0
    assert result.stdout == f"note {best}\n"


def test_the_question_reaches_the_model_with_its_picture(
    run_command: RunCommand, picture: Path, search_model: ScriptedModel
) -> None:
    run_command("ask", picture, "How many?")
    blocks = search_model.calls[0].messages[0].content_blocks
    assert [block["type"] for block in blocks] == ["image", "text"]
    assert blocks[1].get("text") == "How many?"


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ((), ["red", "green", "blue"]),
        (("--pages", "2"), ["green"]),
        (("--pages", "3,1-2"), ["blue", "red", "green"]),
    ],
)
def test_the_pages_of_a_pdf_are_pictures(
    run_command: RunCommand,
    tmp_path: Path,
    search_model: ScriptedModel,
    options: tuple[str, ...],
    shown: list[str],
) -> None:
    path = draw_pdf(tmp_path / "paper.pdf", "red", "green", "blue")
    assert run_command("ask", path, "How many?", *options).exit_code == 0
    assert pictures_of(search_model.calls[0]) == shown


@pytest.mark.parametrize("num_candidates", [2, 3])
def test_candidates_are_sampled_and_compared(
    run_command: RunCommand, picture: Path, search_model: ScriptedModel, num_candidates: int
) -> None:
    run_command("ask", picture, "How many?", "--candidates", str(num_candidates))
    assert len(search_model.sampling_calls) == num_candidates * len(STAGES)
    assert len(search_model.judging_calls) == (num_candidates - 1) * len(STAGES)


def test_temperature_reaches_the_search(
    run_command: RunCommand, picture: Path, search_model: ScriptedModel
) -> None:
    run_command("ask", picture, "How many?", "--temperature", "0.3")
    assert {call.parameters["temperature"] for call in search_model.sampling_calls} == {0.3}


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ([], {}, None),
        ([], {"LLAVA_O1_MODEL": "a/b"}, "a/b"),
        ([], {"LLAVA_O1_MODEL": ""}, None),
        (["--model", "c/d"], {"LLAVA_O1_MODEL": "a/b"}, "c/d"),
    ],
)
def test_the_model_is_named_by_option_or_environment(
    run_command: RunCommand,
    picture: Path,
    search_model: ScriptedModel,
    asked_settings: list[AnswerSettings],
    arguments: list[str],
    environment: dict[str, str],
    expected: str | None,
) -> None:
    run_command("ask", picture, "How many?", *arguments, env=environment)
    assert [settings.model for settings in asked_settings] == [expected]


def test_json_prints_one_object(run_command: RunCommand, picture: Path, search_model: ScriptedModel) -> None:
    result = run_command("ask", picture, "How many?", "--json", "--seed", "7", "--candidates", "3")
    printed = json.loads(result.stdout)
    assert list(printed) == ["answer", "stages", "usage", "seconds", "model", "seed", "limit"]
    assert printed["seed"] == 7
    assert printed["seconds"] > 0
    assert list(printed["stages"]) == STAGE_NAMES
    caption = printed["stages"]["caption"]
    assert len(caption["candidates"]) == 3
    assert len(caption["matches"]) == 2
    assert (
        printed["answer"]
        in printed["stages"]["conclusion"]["candidates"][printed["stages"]["conclusion"]["winner"]]["text"]
    )
    assert printed["usage"]["output_tokens"] == 3 * len(search_model.calls)


def test_json_and_the_bracket_have_a_candidate_without_a_score(
    run_command: RunCommand, picture: Path, search_model: ScriptedModel
) -> None:
    def write(call: Call) -> AIMessage:
        reply = stopped(f"{call.stage.opening} {len(search_model.calls)}", call.stage.closing)
        if len(search_model.calls) % 3:
            reply.response_metadata["mean_logprob"] = -0.5
        return reply

    def refuse(constant: str) -> None:
        raise AssertionError(f"JSON has no {constant}")

    search_model.write = write
    result = run_command("ask", picture, "How many?", "--json", "--judge", "confidence", "--candidates", "3")
    assert result.exit_code == 0
    for name, record in json.loads(result.stdout, parse_constant=refuse)["stages"].items():
        assert sorted(record["scores"], key=str) == [-0.5, -0.5, None]
        assert record["scores"][record["winner"]] == -0.5
        assert format_bracket(name, record).count("(no score)") == 1


def test_a_drawn_seed_is_reported_and_repeats_the_answer(
    run_command: RunCommand, picture: Path, search_model: ScriptedModel
) -> None:
    first = json.loads(run_command("ask", picture, "How many?", "--json").stdout)
    again = json.loads(
        run_command("ask", picture, "How many?", "--json", "--seed", str(first["seed"])).stdout
    )
    other = json.loads(run_command("ask", picture, "How many?", "--json").stdout)
    assert again["stages"] == first["stages"]
    assert other["stages"] != first["stages"]


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


@pytest.mark.parametrize("options", [["--candidates", "1"], ["--strategy", "single"]])
def test_one_candidate_is_a_single_pass(
    run_command: RunCommand, picture: Path, streaming_model: StreamingModel, options: list[str]
) -> None:
    result = run_command("ask", picture, "How many?", *options, "--json", "--seed", "5")
    printed = json.loads(result.stdout)
    (call,) = streaming_model.calls
    assert call["temperature"] == 0
    assert call["max_tokens"] == 4 * StageBeamContext().max_tokens_per_stage
    assert printed["answer"] == "There are 2."
    assert printed["model"] == "scripted"
    assert printed["seed"] == 5
    assert list(printed["stages"]) == ["answer"]
    record = printed["stages"]["answer"]
    (candidate,) = record["candidates"]
    assert candidate["text"].startswith("<SUMMARY>count the shapes</SUMMARY>")
    assert candidate["text"].endswith("<CONCLUSION>There are 2.</CONCLUSION>")
    assert candidate["seed"] == call["seed"]
    assert record["matches"] == []
    assert record["num_calls"] == 1
    assert printed["usage"]["total_tokens"] == 19


def test_a_single_pass_takes_another_temperature_and_a_greedy_one_does_not(
    run_command: RunCommand, picture: Path, streaming_model: StreamingModel
) -> None:
    run_command("ask", picture, "How many?", "--strategy", "single", "--temperature", "0.5")
    run_command("ask", picture, "How many?", "--strategy", "greedy")
    assert [call["temperature"] for call in streaming_model.calls] == [0.5, 0]
    refused = run_command("ask", picture, "How many?", "--strategy", "greedy", "--temperature", "0.5")
    assert refused.exit_code == 2
    assert "greedy has temperature=0.0, got 0.5" in refused.stderr


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


@pytest.mark.parametrize(("finish_reason", "hint"), [("length", "cut off"), ("untagged", "no conclusion")])
def test_an_answer_that_is_not_whole_comes_with_a_warning(
    run_command: RunCommand, picture: Path, use_model: Callable[..., None], finish_reason: str, hint: str
) -> None:
    chunk = AIMessageChunk(content="<SUMMARY>count", response_metadata={"finish_reason": finish_reason})
    use_model(StreamingModel(chunks=(chunk,)))
    result = run_command("ask", picture, "How many?", "--candidates", "1")
    assert result.stdout == "count\n"
    assert hint in result.stderr.splitlines()[-1]
    assert result.exit_code == 0


def test_a_cut_off_conclusion_is_recorded_as_incomplete(
    run_command: RunCommand, picture: Path, use_model: Callable[..., None]
) -> None:
    chunks = (
        AIMessageChunk(content="", additional_kwargs={"reasoning_content": "<SUMMARY>count</SUMMARY>"}),
        AIMessageChunk(content="There a", response_metadata={"finish_reason": "length"}),
    )
    use_model(StreamingModel(chunks=chunks))
    result = run_command("ask", picture, "How many?", "--candidates", "1", "--json")
    printed = json.loads(result.stdout)
    record = printed["stages"]["answer"]
    assert printed["answer"] == "There a"
    assert not record["is_complete"]
    assert record["candidates"][0]["finish_reason"] == "length"


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


@pytest.mark.parametrize("strategy", ["best-of-n", "stage-beam"])
def test_a_strategy_and_a_judge_can_be_chosen(
    run_command: RunCommand, picture: Path, use_model: Callable[[ScriptedModel], None], strategy: str
) -> None:
    model = ScriptedModel(write=write_staged)
    use_model(model)
    arguments = ["--strategy", strategy, "--judge", "generative", "--candidates", "2", "--json"]
    printed = json.loads(run_command("ask", picture, "How many?", *arguments).stdout)
    names = ["answer"] if strategy == "best-of-n" else STAGE_NAMES
    assert list(printed["stages"]) == names
    assert all(len(record["matches"]) == 1 for record in printed["stages"].values())


def test_whole_answers_are_shown_stage_by_stage(
    run_command: RunCommand, picture: Path, use_model: Callable[[ScriptedModel], None]
) -> None:
    use_model(ScriptedModel(write=write_staged))
    shown = run_command("ask", picture, "How many?", "--strategy", "best-of-n", "--show-stages").stdout
    assert all(f"{name}: Sentence 0" in shown for name in STAGE_NAMES)
