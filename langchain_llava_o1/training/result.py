"""What came of a training run."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TrainingResult:
    """What came of a run.

    Attributes:
        folder: Holds the trained checkpoint, or the adapters.
        steps: Optimizer steps taken.
        num_samples: Questions learned from.
        best_step: The measurement whose weights were kept; None where nothing was held out.
        held_out_loss: Loss at that step.
        held_out_accuracy: Share of right conclusions at that step, where it was measured.
    """

    folder: Path
    steps: int
    num_samples: int
    best_step: int | None = None
    held_out_loss: float | None = None
    held_out_accuracy: float | None = None
