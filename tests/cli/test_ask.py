"""`llava-o1 ask`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage
from typer.testing import Result

from langchain_llava_o1.cli.answering import AnswerSettings
from langchain_llava_o1.cli.display import format_bracket
from langchain_llava_o1.staging.stages import STAGES
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
