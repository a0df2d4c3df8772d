"""Training on pairs: the better answer becomes the likelier one."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from PIL import Image

from langchain_llava_o1 import ChatLlavaO1, image_block
from langchain_llava_o1.data.picture_files.picture_files import open_picture_files
from langchain_llava_o1.data.problem import Problem
from langchain_llava_o1.errors import ConfigurationError, DataError
from langchain_llava_o1.training.dpo import train_dpo
from langchain_llava_o1.training.loading import load_trainee
from langchain_llava_o1.training.pairs import PairCollator, read_pairs
from langchain_llava_o1.training.settings import LoraSettings, TrainingSettings
from tests.checkpoints import save_random_checkpoint
from tests.training.sets import staged

GOOD = staged("A colour.", "One area.", "It is red.", "red")
BAD = staged("A colour.", "One area.", "It is blue.", "blue")


def said(text: str) -> list[dict[str, Any]]:
    return [{"role": "assistant", "content": [{"type": "text", "text": text}]}]


def pair(number: int, **changes: Any) -> dict[str, Any]:
    asked = [{"type": "image"}, {"type": "text", "text": f"Which colour is it, number {number}?"}]
    prompt = [{"role": "user", "content": asked}]
    answers = {"chosen": said(GOOD), "rejected": said(BAD)}
    return {"id": str(number), "images": ["red.png"], "prompt": prompt, **answers, **changes}


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    Image.new("RGB", (32, 24), "red").save(tmp_path / "red.png")
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(pair(number)) + "\n" for number in range(6)))
    return path


def settings(checkpoint: Path, **changes: Any) -> TrainingSettings:
    values = {"max_steps": 6, "batch_size": 2, "learning_rate": 1e-3, "evaluate_every": 1, "device": "cpu"}
    return TrainingSettings(str(checkpoint), **{**values, **changes})


def advantage(pairs: Path, model: Path, adapter: Path | None = None) -> float:
    """Return how much likelier the better answer is, in log-probability."""
    asked = [image_block(pairs.parent / "red.png"), {"type": "text", "text": "Which colour is it, number 1?"}]
    adapters = None if adapter is None else str(adapter)
    chat = ChatLlavaO1(model=str(model), adapter=adapters, device="cpu", dtype="float32")
    good, bad = chat.score([HumanMessage(asked)], [GOOD, BAD])
    return good - bad


@pytest.mark.parametrize("lora", [None, LoraSettings(rank=4)], ids=["full", "lora"])
def test_the_better_answer_becomes_likelier(
    random_checkpoint: Path, pairs: Path, tmp_path: Path, lora: LoraSettings | None
) -> None:
    run = tmp_path / "run"
    result = train_dpo(settings(random_checkpoint, lora=lora, held_out=1), pairs, run)
    assert (result.steps, result.num_samples) == (6, 5)
    trained = advantage(pairs, random_checkpoint, run) if lora else advantage(pairs, run)
    assert trained > advantage(pairs, random_checkpoint) + 1
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    # At first it is as sure as a coin: the model is its own reference.
    assert log[0]["loss"] == pytest.approx(math.log(2), abs=0.01)
    assert train_dpo(settings(random_checkpoint, lora=lora, held_out=1), pairs, run) == result
    # The reference's adapters are those of the beginning, and of no use to anyone.
    assert not (run / "ref").exists()
    assert "DPO (arXiv 2305.18290), beta 0.1" in (run / "README.md").read_text()
    assert "DPO loss of a pair" in (run / "loss.svg").read_text()


def test_an_answer_that_stops_at_a_stage_is_learned_without_an_end(
    random_checkpoint: Path, pairs: Path, tmp_path: Path
) -> None:
    trainee = load_trainee(settings(random_checkpoint))
    files = open_picture_files(pairs.parent)
    collate = PairCollator(files, trainee.chat_format, trainee.collator)
    begun = "<SUMMARY>A colour.</SUMMARY>\n\n<CAPTION>One area.</CAPTION>"
    for answer, is_ended in ((GOOD, True), ("red", True), (begun, False)):
        pairs.write_text(json.dumps(pair(0, chosen=said(answer))) + "\n")
        batch = collate([each.row() for each in read_pairs(pairs, files)])
        learned = batch["input_ids"][0][batch["completion_mask"][0] == 1].tolist()
        assert learned == trainee.chat_format.encode_reply(answer)[: None if is_ended else -1]


def test_lines_that_are_no_pairs_cost_themselves_alone(pairs: Path) -> None:
    broken = [
        "{",
        json.dumps(pair(1, images=["none.png"])),
        json.dumps(pair(1, images=[])),
        json.dumps(pair(1, rejected=said(GOOD))),
        json.dumps({name: value for name, value in pair(1).items() if name != "chosen"}),
        json.dumps(pair(1, prompt=said("Hello"))),
        json.dumps([1]),
    ]
    pairs.write_text("\n".join([*broken, json.dumps(pair(7))]))
    problems: list[Problem] = []
    (kept,) = read_pairs(pairs, open_picture_files(pairs.parent), problems.append)
    assert (kept.chosen, kept.rejected) == (GOOD, BAD)
    assert [problem.line for problem in problems] == [1, 2, 3, 4, 5, 6, 7]
    told = [problem.found for problem in problems]
    assert "there is no none.png" in told[1]
    assert "shows 1 pictures, and 0 are named" in told[2]
    assert "both answers are the same" in told[3]
    assert "chosen" in told[4]
    assert "does not end in a question" in told[5]


def test_a_question_is_held_out_with_all_its_pairs(
    random_checkpoint: Path, pairs: Path, tmp_path: Path
) -> None:
    """Three pairs of each of two questions."""
    several = [
        pair(question, rejected=said(f"{BAD} {number}")) for number in range(3) for question in range(2)
    ]
    pairs.write_text("".join(json.dumps(each) + "\n" for each in several))
    chosen = settings(random_checkpoint, max_steps=1, held_out=1)
    assert train_dpo(chosen, pairs, tmp_path / "run").num_samples == 3


def test_what_cannot_work_is_refused(random_checkpoint: Path, pairs: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="beta must be above 0"):
        train_dpo(settings(random_checkpoint), pairs, tmp_path / "run", beta=0)
    with pytest.raises(ConfigurationError, match="no part in training on pairs"):
        train_dpo(settings(random_checkpoint, held_out=2, accuracy_items=2), pairs, tmp_path / "run")
    with pytest.raises(DataError, match="Hold out fewer"):
        train_dpo(settings(random_checkpoint, held_out=6), pairs, tmp_path / "run")


def log_of(folder: Path) -> list[dict[str, Any]]:
    # TRL counts the tokens of this process alone, not of the one that it goes on from.
    left_out = ("runtime", "per_second", "num_tokens")
    entries = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [
        {name: value for name, value in entry.items() if not any(each in name for each in left_out)}
        for entry in entries
    ]


@pytest.mark.parametrize("lora", [None, LoraSettings(rank=4)], ids=["full", "lora"])
def test_a_killed_run_goes_on_to_the_same_losses(
    random_checkpoint: Path, pairs: Path, tmp_path: Path, lora: LoraSettings | None
) -> None:
    chosen = settings(random_checkpoint, lora=lora, held_out=1, max_steps=4)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    expected = train_dpo(chosen, pairs, whole)

    class Killed(Exception):
        pass

    def tell(line: str) -> None:
        if line.startswith("step 3/4"):
            raise Killed

    with pytest.raises(Killed):
        train_dpo(chosen, pairs, killed, tell=tell)
    told: list[str] = []
    result = train_dpo(chosen, pairs, killed, tell=told.append)
    assert told[0] == "Going on from checkpoint-2."
    assert vars(result) | {"folder": whole} == vars(expected)
    assert log_of(killed) == log_of(whole)


def test_a_pair_with_a_broken_picture_costs_itself_alone(
    random_checkpoint: Path, pairs: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.png").write_bytes((tmp_path / "red.png").read_bytes()[:40])
    lines = pairs.read_text().splitlines()
    lines[2] = json.dumps(pair(2, images=["broken.png"]))
    pairs.write_text("\n".join(lines))
    problems: list[Problem] = []
    chosen = settings(random_checkpoint, max_steps=1)
    result = train_dpo(chosen, pairs, tmp_path / "run", report_problem=problems.append)
    assert result.num_samples == 5
    assert result.num_left_out == 1
    (problem,) = problems
    assert (problem.line, problem.kind, problem.is_left_out) == (3, "broken picture", True)
    assert str(problem).startswith(f"{pairs}:3: images[0]: ")


def test_answers_are_learned_to_their_end(pairs: Path, tmp_path: Path) -> None:
    """They differ in their last words alone, after more tokens than TRL leaves of them by default."""
    checkpoint = save_random_checkpoint(tmp_path / "checkpoint", context_length=4096)
    long = "It is plain. " * 400
    good, bad = (staged("A colour.", "One area.", long, colour) for colour in ("red", "blue"))
    pairs.write_text(json.dumps(pair(1, chosen=said(good), rejected=said(bad))))
    # The rate rises from 0, so that the second step is the first to change anything.
    chosen = settings(checkpoint, max_steps=3, batch_size=1)
    train_dpo(chosen, pairs, tmp_path / "run")
    losses = [entry["loss"] for entry in log_of(tmp_path / "run") if "loss" in entry]
    assert losses[0] == pytest.approx(math.log(2), abs=1e-4)
    assert losses[-1] < losses[0] - 1e-3
