"""How far a training step is, kept in a file, so that a run that was killed goes on where it was."""

from pathlib import Path

import torch
from transformers import MllamaForConditionalGeneration

from recipes.tiny.optimizer import Optimizer

STEPS_BETWEEN = 100


class TrainingState:
    """Weights and optimizer after so many optimizer steps."""

    def __init__(self, path: Path, steps_between: int = STEPS_BETWEEN) -> None:
        """Keep the state in a file, which may hold an earlier one, and write it every so many steps."""
        self._path = path
        self._steps_between = steps_between
        self._saved = torch.load(path) if path.exists() else None

    @property
    def num_done(self) -> int:
        """How many steps the file holds; 0 without one."""
        return int(self._saved["num_done"]) if self._saved else 0

    def restore(
        self, model: MllamaForConditionalGeneration, optimizer: Optimizer, *others: torch.nn.Module
    ) -> None:
        """Put model, optimizer and whatever else is trained into the state of the file, if there is one."""
        if self._saved:
            for module, state in zip((model, *others), self._saved["modules"], strict=True):
                module.load_state_dict(state)
            optimizer.load_state_dict(self._saved["optimizer"])
            self._saved = {"num_done": self.num_done}

    def keep(
        self,
        num_done: int,
        model: MllamaForConditionalGeneration,
        optimizer: Optimizer,
        *others: torch.nn.Module,
    ) -> None:
        """Write the state, if it is time to."""
        if num_done % self._steps_between:
            return
        state = {
            "num_done": num_done,
            "modules": [module.state_dict() for module in (model, *others)],
            "optimizer": optimizer.state_dict(),
        }
        unfinished = self._path.with_suffix(".part")
        torch.save(state, unfinished)
        unfinished.rename(self._path)

    def remove(self) -> None:
        """Delete the file: the step is done."""
        self._path.unlink(missing_ok=True)
