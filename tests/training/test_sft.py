"""Fine-tuning of a small random checkpoint: what is learned, kept, resumed, and loaded again."""

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from langchain_llava_o1 import ChatLlavaO1, TrainingSetWriter, image_block
from langchain_llava_o1.data.example import Example, Turn
from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.data.problem import Problem
from langchain_llava_o1.engine.loading.checkpoint import load_checkpoint
from langchain_llava_o1.engine.settings import CheckpointSettings
from langchain_llava_o1.errors import ConfigurationError, DataError, ModelLoadError
from langchain_llava_o1.training.settings import LoraSettings, TrainingSettings
from langchain_llava_o1.training.sft import train_sft
from tests.training.sets import staged

COLOURS = ("red", "green", "blue", "teal")


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve questions about plain pictures, two of them in one conversation."""
    folder = tmp_path_factory.mktemp("colours")
    for colour in COLOURS:
        Image.new("RGB", (32, 24), colour).save(folder / f"{colour}.png")
    with TrainingSetWriter(folder / "colours.jsonl") as writer:
        for number in range(11):
            colour = COLOURS[number % len(COLOURS)]
            answer = staged("A colour.", "One area.", f"It is {colour}.", colour)
            turns = [Turn("human", "<image>\nWhich colour is it?"), Turn("gpt", answer)]
            if number == 0:
                turns += [Turn("human", "Sure?"), Turn("gpt", answer)]
            writer.append(Example(str(number), (f"{colour}.png",), tuple(turns)))
    return folder / "colours.jsonl"


def settings(checkpoint: Path, **changes: Any) -> TrainingSettings:
    values = {"max_steps": 8, "batch_size": 2, "learning_rate": 2e-3, "evaluate_every": 2, "device": "cpu"}
    return TrainingSettings(str(checkpoint), **{**values, **changes})


def log_of(folder: Path) -> list[dict[str, Any]]:
    timed = ("runtime", "per_second")
    entries = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [
        {name: value for name, value in entry.items() if not any(each in name for each in timed)}
        for entry in entries
    ]


def weights_of(folder: Path, adapter: Path | None = None) -> dict[str, torch.Tensor]:
    adapters = None if adapter is None else str(adapter)
    loaded = CheckpointSettings(str(folder), device="cpu", dtype="float32", adapter=adapters)
    return load_checkpoint(loaded).model.state_dict()


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


@pytest.mark.parametrize(
    "lora",
    [None, pytest.param(LoraSettings(rank=4, dropout=0.1), marks=pytest.mark.long)],
    ids=["full", "lora"],
)
def test_a_killed_run_goes_on_to_the_same_step_and_loss(
    random_checkpoint: Path, colours: Path, tmp_path: Path, lora: LoraSettings | None
) -> None:
    """As after a kill: the run ends after its second checkpoint, and the third is there in part."""
    chosen = settings(random_checkpoint, lora=lora, held_out=3)
    training_set = open_training_set(colours)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    expected = train_sft(chosen, training_set, whole)

    class Killed(Exception):
        pass

    def tell(line: str) -> None:
        if line.startswith("step 6/8"):
            raise Killed

    with pytest.raises(Killed):
        train_sft(chosen, training_set, killed, tell=tell)
    shutil.rmtree(killed / "checkpoint-6", ignore_errors=True)
    shutil.copytree(killed / "checkpoint-4", killed / "checkpoint-6")
    (killed / "checkpoint-6" / "trainer_state.json").write_text('{"half')
    told: list[str] = []
    result = train_sft(chosen, training_set, killed, tell=told.append)

    assert told[0] == "Going on from checkpoint-4."
    assert log_of(killed) == log_of(whole)
    assert vars(result) | {"folder": whole} == vars(expected)
    base = random_checkpoint if lora else None
    first, second = (weights_of(base or each, each if base else None) for each in (whole, killed))
    assert all(torch.equal(first[name], second[name]) for name in first)
    # A finished run is not trained again.
    assert train_sft(chosen, training_set, killed) == result


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
    assert result.num_samples == 9


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


def test_a_start_that_trained_nothing_binds_nobody(
    random_checkpoint: Path, colours: Path, tmp_path: Path
) -> None:
    training_set = open_training_set(colours)
    with pytest.raises(ModelLoadError):
        train_sft(settings(tmp_path / "none"), training_set, tmp_path / "run")
    assert train_sft(settings(random_checkpoint, max_steps=1), training_set, tmp_path / "run").steps == 1


def test_a_set_that_changed_under_its_run_is_told(
    random_checkpoint: Path, colours: Path, tmp_path: Path
) -> None:
    shutil.copytree(colours.parent, tmp_path / "set")
    path = tmp_path / "set" / colours.name
    train_sft(settings(random_checkpoint, max_steps=1), open_training_set(path), tmp_path / "run")
    path.write_text(path.read_text().partition("\n")[2])
    with pytest.raises(ConfigurationError, match="data_bytes is"):
        train_sft(settings(random_checkpoint, max_steps=1), open_training_set(path), tmp_path / "run")


def test_adapters_in_the_place_of_a_model_are_told(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelLoadError, match="holds adapters, not a model"):
        weights_of(tmp_path)


def test_a_folder_holds_one_run(random_checkpoint: Path, colours: Path, tmp_path: Path) -> None:
    training_set = open_training_set(colours)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").touch()
    with pytest.raises(ConfigurationError, match="holds other files"):
        train_sft(settings(random_checkpoint), training_set, tmp_path / "taken")
    train_sft(settings(random_checkpoint, max_steps=1), training_set, tmp_path / "run")
    with pytest.raises(ConfigurationError, match="max_steps is 1 there and 2 here"):
        train_sft(settings(random_checkpoint, max_steps=2), training_set, tmp_path / "run")


class Killed(Exception):
    """Raised in the middle of a run."""


def test_a_run_without_a_better_measurement_stops_at_the_same_step_killed_or_not(
    random_checkpoint: Path, colours: Path, tmp_path: Path
) -> None:
    """The rate is so high that nothing gets better after the first measurements."""
    chosen = settings(
        random_checkpoint, max_steps=20, evaluate_every=1, learning_rate=0.5, held_out=3, patience=3
    )
    training_set = open_training_set(colours)
    whole = train_sft(chosen, training_set, tmp_path / "whole")
    assert whole.best_step is not None
    assert whole.steps == whole.best_step + 3 < 20

    def train_killed(out: Path, step: int) -> None:
        def tell(line: str) -> None:
            if line.startswith(f"step {step}/20: held-out"):
                raise Killed

        with pytest.raises(Killed):
            train_sft(chosen, training_set, out, tell=tell)

    # While the count is at 1; and when the stop is decided, and its checkpoint is not there yet.
    for step in (whole.best_step + 2, whole.steps):
        out = tmp_path / f"killed-{step}"
        train_killed(out, step)
        resumed = train_sft(chosen, training_set, out)
        assert vars(resumed) | {"folder": whole.folder} == vars(whole)
        assert log_of(out) == log_of(whole.folder)


@pytest.mark.parametrize("patience", [None, 3], ids=["last step", "stopped"])
def test_a_run_killed_after_its_last_checkpoint_takes_no_further_step(
    random_checkpoint: Path, colours: Path, tmp_path: Path, patience: int | None
) -> None:
    changes = {"learning_rate": 0.5, "max_steps": 20} if patience else {"max_steps": 3}
    chosen = settings(random_checkpoint, evaluate_every=1, held_out=3, patience=patience, **changes)
    training_set = open_training_set(colours)
    run = tmp_path / "run"
    whole = train_sft(chosen, training_set, run)
    log, weights = log_of(run), weights_of(run)
    (run / "training_result.json").unlink()
    assert train_sft(chosen, training_set, run) == whole
    assert log_of(run) == log
    again = weights_of(run)
    assert all(torch.equal(weights[name], again[name]) for name in weights)


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
