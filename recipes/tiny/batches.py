"""Batches of token sequences with their pictures, drawn for ever from training seeds."""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch.utils.data import IterableDataset, get_worker_info
from transformers import MllamaProcessor

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.items import EVALUATION_SEED, Item, ask, sample_picture, sample_puzzle
from recipes.tiny.choices import answer_from_any_choice
from recipes.tiny.sequences import Encoder, corrupted_comparison, reference_stages
from recipes.tiny.token_sequence import IGNORED, Exchange, TokenSequence

QUESTIONS_PER_PICTURE = 3
LENGTH_STEP = 32
MOST_EARLIER = 3
MOST_PICTURES = 2
"""In a sequence; a later one is what the user asks about from then on."""

SUMS_LENGTH = 160
SHOWN_AGAIN_SHARE = 0.3


@dataclass(frozen=True)
class Shares:
    """What sequences are of.

    Attributes:
        puzzles: Of the pictures, those that pose a puzzle.
        comparisons: Of the sequences, those that compare two candidates.
        conversations: Of the answers and comparisons, those with earlier questions.
        descriptions: Of the answers, those that describe the picture without a question.
        easy: Of the pictures, the easy ones.
        choices: Of the answers to puzzles, those from a choice at random.
        sums: Of the pictures, those that a sequence of sums takes the place of one about.
    """

    puzzles: float
    comparisons: float
    conversations: float
    descriptions: float
    easy: float
    choices: float
    sums: float


@dataclass(frozen=True)
class BatchSize:
    """How much a step of training takes in.

    Attributes:
        pictures: In a batch; each has ``QUESTIONS_PER_PICTURE`` sequences about it.
        parts: What the sequences are cut into by their length, so that little is padded.
        workers: Processes that draw batches.
    """

    pictures: int
    parts: int
    workers: int


@dataclass(frozen=True)
class Placed:
    """A sequence and the pictures of its batch that it shows, in their order; none is as good as any."""

    sequence: TokenSequence
    pictures: tuple[int, ...]


@dataclass(frozen=True)
class TextBatch:
    """Sequences of similar length.

    Attributes:
        tokens: (sequences, length) int64, padded on the right.
        labels: Like ``tokens``, ``IGNORED`` where there is no loss.
        weights: Like ``tokens``, float32: how much each label counts.
        pictures: (sequences, ``MOST_PICTURES``) int64, the pictures that each sequence shows, in order.
        places: (choices, 2) int64, sequence and position of each choice among tokens.
        choices: (choices, most tokens) int64, the tokens that may stand there, ``IGNORED`` after them.
    """

    tokens: torch.Tensor
    labels: torch.Tensor
    weights: torch.Tensor
    pictures: torch.Tensor
    places: torch.Tensor
    choices: torch.Tensor


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
        shares: Shares,
        *,
        seed: int,
        size: BatchSize,
        ramp: int,
        first: int = 0,
    ) -> None:
        """Choose what is in a batch.

        Args:
            processor: Of the checkpoint being trained.
            shares: What the sequences are of.
            seed: Different seeds give different streams.
            size: How much is in a batch.
            ramp: Batches over which the share of easy pictures falls from 1: looking things up is learned
                sooner in short sequences.
            first: Number of the first batch, from 0.
        """
        super().__init__()
        self._processor = processor
        self._shares = shares
        self._seed = seed
        self._size = size
        self._ramp = ramp
        self._first = first

    def __iter__(self) -> Iterator[Batch]:
        """Draw batches for ever."""
        encoder = Encoder(self._processor)
        for batch in own_numbers(self._first):
            rng = random.Random(f"batch {batch} of {self._seed}")
            progress = batch / self._ramp if batch < self._ramp else 1.0
            easy_share = 1.0 - progress * (1.0 - self._shares.easy)
            pictures: list[Image.Image] = []
            placed: list[Placed] = []
            for number in range(self._size.pictures):
                items = sample_items(rng, easy_share, self._shares.puzzles, QUESTIONS_PER_PICTURE)
                pictures.append(items[0].picture)
                found = [write_sequence(encoder, item, number, self._shares, rng) for item in items]
                if rng.random() < self._shares.sums:
                    found[0] = Placed(encoder.sums(rng, SUMS_LENGTH), ())
                placed += found
            yield collate(self._processor, encoder, pictures, placed, self._size.parts)


def own_numbers(first: int) -> Iterator[int]:
    """Count the batches that this process draws: all from ``first`` on, or its share among workers."""
    worker = get_worker_info()
    return (
        itertools.count(first) if worker is None else itertools.count(first + worker.id, worker.num_workers)
    )


def write_sequence(encoder: Encoder, item: Item, picture: int, shares: Shares, rng: random.Random) -> Placed:
    """Write a sequence about an item whose picture is the ``picture``-th of its batch."""
    earlier = earlier_exchanges(item, rng) if rng.random() < shares.conversations else []
    if rng.random() < shares.comparisons:
        comparison = corrupted_comparison(encoder, item, rng, earlier=earlier)
        if comparison is not None:
            return Placed(comparison, (picture,))
    if rng.random() < shares.descriptions:
        return Placed(encoder.description(item), (picture,))
    if not earlier and rng.random() < shares.choices:
        chosen = answer_from_any_choice(encoder, item, rng)
        if chosen is not None:
            return Placed(chosen, (picture,))
    # Sent once more with a later question, or after another picture that was asked about before.
    is_shown_again = bool(earlier) and rng.random() < SHOWN_AGAIN_SHARE
    shown = (rng.randrange(picture + 1), picture) if is_shown_again else (picture,)
    stages = reference_stages(item, rng)
    return Placed(encoder.answer(item, stages, earlier=earlier, is_shown_again=is_shown_again), shown)


def earlier_exchanges(item: Item, rng: random.Random) -> list[Exchange]:
    """Ask other questions about the picture of an item, with right answers."""
    others = [
        ask(item.seed, item.difficulty, item.content, item.drawing, rng)
        for _ in range(rng.randint(1, MOST_EARLIER))
    ]
    return [Exchange(other.prompt, rng.choice(other.conclusions(other.told))) for other in others]


def sample_items(rng: random.Random, easy_share: float, puzzle_share: float, number: int) -> list[Item]:
    """Draw a picture and ask about it so many times."""
    difficulty = Difficulty.EASY if rng.random() < easy_share else Difficulty.HARD
    seed = rng.randrange(EVALUATION_SEED)
    own = random.Random(f"training {seed}")
    sample = sample_puzzle if rng.random() < puzzle_share else sample_picture
    content, drawing = sample(own, difficulty)
    return [ask(seed, difficulty, content, drawing, own) for _ in range(number)]


def collate(
    processor: MllamaProcessor,
    encoder: Encoder,
    pictures: Sequence[Image.Image],
    placed: Sequence[Placed],
    num_parts: int,
) -> Batch:
    """Put pictures and the sequences about them into one batch."""
    pixels = processor.image_processor([[picture] for picture in pictures], return_tensors="pt").pixel_values
    ordered = sorted(placed, key=lambda each: len(each.sequence.tokens))
    size = -(-len(ordered) // num_parts)
    parts = [ordered[start : start + size] for start in range(0, len(ordered), size)]
    return Batch(pixels, tuple(_pad(encoder, part) for part in parts))


def _pad(encoder: Encoder, placed: Sequence[Placed]) -> TextBatch:
    longest = max(len(each.sequence.tokens) for each in placed)
    # Few distinct shapes: on a CPU every new one is compiled again.
    length = -(-longest // LENGTH_STEP) * LENGTH_STEP
    tokens = torch.full((len(placed), length), encoder.pad)
    labels = torch.full((len(placed), length), IGNORED)
    weights = torch.zeros(len(placed), length)
    pictures = torch.zeros(len(placed), MOST_PICTURES, dtype=torch.long)
    for row, each in enumerate(placed):
        sequence = each.sequence
        tokens[row, : len(sequence.tokens)] = torch.tensor(sequence.tokens)
        labels[row, : len(sequence.labels)] = torch.tensor(sequence.labels)
        weights[row, : len(sequence.weights)] = torch.tensor(sequence.weights)
        pictures[row, : len(each.pictures)] = torch.tensor(each.pictures, dtype=torch.long)
    found = [(row, choice) for row, each in enumerate(placed) for choice in each.sequence.choices]
    places = torch.tensor([(row, choice.place) for row, choice in found], dtype=torch.long).reshape(-1, 2)
    choices = torch.full((len(found), max([len(choice.tokens) for _, choice in found], default=0)), IGNORED)
    for number, (_, choice) in enumerate(found):
        choices[number, : len(choice.tokens)] = torch.tensor(choice.tokens)
    return TextBatch(tokens, labels, weights, pictures, places, choices)
