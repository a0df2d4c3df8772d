"""Pictures that this project draws, with questions and right texts: for training and for evaluation."""

from enum import StrEnum


class Difficulty(StrEnum):
    """How hard pictures are to see and how much is in them."""

    EASY = "easy"
    HARD = "hard"
