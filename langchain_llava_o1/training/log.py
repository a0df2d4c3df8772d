"""What a run measures on its way, kept and told."""

import json
import time
from collections.abc import Callable
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from langchain_llava_o1.training.run_folder import RunFolder


class Log(TrainerCallback):
    """Keeps what is measured in the run's folder, an object a line, and tells of it."""

    def __init__(self, folder: RunFolder, tell: Callable[[str], None]) -> None:
        """Choose where.

        Args:
            folder: Where its log is.
            tell: Called with a line for people.
        """
        self._folder = folder
        self._tell = tell
        self._started = time.monotonic()
        self._first_step = 0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **further: Any
    ) -> None:
        """Note where the run begins or goes on."""
        self._started = time.monotonic()
        self._first_step = state.global_step
        if state.is_world_process_zero:
            self._folder.cut_log(state.global_step)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **further: Any,
    ) -> None:
        """Write a line."""
        # What it sums up at the end is of this process alone, not of what it went on from.
        if not state.is_world_process_zero or not logs or not ({"loss", "eval_loss"} & logs.keys()):
            return
        with self._folder.log_path.open("a") as file:
            file.write(json.dumps({"step": state.global_step, **logs}) + "\n")
        named = {"loss": "loss", "eval_loss": "held-out loss", "eval_accuracy": "held-out accuracy"}
        parts = [f"{text} {logs[name]:.4f}" for name, text in named.items() if name in logs]
        if parts:
            step = f"step {state.global_step}/{state.max_steps}"
            self._tell(f"{step}: {', '.join(parts)}{self._time_left(state)}")

    def _time_left(self, state: TrainerState) -> str:
        done = state.global_step - self._first_step
        if not done:
            return ""
        minutes = (time.monotonic() - self._started) / done * (state.max_steps - state.global_step) / 60
        return f", {minutes:.0f} min left"
