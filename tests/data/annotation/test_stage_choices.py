"""Pairs of stages: what a search that found the right answer chose, and what it did not."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from langchain_llava_o1.data.annotation.plan import AnnotationPlan
from langchain_llava_o1.data.annotation.preference_pairs import draw_preference_pairs
from langchain_llava_o1.data.annotation.stage_choices import read_choices
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.staging.transcript import parse_transcript
from tests.data.annotation.teaching import open_questions, prompt_of, read_json_lines, teach
from tests.scripted_model import Call, Reply, stopped, write_number

SEARCH = Strategy("stage-beam", None, {"candidates": 3})


def write(call: Call) -> Reply:
    """Write numbers, and conclude 7, or 8 for the second question."""
    if call.stage is not STAGES[-1]:
        return write_number(call)
    conclusion = 8 if "number 1" in prompt_of(call) else 7
    return stopped(f"{call.stage.opening}{conclusion}", call.stage.closing)


def draw(tmp_path: Path, *answers: str, **options: Any) -> list[dict[str, Any]]:
    path = tmp_path / "pairs.jsonl"
    strategy = options.pop("strategy", SEARCH)
    plan = AnnotationPlan(teach(write)[1], validator="rule", strategy=strategy, shows_reference=False)
    given = {"num_answers": 1, "form": "stage", **options}
    asyncio.run(draw_preference_pairs(open_questions(tmp_path, *answers), path, plan, **given))
    return read_json_lines(path)


def last_number(text: str) -> int:
    return int(re.findall(r"\d+", text)[-1])


def test_each_stage_is_paired_with_what_lost_to_it(tmp_path: Path) -> None:
    pairs = draw(tmp_path, "7", "7", max_pairs=2)
    # All conclusions are the same, and the second question's are wrong.
    assert [pair["id"] for pair in pairs] == [f"q0-{number}" for number in range(1, 7)]
    accepted = ""
    for stage, of_stage in zip(STAGES, (pairs[:2], pairs[2:4], pairs[4:]), strict=False):
        chosen = {pair["chosen"][0]["content"][0]["text"] for pair in of_stage}
        rejected = {pair["rejected"][0]["content"][0]["text"] for pair in of_stage}
        assert (len(chosen), len(rejected)) == (1, 2)
        (text,) = chosen
        for each in (text, *rejected):
            assert each.startswith(accepted)
            assert parse_transcript(each).stages[-1].stage is stage
        # The judge prefers larger numbers.
        assert all(last_number(text) > last_number(other) for other in rejected)
        accepted = text


def test_as_many_pairs_of_a_stage_as_were_asked_for(tmp_path: Path) -> None:
    assert len(draw(tmp_path, "7", max_pairs=1, num_answers=2)) == 3


@pytest.mark.parametrize("strategy", [None, Strategy("single"), Strategy("best-of-n")])
def test_pairs_of_stages_take_a_search_by_stages(tmp_path: Path, strategy: Strategy | None) -> None:
    with pytest.raises(ConfigurationError, match="Pairs of stages come from a search by stages"):
        draw(tmp_path, "7", strategy=strategy)
    assert not (tmp_path / "pairs.jsonl").exists()


def test_an_answer_alone_makes_no_pair(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="num_answers is 1; a right and a wrong one take at least 2"):
        draw(tmp_path, "7", form="preference")


def step(part: str, kept: list[int], *beams: int) -> dict[str, Any]:
    candidates = [
        {"index": index, "beam": beam, "text": f"{part} {index}", "is_complete": index != 3}
        for index, beam in enumerate(beams)
    ]
    return {"part": part, "candidates": candidates, "kept": kept, "winner": kept[0]}


def test_with_several_beams_a_choice_is_among_those_that_went_on_from_the_same_stages() -> None:
    records: Any = {
        "summary": step("summary", [2, 0], 0, 0, 0, 0),
        "caption": step("caption", [0, 1], 0, 1, 1, 1),
        "reasoning": step("reasoning", [1, 0], 0, 1, 0, 1),
        "conclusion": step("conclusion", [0, 1], 0, 1, 0),
    }
    first, second, third, last = read_choices(records)
    # The conclusion goes on from reasoning 1, which goes on from caption 1, which goes on from summary 0.
    assert first == ("summary", "summary 0", ("summary 1",))
    assert second == ("caption", "summary 0\n\ncaption 1", ("summary 0\n\ncaption 2",))
    assert (third.chosen, third.rejected) == ("summary 0\n\ncaption 1\n\nreasoning 1", ())
    assert last.rejected == (f"{third.chosen}\n\nconclusion 2",)


def test_other_searches_have_no_choices_by_stages() -> None:
    records: Any = {"answer": step("answer", [0], 0, 0)}
    assert read_choices(records) == read_choices({}) == ()
