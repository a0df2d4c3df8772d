"""Judges judged on pairs of answers in VL-RewardBench's format."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from langchain_llava_o1.cli import answering
from langchain_llava_o1.cli.app import app
from langchain_llava_o1.data.annotation.spending import Price
from langchain_llava_o1.errors import ConfigurationError, DataError
from langchain_llava_o1.evaluation.item import DamagedItemError
from langchain_llava_o1.evaluation.judge_pairs import PairFile
from langchain_llava_o1.evaluation.pair_judging import (
    PairReport,
    describe_pair_judging,
    measure_judge_on_pairs,
    pair_table,
)
from langchain_llava_o1.evaluation.verdict_log import VerdictLog
from tests.rewards.checkpoints import save_value_head, save_vision_model
from tests.scripted_model import Call, Reply, ScriptedModel, stopped

WritePairs = Callable[..., Path]


def pair(number: int, **fields: Any) -> dict[str, Any]:
    """A line whose better answer is told by its text, and stands first in every other line."""
    answers = [f"It is true, {number}.", f"It is false, {number}."]
    return {
        "id": f"pair-{number}",
        "query": f"Is {number} there?",
        "image": "red.png",
        "response": answers if number % 2 == 0 else answers[::-1],
        "human_ranking": [0, 1] if number % 2 == 0 else [1, 0],
        "models": ["one", "other"],
        "ground_truth": "",
        "query_source": "RLAIF-V" if number < 4 else "WildVision",
        **fields,
    }


@pytest.fixture
def write_pairs(tmp_path: Path) -> WritePairs:
    Image.new("RGB", (20, 20), "red").save(tmp_path / "red.png")

    def write(*lines: dict[str, Any] | str) -> Path:
        texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
        path = tmp_path / "pairs.jsonl"
        path.write_text("".join(f"{text}\n" for text in texts))
        return path

    return write


def name_true(call: Call) -> Reply:
    return stopped(f"Better: {1 if 'true' in call.compared[0] else 2}")


def name_first(call: Call) -> Reply:
    return stopped("Better: 1")


async def judge(path: Path, script: Callable[[Call], Reply], **options: Any) -> PairReport:
    model = ScriptedModel(judge=script)
    return await measure_judge_on_pairs(model, "generative", PairFile(path), **options)


async def test_a_judge_that_knows_is_right_in_both_orders(write_pairs: WritePairs) -> None:
    path = write_pairs(*map(pair, range(6)))
    report = await judge(path, name_true, concurrency=3, price=Price(1.0, 100.0))

    assert report.all.pairs == 6
    assert (report.all.right, report.all.right_in_both, report.all.agreed) == (1, 1, 1)
    assert (report.all.first, report.all.unread) == (0.5, 0)
    assert report.all.interval.low == pytest.approx(0.61, abs=0.01)
    # Two verdicts of 10 tokens read and 3 generated.
    assert (report.all.calls, report.all.input_tokens, report.all.tokens) == (2, 20, 6)
    assert report.all.cost == pytest.approx((20 * 1 + 6 * 100) / 1e6)
    assert {source: found.pairs for source, found in report.by_source.items()} == {
        "RLAIF-V": 4,
        "WildVision": 2,
    }
    assert "| WildVision | 2 | 100.0% |" in pair_table(report)


async def test_a_judge_that_prefers_a_place_is_right_half_of_the_time(write_pairs: WritePairs) -> None:
    report = await judge(write_pairs(*map(pair, range(6))), name_first)

    assert (report.all.right, report.all.right_in_both) == (0.5, 0)
    assert (report.all.agreed, report.all.first) == (0, 1)


async def test_replies_that_name_nothing_are_neither_right_nor_agreed(write_pairs: WritePairs) -> None:
    report = await judge(write_pairs(pair(0), pair(1)), lambda call: "Both are fine.")

    assert (report.all.unread, report.all.right, report.all.agreed, report.all.first) == (1, 0, 0, None)
    assert "| 0.0% | – | 100.0% |" in pair_table(report)
    assert report.all.tokens is None


async def test_the_leaning_is_that_of_verdicts_that_name_an_answer(write_pairs: WritePairs) -> None:
    def name_first_or_none(call: Call) -> Reply:
        return "Better: 1" if "true" in call.compared[0] else "Both are fine."

    report = await judge(write_pairs(*map(pair, range(6))), name_first_or_none)
    assert (report.all.unread, report.all.first) == (0.5, 1)


class Down(Exception):
    pass


@pytest.mark.parametrize("judge_model", ["generative", "reward"])
async def test_verdicts_are_written_down_and_what_was_interrupted_goes_on(
    write_pairs: WritePairs, tmp_path: Path, judge_model: str
) -> None:
    name = judge_model
    if judge_model == "reward":
        save_value_head(save_vision_model(tmp_path / "reward"))
        name = f"reward:{tmp_path / 'reward'}"
    path = write_pairs(*map(pair, range(6)))
    model = ScriptedModel(judge=name_true)
    log = tmp_path / "out" / "verdicts.jsonl"

    async def go_on(path: Path, model: ScriptedModel, items: int | None = None) -> PairReport:
        pairs = PairFile(path)
        opened = VerdictLog(log, describe_pair_judging(model, name, pairs))
        return await measure_judge_on_pairs(model, name, pairs, items=items, log=opened)

    begun = await go_on(path, model, 3)
    assert begun.all.pairs == 3
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["item"], line["order"]) for line in lines[1:]] == [(n, o) for n in range(3) for o in (0, 1)]
    assert {line["judge"] for line in lines} == {name}
    # Half of a pair is kept; of another line with the same number nothing is.
    log.write_text("".join(f"{json.dumps(line)}\n" for line in lines[:-1]))
    again = await go_on(path, model)
    whole = await measure_judge_on_pairs(ScriptedModel(judge=name_true), name, PairFile(path))
    assert again.all == whole.all
    if judge_model == "generative":
        assert len(model.judging_calls) == 6 + 1 + 6
        await go_on(write_pairs(pair(0, id="another")), model)
        assert len(model.judging_calls) == 6 + 1 + 6 + 2


async def test_a_call_that_fails_loses_no_verdict(write_pairs: WritePairs, tmp_path: Path) -> None:
    pairs = PairFile(write_pairs(*map(pair, range(6))))

    def fail_once(call: Call) -> Reply:
        if call.compared[0] == "It is true, 2.":
            raise Down
        return name_true(call)

    def open_log(model: ScriptedModel) -> VerdictLog:
        return VerdictLog(tmp_path / "verdicts.jsonl", describe_pair_judging(model, "generative", pairs))

    model = ScriptedModel(judge=fail_once)
    with pytest.raises(Down):
        await measure_judge_on_pairs(model, "generative", pairs, concurrency=3, log=open_log(model))
    num_kept = (tmp_path / "verdicts.jsonl").read_text().count('"order"')
    assert num_kept == len(model.judging_calls) - 1
    mended = ScriptedModel(judge=name_true)
    report = await measure_judge_on_pairs(mended, "generative", pairs, log=open_log(mended))
    assert (report.all.pairs, report.all.calls) == (6, 2)
    assert len(mended.judging_calls) == 12 - num_kept


async def test_the_judge_is_shown_picture_question_and_both_answers(write_pairs: WritePairs) -> None:
    model = ScriptedModel(judge=name_true)
    await measure_judge_on_pairs(model, "generative", PairFile(write_pairs(pair(0))))

    first, second = model.judging_calls
    picture, question = first.messages[0].content
    assert picture["type"] == "image"
    assert question["text"] == "Is 0 there?"
    assert first.compared == ("It is true, 0.", "It is false, 0.")
    assert second.compared == first.compared[::-1]


async def test_of_a_judge_that_scores_the_higher_score_wins(
    write_pairs: WritePairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = save_vision_model(tmp_path / "reward")
    save_value_head(folder)
    path = write_pairs(pair(0), pair(1), pair(2, response=["Alike.", "Alike."]))
    report = await measure_judge_on_pairs(ScriptedModel(), f"reward:{folder}", PairFile(path))

    assert report.model == str(folder)
    assert report.all.agreed == pytest.approx(2 / 3)
    # Two answers that are alike have the same score: neither is chosen.
    assert report.all.unread == pytest.approx(1 / 3)
    assert report.all.tokens is None


async def test_a_judge_that_wants_to_know_how_sure_the_model_was_is_refused(write_pairs: WritePairs) -> None:
    with pytest.raises(ConfigurationError, match=r"confidence judge goes by how sure.*of others"):
        await measure_judge_on_pairs(ScriptedModel(), "confidence", PairFile(write_pairs(pair(0))))


def test_pictures_are_read_from_paths_base64_and_data_urls(write_pairs: WritePairs, tmp_path: Path) -> None:
    text = base64.b64encode((tmp_path / "red.png").read_bytes()).decode()
    forms = ("red.png", text, f"data:image/png;base64,{text}")
    file = PairFile(write_pairs(*(pair(0, image=form) for form in forms)))

    blocks = [file.read_pair(number).picture for number in range(3)]
    assert blocks == [{"type": "image", "base64": text, "mime_type": "image/png"}] * 3


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"pairs.jsonl:1:.*no JSON"),
        (pair(0, query=" "), r"pairs.jsonl:1: query: it is ' '; expected the question"),
        (pair(0, response=["one"]), r"response: it is \['one'\]; expected a list of two answers"),
        (pair(0, human_ranking=[0, 0]), r"human_ranking: it is \[0, 0\]; expected \[0, 1\] where the first"),
        (pair(0, image=None), r"image: it is None; expected a path"),
        (pair(0, image="missing.png"), r"pairs.jsonl:1.*image: .*missing.png"),
        (pair(0, image="../red.png"), r"image: .*leads out of"),
        (pair(0, image=base64.b64encode(b"no picture").decode()), r"image: The bytes"),
    ],
)
def test_a_damaged_line_says_where_and_what_is_expected(
    write_pairs: WritePairs, line: Any, message: str
) -> None:
    with pytest.raises(DamagedItemError, match=message):
        PairFile(write_pairs(line)).read_pair(0)


async def test_damaged_lines_are_told_and_the_others_judged(write_pairs: WritePairs) -> None:
    path = write_pairs(pair(0), pair(1, query=5), "", pair(2))
    told: list[DamagedItemError] = []
    report = await judge(path, name_true, report_damage=told.append)

    assert report.all.pairs == 2
    assert [str(damage).partition(": ")[0] for damage in told] == [f"{path}:2"]
    with pytest.raises(DataError, match="None of the 1 pairs"):
        await judge(path, name_true, items=1, seed=1)


def test_files_without_pairs_and_numbers_without_lines_are_refused(
    write_pairs: WritePairs, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=r"none.jsonl cannot be read"):
        PairFile(tmp_path / "none.jsonl")
    with pytest.raises(ConfigurationError, match="is empty"):
        PairFile(write_pairs())
    file = PairFile(write_pairs(pair(0), pair(1)))
    assert file.numbers(1, None) == range(1, 2)
    with pytest.raises(ConfigurationError, match=r"has 2 pairs.*3 from 0 on"):
        file.numbers(0, 3)
    with pytest.raises(ConfigurationError, match="from 2 on"):
        file.numbers(2, None)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["bench", "judge", *map(str, arguments)])


def test_the_command_judges_pairs(write_pairs: WritePairs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "open_model", lambda settings: ScriptedModel(judge=name_true))
    path = write_pairs(*map(pair, range(6)))

    table = run("--pairs", path, "--items", "4", "--price", "1,2")
    assert table.exit_code == 0, table.output
    assert "| all | 4 | 100.0% |" in table.stdout
    assert "4/4 pairs judged" in table.stderr
    out = path.with_name("verdicts.jsonl")
    report = json.loads(run("--pairs", path, "--json", "--out", out).stdout)
    assert out.read_text().count('"order"') == 12
    refused = run("--pairs", path, "--judge", "likelihood", "--out", out)
    assert refused.exit_code == 2
    assert "has other verdicts" in " ".join(refused.output.replace("│", " ").split())
    assert report["all"]["pairs"] == 6
    assert report["by_source"]["RLAIF-V"]["interval"][1] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--pairs", "pairs.jsonl", "--candidates", "3"], "no search draws candidates"),
        (["--pairs", "none.jsonl"], "none.jsonl cannot be read"),
        (["--pictures", "folder"], "is for --pairs"),
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments: list[str], message: str) -> None:
    refused = run(*arguments)
    assert refused.exit_code == 2
    assert message in " ".join(refused.output.replace("│", " ").split())
