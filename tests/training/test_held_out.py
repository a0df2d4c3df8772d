"""Held-out questions: asked of the checkpoint that is trained, on the device it is trained on."""

from pathlib import Path

import pytest

from langchain_llava_o1.chat import local_engine
from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.engine.settings import EngineSettings
from langchain_llava_o1.training.held_out import HeldOut, measure_held_out
from langchain_llava_o1.training.settings import LoraSettings, TrainingSettings
from langchain_llava_o1.training.sft import train_sft
from tests.scripted_engine import ScriptedEngine
from tests.training.runs import settings as small_settings
from tests.training.sets import staged, write_drawn_set


class Engine(ScriptedEngine):
    def close(self) -> None:
        """Give nothing back."""


@pytest.mark.parametrize("lora", [None, LoraSettings()], ids=["full", "lora"])
def test_the_engine_is_that_of_the_settings(
    lora: LoraSettings | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[EngineSettings] = []

    def load(settings: EngineSettings) -> Engine:
        loaded.append(settings)
        return Engine(staged("a", "b", "c", "d"))

    monkeypatch.setattr(local_engine, "load_engine", load)
    monkeypatch.setattr(local_engine, "find_dtype", lambda settings: "float32")
    training_set = open_training_set(write_drawn_set(tmp_path, 2))
    settings = TrainingSettings(
        "some/model", revision="abc", lora=lora, held_out=2, accuracy_items=2, device="cpu"
    )
    saved = tmp_path / "saved"
    measure_held_out(settings, saved, HeldOut(training_set, list(training_set)))

    expected = EngineSettings(str(saved), device="cpu")
    if lora is not None:
        expected = EngineSettings("some/model", device="cpu", revision="abc", adapter=str(saved))
    assert {each.checkpoint for each in loaded} == {expected.checkpoint}


async def test_accuracy_is_measured_where_an_event_loop_runs(
    random_checkpoint: Path, colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a notebook, whose cells run inside one."""
    monkeypatch.setattr(local_engine, "load_engine", lambda settings: Engine(staged("a", "b", "c", "red")))
    chosen = small_settings(random_checkpoint, max_steps=1, evaluate_every=1, held_out=1, accuracy_items=1)
    result = train_sft(chosen, open_training_set(colours), tmp_path / "run")
    assert result.held_out_accuracy in (0, 1)
