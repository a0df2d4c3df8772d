"""Fine-tuning of a small random checkpoint: what is learned, left out, and loaded again."""

import json
import logging
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image

from langchain_llava_o1 import ChatLlavaO1, TrainingSetWriter, image_block
from langchain_llava_o1.data.example import Example, Turn
from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.data.problem import Problem
from langchain_llava_o1.errors import DataError, ModelLoadError
from langchain_llava_o1.training.settings import LoraSettings
from langchain_llava_o1.training.sft import train_sft
from tests.training.runs import log_of, settings, weights_of
from tests.training.sets import staged


def test_the_loss_falls_and_the_result_loads(random_checkpoint: Path, colours: Path, tmp_path: Path) -> None:
    told: list[str] = []
    result = train_sft(
        settings(random_checkpoint, max_steps=30, held_out=2, evaluate_every=10),
        open_training_set(colours),
        tmp_path / "run",
        tell=told.append,
    )
    assert (result.steps, result.num_samples) == (30, 10)
    losses = [entry["loss"] for entry in log_of(tmp_path / "run") if "loss" in entry]
    assert losses[-1] < losses[0] / 2
    # No mask is wrong: a model that reads the answer among its input would be sure of it.
    assert losses[0] > 1
    assert result.best_step == 30
    assert any(line.startswith("step 10/30: held-out loss") for line in told)

    folder = tmp_path / "run"
    answer = ChatLlavaO1(model=str(folder), device="cpu", max_tokens=4).invoke("Hello")
    assert answer.response_metadata["model_name"] == str(folder)
    assert "held-out" in (folder / "README.md").read_text()
    assert "training loss" in (folder / "loss.svg").read_text()
    assert list((folder / "runs").rglob("events.*"))


def test_what_is_frozen_stays(random_checkpoint: Path, colours: Path, tmp_path: Path) -> None:
    frozen = settings(random_checkpoint, freeze=("vision", "gates"), max_steps=2)
    train_sft(frozen, open_training_set(colours), tmp_path / "run")
    before, after = weights_of(random_checkpoint), weights_of(tmp_path / "run")
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert any("self_attn" in name for name in changed)
    assert not any("vision_model" in name or "_gate" in name for name in changed if "mlp.gate" not in name)


def test_adapters_are_added_as_they_are_loaded(
    random_checkpoint: Path, colours: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    adapted = settings(random_checkpoint, lora=LoraSettings(rank=4, parts=("cross-attention",)), max_steps=3)
    train_sft(adapted, open_training_set(colours), run)
    before, after = weights_of(random_checkpoint), weights_of(random_checkpoint, run)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert all("cross_attn." in name for name in changed)

    question = [image_block(colours.parent / "red.png"), {"type": "text", "text": "Which colour?"}]
    plain, adapted_model = (
        ChatLlavaO1(model=str(random_checkpoint), adapter=adapter, device="cpu", logprobs=True, max_tokens=4)
        for adapter in (None, str(run))
    )
    first, second = (model.invoke([("user", question)]) for model in (plain, adapted_model))
    assert first.response_metadata["logprobs"] != second.response_metadata["logprobs"]


@pytest.mark.parametrize("lora", [None, LoraSettings(rank=4)], ids=["full", "lora"])
def test_activations_computed_twice_give_the_same_losses(
    random_checkpoint: Path, colours: Path, tmp_path: Path, lora: LoraSettings | None
) -> None:
    logs = []
    for is_checkpointing in (False, True):
        run = tmp_path / str(is_checkpointing)
        chosen = settings(
            random_checkpoint, lora=lora, max_steps=3, activation_checkpointing=is_checkpointing
        )
        train_sft(chosen, open_training_set(colours), run)
        logs.append([(entry["loss"], entry["grad_norm"]) for entry in log_of(run)])
    assert logs[0] == [pytest.approx(each, rel=1e-4) for each in logs[1]]


def test_adapters_that_are_none_are_told(random_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match=r"no adapter_config\.json"):
        weights_of(random_checkpoint, tmp_path)
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelLoadError, match="do not fit the model"):
        weights_of(random_checkpoint, tmp_path)


def test_bad_lines_cost_themselves_alone(
    random_checkpoint: Path, colours: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lines = colours.read_text().splitlines()
    twice = json.loads(lines[3])
    twice["conversations"][1]["value"] += " <CONCLUSION>red</CONCLUSION>"
    missing, broken = json.loads(lines[4]), json.loads(lines[5])
    missing["image"], broken["image"] = "none.png", "broken.png"
    lines[3:6] = map(json.dumps, (twice, missing, broken))
    lines[2] = lines[2][:-3]
    (tmp_path / "bad.jsonl").write_text("\n".join(lines))
    for picture in colours.parent.glob("*.png"):
        shutil.copy(picture, tmp_path)
    (tmp_path / "broken.png").write_bytes((tmp_path / "red.png").read_bytes()[:40])

    problems: list[Problem] = []
    with caplog.at_level(logging.WARNING):
        result = train_sft(
            settings(random_checkpoint, epochs=1, max_steps=None),
            open_training_set(tmp_path / "bad.jsonl"),
            tmp_path / "run",
            report_problem=problems.append,
        )
    assert [(problem.line, problem.kind, problem.is_left_out) for problem in problems] == [
        (3, "broken line", True),
        (4, "repeated stage", True),
        (5, "missing picture", True),
    ]
    # The broken picture is found when it is opened, and another sample stands in for it.
    assert "bad.jsonl:6" in caplog.text
    assert (result.num_samples, result.num_left_out) == (9, 3)
    assert "| lines left out | 3 |" in (tmp_path / "run" / "README.md").read_text()


def test_answers_without_stages_are_learned_where_any_are(random_checkpoint: Path, tmp_path: Path) -> None:
    Image.new("RGB", (32, 24), "red").save(tmp_path / "red.png")
    turns = (Turn("human", "<image>\nWhich colour is it?"), Turn("gpt", "red"))
    with TrainingSetWriter(tmp_path / "short.jsonl") as writer:
        writer.append(Example("1", ("red.png",), turns))
    training_set = open_training_set(tmp_path / "short.jsonl")
    with pytest.raises(DataError, match="no example to learn from"):
        train_sft(settings(random_checkpoint), training_set, tmp_path / "none")
    train_sft(settings(random_checkpoint, any_answers=True, max_steps=20), training_set, tmp_path / "run")
    losses = [entry["loss"] for entry in log_of(tmp_path / "run") if "loss" in entry]
    assert losses[-1] < losses[0] / 2


def test_nothing_to_learn_from_is_told(random_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"id": "1", "conversations": [{"from": "human", "value": "Hi"}, ')
    with pytest.raises(DataError, match="no example to learn from"):
        train_sft(settings(random_checkpoint), open_training_set(tmp_path / "bad.jsonl"), tmp_path / "run")


def test_adapters_in_the_place_of_a_model_are_told(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelLoadError, match="holds adapters, not a model"):
        weights_of(tmp_path)


def test_what_cannot_be_decoded_is_not_measured_with(
    random_checkpoint: Path, colours: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """All pictures but those of three examples are broken, so that just these are held out or learned."""
    lines = [json.loads(line) for line in colours.read_text().splitlines()]
    shutil.copy(colours.parent / "red.png", tmp_path)
    (tmp_path / "broken.png").write_bytes((tmp_path / "red.png").read_bytes()[:40])
    for number, line in enumerate(lines):
        line["image"] = "red.png" if number in (2, 5, 7) else "broken.png"
    (tmp_path / "set.jsonl").write_text("\n".join(map(json.dumps, lines)))
    training_set = open_training_set(tmp_path / "set.jsonl")
    chosen = settings(random_checkpoint, max_steps=1, evaluate_every=1, held_out=2)
    with caplog.at_level(logging.WARNING):
        result = train_sft(chosen, training_set, tmp_path / "run")
    assert result.held_out_loss is not None
    # The broken ones stay to be learned, where they are left out.
    assert result.num_samples == 10
    assert "it is left out" in caplog.text
    with pytest.raises(DataError, match="only 3 can be measured with"):
        train_sft(settings(random_checkpoint, held_out=4), training_set, tmp_path / "other")


def test_batches_of_a_step_are_as_one_large_batch(
    random_checkpoint: Path, colours: Path, tmp_path: Path
) -> None:
    """Also where answers differ in length, so that a mean of means would not be the mean."""
    shutil.copy(colours.parent / "red.png", tmp_path)
    with TrainingSetWriter(tmp_path / "four.jsonl") as writer:
        for number in range(4):
            answer = staged("A colour.", "One area.", "It is red. " * 4**number, "red")
            turns = (Turn("human", "<image>\nWhich colour is it?"), Turn("gpt", answer))
            writer.append(Example(str(number), ("red.png",), turns))
    training_set = open_training_set(tmp_path / "four.jsonl")
    logs = []
    for batch_size, accumulation in ((4, 1), (2, 2), (1, 4)):
        run = tmp_path / str(batch_size)
        chosen = settings(
            random_checkpoint,
            max_steps=1,
            batch_size=batch_size,
            accumulation=accumulation,
            max_grad_norm=1e6,
            max_tokens=512,
        )
        train_sft(chosen, training_set, run)
        (entry,) = log_of(run)
        logs.append((entry["loss"], entry["grad_norm"]))
    assert logs[1] == pytest.approx(logs[0], rel=1e-4)
    assert logs[2] == pytest.approx(logs[0], rel=1e-4)
