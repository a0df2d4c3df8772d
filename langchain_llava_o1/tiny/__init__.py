"""The embedded model: a small Mllama that knows drawn pictures, its card, and pictures to ask it about."""

from pathlib import Path

EMBEDDED_MODEL = "tiny"
"""What the embedded checkpoint is called where a model is named."""

DEMO_QUESTION = "Subtract all small red circles. How many objects are left?"
"""A question about the shipped picture."""

PUZZLE_QUESTION = "Which colour leads to the treasure?"
"""A question about the shipped puzzle: its answer is hard to find and easy to check."""


def checkpoint_path() -> Path:
    """Return the folder of the embedded checkpoint, in the layout of ``save_pretrained``."""
    return Path(__file__).parent / "checkpoint"


def demo_picture_path() -> Path:
    """Return the path of the shipped picture (PNG)."""
    return Path(__file__).parent / "pictures" / "demo.png"


def puzzle_picture_path() -> Path:
    """Return the path of the shipped puzzle, a map of trails (PNG)."""
    return Path(__file__).parent / "puzzles" / "trails.png"
