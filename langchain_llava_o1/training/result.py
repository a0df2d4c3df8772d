"""What came of a training run."""

from dataclasses import dataclass
from pathlib import Path

from langchain_llava_o1.training.settings import TrainingSettings
from langchain_llava_o1.training.task import Method


@dataclass(frozen=True)
class TrainingResult:
    """What came of a run.

    Attributes:
        folder: Holds the trained checkpoint, or the adapters.
        steps: Optimizer steps taken.
        num_samples: Questions, or pairs of answers, learned from.
        num_left_out: Lines of the data that were left out before training began.
        best_step: The measurement whose weights were kept; None where nothing was held out.
        held_out_loss: Loss at that step.
        held_out_accuracy: Share of right conclusions at that step, where it was measured.
    """

    folder: Path
    steps: int
    num_samples: int
    num_left_out: int = 0
    best_step: int | None = None
    held_out_loss: float | None = None
    held_out_accuracy: float | None = None


def describe_result(result: TrainingResult, settings: TrainingSettings, method: Method) -> str:
    """Write what came of a run, for people."""
    lines = [f"{result.folder}: {result.steps:,} steps on {result.num_samples:,} {method.samples}"]
    if result.best_step is not None:
        lines.append(f"kept: step {result.best_step:,}, held-out loss {result.held_out_loss:.4f}")
    if result.held_out_accuracy is not None:
        lines.append(
            f"held-out questions answered right: {result.held_out_accuracy:.1%} of {settings.accuracy_items}"
        )
    what = f"model={str(result.folder)!r}"
    if settings.lora is not None:
        what = f"model={settings.model!r}, adapter={str(result.folder)!r}"
    return "\n".join([*lines, f"load it: ChatLlavaO1({what})"]) + "\n"
