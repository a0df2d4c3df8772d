"""`llava-o1 ask` with one candidate."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from langchain_core.messages import AIMessageChunk
from typer.testing import Result

from langchain_llava_o1 import StageBeamContext
from tests.cli.conftest import StreamingModel

RunCommand = Callable[..., Result]


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
