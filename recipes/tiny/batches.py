"""Batches of token sequences with their pictures, drawn for ever from training seeds."""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch.utils.data import IterableDataset
from transformers import MllamaProcessor

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.items import EVALUATION_SEED, ask, sample_picture
from recipes.tiny.sequences import (
    IGNORED,
    Encoder,
    TokenSequence,
    corrupted_comparison,
    reference_stages,
)

QUESTIONS_PER_PICTURE = 3
TEXT_BATCHES = 3
LENGTH_STEP = 32


@dataclass(frozen=True)
class TextBatch:
    """Sequences of similar length.

    Attributes:
        tokens: (sequences, length) int64, padded on the right.
        labels: Like ``tokens``, ``IGNORED`` where there is no loss.
        weights: Like ``tokens``, float32: how much each label counts.
        pictures: (sequences,) int64, the picture each sequence is about.
    """

    tokens: torch.Tensor
    labels: torch.Tensor
    weights: torch.Tensor
    pictures: torch.Tensor


@dataclass(frozen=True)
class Batch:
    """Pictures and the sequences about them, in parts of similar length so that little is padded.

    Attributes:
        pixels: (pictures, 1, 1, 3, edge, edge) float32.
        texts: The sequences.
    """

    pixels: torch.Tensor
    texts: tuple[TextBatch, ...]


class GeneratedBatches(IterableDataset[Batch]):
    """An endless stream of batches drawn from training seeds."""

    def __init__(
        self,
        processor: MllamaProcessor,
        *,
        seed: int,
        pictures: int,
        judging_share: float,
        easy_share: float,
        ramp: int,
    ) -> None:
        """Choose what is in a batch.

        Args:
            processor: Of the checkpoint being trained.
            seed: Different seeds give different streams.
            pictures: Pictures in a batch; each has ``QUESTIONS_PER_PICTURE`` questions.
            judging_share: Share of sequences that are comparisons.
            easy_share: Share of easy pictures.
            ramp: Batches over which that share falls from 1: looking things up is learned sooner
                in short sequences.
        """
        super().__init__()
        self._processor = processor
        self._seed = seed
        self._pictures = pictures
        self._judging_share = judging_share
        self._easy_share = easy_share
        self._ramp = ramp

    def __iter__(self) -> Iterator[Batch]:
        """Draw batches for ever."""
        rng = random.Random(f"batches {self._seed}")
        encoder = Encoder(self._processor)
        for batch in itertools.count():
            progress = batch / self._ramp if batch < self._ramp else 1.0
            easy_share = 1.0 - progress * (1.0 - self._easy_share)
            pictures: list[Image.Image] = []
            sequences: list[tuple[int, TokenSequence]] = []
            for number in range(self._pictures):
                difficulty = Difficulty.EASY if rng.random() < easy_share else Difficulty.HARD
                seed = rng.randrange(EVALUATION_SEED)
                own = random.Random(f"{difficulty.value} {seed}")
                content, drawing = sample_picture(own, difficulty)
                pictures.append(drawing.picture)
                for _ in range(QUESTIONS_PER_PICTURE):
                    item = ask(seed, difficulty, content, drawing, own)
                    sequence = None
                    if own.random() < self._judging_share:
                        sequence = corrupted_comparison(encoder, item, own)
                    sequences.append((number, sequence or encoder.answer(item, reference_stages(item, own))))
            yield collate(self._processor, encoder, pictures, sequences)


def collate(
    processor: MllamaProcessor,
    encoder: Encoder,
    pictures: Sequence[Image.Image],
    sequences: Sequence[tuple[int, TokenSequence]],
) -> Batch:
    """Put pictures and (picture, sequence) pairs into one batch."""
    pixels = processor.image_processor([[picture] for picture in pictures], return_tensors="pt").pixel_values
    ordered = sorted(sequences, key=lambda numbered: len(numbered[1].tokens))
    size = -(-len(ordered) // TEXT_BATCHES)
    parts = [ordered[start : start + size] for start in range(0, len(ordered), size)]
    return Batch(pixels, tuple(_pad(encoder, part) for part in parts))


def _pad(encoder: Encoder, sequences: Sequence[tuple[int, TokenSequence]]) -> TextBatch:
    longest = max(len(sequence.tokens) for _, sequence in sequences)
    # Few distinct shapes: on a CPU every new one is compiled again.
    length = -(-longest // LENGTH_STEP) * LENGTH_STEP
    tokens = torch.full((len(sequences), length), encoder.pad)
    labels = torch.full((len(sequences), length), IGNORED)
    weights = torch.zeros(len(sequences), length)
    for row, (_, sequence) in enumerate(sequences):
        tokens[row, : len(sequence.tokens)] = torch.tensor(sequence.tokens)
        labels[row, : len(sequence.labels)] = torch.tensor(sequence.labels)
        weights[row, : len(sequence.weights)] = torch.tensor(sequence.weights)
    return TextBatch(tokens, labels, weights, torch.tensor([picture for picture, _ in sequences]))
