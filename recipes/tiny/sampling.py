"""Candidates sampled from the model itself, stage by stage, to learn judging from."""

import json
import random
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch.utils.data import IterableDataset
from transformers import MllamaForConditionalGeneration, MllamaProcessor

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.items import EVALUATION_SEED, Item, make_item, make_puzzle
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.stages import STAGES, Stage
from recipes.tiny.batches import (
    QUESTIONS_PER_PICTURE,
    Batch,
    BatchSize,
    Placed,
    Shares,
    collate,
    own_numbers,
    sample_items,
    write_sequence,
)
from recipes.tiny.sequences import (
    CHOICE_ALONE_SHARE,
    TIE_SHARE,
    Encoder,
    answer_after_errors,
    corrupted_comparison,
    join_stages,
    needs_reason,
    reference_stages,
)
from recipes.tiny.token_sequence import TokenSequence
from recipes.tiny.verdicts import judge_pair

ITEMS_AT_ONCE = 48
WHOLE_ANSWERS = 4
"""One batch of so many goes on after the caption: captions are what candidates differ in most."""

UP_TO_CAPTION = STAGES[: [stage.name for stage in STAGES].index("caption") + 1]

TOKENS_PER_STAGE = 150
RECORDS_TRIED = 100
NEW_SHARE = 0.5
"""Of the pictures, those without sampled candidates: the few that have them would be learned by heart."""

ERRORS_SHARE = 0.5
"""Of the answers, those that go on from a caption with errors."""

KINDS_TRIED = 3
"""Questions drawn at most until one is of a kind to ask more often."""

EVIDENCE_WEIGHT = 4.0
"""What is seen at a place decides, and is one word among many that are copied."""

TALLY_WEIGHT = 8.0
"""What is seen at a place is soon read right; which response had it, much later."""


@dataclass(frozen=True)
class SampledStage:
    """Candidates of one stage.

    Attributes:
        seed: Seed of the item.
        difficulty: Difficulty of the item.
        is_puzzle: Whether it is a puzzle.
        stage: Index of the stage.
        accepted: Texts of the stages before it.
        candidates: Texts drawn for it, without tags.
    """

    seed: int
    difficulty: Difficulty
    is_puzzle: bool
    stage: int
    accepted: tuple[str, ...]
    candidates: tuple[str, ...]


def sample_stages(
    model: MllamaForConditionalGeneration,
    processor: MllamaProcessor,
    path: Path,
    *,
    items: int,
    candidates: int,
    temperature: float,
    easy_share: float,
    puzzle_share: float,
    seed: int,
    log: Callable[[str], None],
) -> None:
    """Draw candidates for the stages of training items and write them to ``path`` as JSON lines."""
    rng = random.Random(f"sampling {seed}")
    torch.manual_seed(seed)
    model.eval()
    started = time.monotonic()
    with path.open("w") as file:
        for number, start in enumerate(range(0, items, ITEMS_AT_ONCE)):
            # Puzzles apart: their answers are short.
            is_puzzle = rng.random() < puzzle_share
            chosen = [
                _make(
                    rng.randrange(EVALUATION_SEED),
                    Difficulty.EASY if rng.random() < easy_share else Difficulty.HARD,
                    is_puzzle=is_puzzle,
                )
                for _ in range(min(ITEMS_AT_ONCE, items - start))
            ]
            accepted: list[list[str]] = [[] for _ in chosen]
            stages = STAGES if is_puzzle or number % WHOLE_ANSWERS == 0 else UP_TO_CAPTION
            for index, stage in enumerate(stages):
                drawn = _draw(model, processor, chosen, accepted, stage, candidates, temperature)
                for item, before, texts in zip(chosen, accepted, drawn, strict=True):
                    record = SampledStage(
                        item.seed, item.difficulty, is_puzzle, index, tuple(before), tuple(texts)
                    )
                    file.write(json.dumps(asdict(record)) + "\n")
                    before.append(_accept(item, stage, before, texts, rng))
            log(f"sampled {start + len(chosen)}/{items} items {time.monotonic() - started:.0f} s")


def _make(seed: int, difficulty: Difficulty, *, is_puzzle: bool) -> Item:
    return make_puzzle(seed, difficulty) if is_puzzle else make_item(seed, difficulty)


def _accept(
    item: Item, stage: Stage, accepted: Sequence[str], texts: Sequence[str], rng: random.Random
) -> str:
    """Go on from a right candidate four times out of five, as a search would, else from any."""
    possible = item.right_texts(stage.name, accepted)
    rights = [text for text in texts if text in possible]
    return rng.choice(rights if rights and rng.random() < 0.8 else list(texts))


@torch.inference_mode()
def _draw(
    model: MllamaForConditionalGeneration,
    processor: MllamaProcessor,
    items: Sequence[Item],
    accepted: Sequence[Sequence[str]],
    stage: Stage,
    candidates: int,
    temperature: float,
) -> list[list[str]]:
    encoder = Encoder(processor)
    tokenizer = processor.tokenizer
    prompts = []
    for item, before in zip(items, accepted, strict=True):
        prefix = join_stages(before) + "\n\n" * bool(before) + stage.opening
        prompts.append([*encoder.question(item.prompt), *encoder.header("assistant"), *encoder.text(prefix)])
    width = max(map(len, prompts))
    tokens = torch.tensor([[encoder.pad] * (width - len(prompt)) + prompt for prompt in prompts])
    pictures = processor.image_processor([[item.picture] for item in items], return_tensors="pt")
    closing = tokenizer.convert_tokens_to_ids(stage.closing)
    output = model.generate(
        input_ids=tokens.to(model.device),
        attention_mask=(tokens != encoder.pad).long().to(model.device),
        pixel_values=pictures.pixel_values.to(model.device),
        aspect_ratio_ids=pictures.aspect_ratio_ids.to(model.device),
        aspect_ratio_mask=pictures.aspect_ratio_mask.to(model.device),
        cross_attention_mask=(tokens == encoder.image).long().cumsum(1)[:, :, None, None].to(model.device),
        do_sample=True,
        temperature=temperature,
        num_return_sequences=candidates,
        max_new_tokens=TOKENS_PER_STAGE,
        eos_token_id=[closing, tokenizer.eos_token_id],
    )
    texts = tokenizer.batch_decode(output[:, width:], skip_special_tokens=True)
    bodies = [text.split(stage.closing)[0].strip() for text in texts]
    return [bodies[start : start + candidates] for start in range(0, len(bodies), candidates)]


class JudgingBatches(IterableDataset[Batch]):
    """An endless stream of comparisons of sampled candidates, corrupted ones and staged answers."""

    def __init__(
        self,
        processor: MllamaProcessor,
        path: Path,
        shares: Shares,
        *,
        seed: int,
        size: BatchSize,
        kinds: Collection[str],
        first: int = 0,
    ) -> None:
        """Read the sampled stages of ``path``; each picture gets three sequences.

        ``shares`` is what sequences on other pictures are of, and ``kinds`` are those of the questions to ask
        more often about them, because they are learned last. ``first`` is the number of the first batch.
        """
        super().__init__()
        self._processor, self._path, self._shares = processor, path, shares
        self._seed, self._size, self._kinds, self._first = seed, size, kinds, first

    def __iter__(self) -> Iterator[Batch]:
        """Draw batches for ever."""
        encoder = Encoder(self._processor, evidence_weight=EVIDENCE_WEIGHT, tally_weight=TALLY_WEIGHT)
        records = [json.loads(line) for line in self._path.read_text().splitlines()]
        num_new = round(NEW_SHARE * self._size.pictures)
        for batch in own_numbers(self._first):
            rng = random.Random(f"judging {batch} of {self._seed}")
            pictures: list[Image.Image] = []
            placed: list[Placed] = []
            for number in range(self._size.pictures):
                if number < num_new:
                    items = self._ask(rng)
                    pictures.append(items[0].picture)
                    for item in items:
                        sequence = None
                        if rng.random() < ERRORS_SHARE * (1 - self._shares.comparisons):
                            sequence = answer_after_errors(encoder, item, rng)
                        placed.append(
                            Placed(sequence, (number,))
                            if sequence
                            else write_sequence(encoder, item, number, self._shares, rng)
                        )
                else:
                    picture, about_it = sequences_on_sampled_picture(encoder, records, rng)
                    pictures.append(picture)
                    placed += [Placed(sequence, (number,)) for sequence in about_it]
            yield collate(self._processor, encoder, pictures, placed, self._size.parts)

    def _ask(self, rng: random.Random) -> list[Item]:
        """Ask about a picture; of the first few questions drawn for each, one of a kind to ask more often."""
        drawn = sample_items(
            rng, self._shares.easy, self._shares.puzzles, QUESTIONS_PER_PICTURE * KINDS_TRIED
        )
        return [
            next((item for item in tried if item.kind in self._kinds), tried[-1])
            for tried in (drawn[start::QUESTIONS_PER_PICTURE] for start in range(QUESTIONS_PER_PICTURE))
        ]


def sequences_on_sampled_picture(
    encoder: Encoder, records: Sequence[dict[str, Any]], rng: random.Random
) -> tuple[Image.Image, list[TokenSequence]]:
    """Choose a sampled stage and compare its candidates."""
    # Few stages have candidates of which one is better: look for one, but not for ever.
    for record in rng.sample(records, min(len(records), RECORDS_TRIED)):
        item = _make(record["seed"], Difficulty(record["difficulty"]), is_puzzle=record["is_puzzle"])
        sampled = sampled_comparison(encoder, item, record, rng)
        if sampled is not None:
            break
    sequences = [sampled]
    while len(sequences) < QUESTIONS_PER_PICTURE:
        sequences.append(sampled_comparison(encoder, item, record, rng))
    return item.picture, [
        sequence
        or corrupted_comparison(encoder, item, rng, learn_accepted=False)
        or encoder.answer(item, reference_stages(item, rng))
        for sequence in sequences
    ]


def sampled_comparison(
    encoder: Encoder, item: Item, record: dict[str, Any], rng: random.Random
) -> TokenSequence | None:
    """Write a comparison of two sampled candidates; None where no verdict on them can be told."""
    sampled = SampledStage(**{**record, "difficulty": item.difficulty})
    stage = STAGES[sampled.stage]
    different = sorted(set(sampled.candidates))
    if len(different) < 2:
        return None
    first, second = rng.sample(different, 2)
    if rng.random() < 0.5:
        first, second = second, first
    verdict = judge_pair(item, stage.name, sampled.accepted, first, second, rng)
    with_reason = needs_reason(item) or rng.random() >= CHOICE_ALONE_SHARE
    if verdict is None:
        return None
    if verdict.is_tie and not (with_reason and rng.random() < TIE_SHARE):
        return None
    return encoder.comparison(
        item,
        sampled.accepted,
        StagePart(stage),
        (first, second),
        verdict,
        with_reason=with_reason,
        learn_accepted=False,
    )
