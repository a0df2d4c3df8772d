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
from langchain_llava_o1.training.pairs import read_pairs
from langchain_llava_o1.training.settings import LoraSettings, TrainingSettings
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


def test_what_cannot_work_is_refused(random_checkpoint: Path, pairs: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="beta must be above 0"):
        train_dpo(settings(random_checkpoint), pairs, tmp_path / "run", beta=0)
    with pytest.raises(ConfigurationError, match="no part in training on pairs"):
        train_dpo(settings(random_checkpoint, held_out=2, accuracy_items=2), pairs, tmp_path / "run")
    with pytest.raises(DataError, match="Hold out fewer"):
        train_dpo(settings(random_checkpoint, held_out=6), pairs, tmp_path / "run")
