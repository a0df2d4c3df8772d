"""Batches: what the model makes of each sample is what it makes of it alone."""

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from transformers import AutoProcessor, MllamaForConditionalGeneration

from langchain_llava_o1.engine.chat_format import ChatFormat
from langchain_llava_o1.engine.loading.checkpoint import load_checkpoint
from langchain_llava_o1.engine.settings import CheckpointSettings
from langchain_llava_o1.pictures.picture import Picture
from langchain_llava_o1.training.collator import SampleCollator
from langchain_llava_o1.training.dialogue import IGNORED, Sample, write_sample
from langchain_llava_o1.training.loading import create_collator
from tests.training.sets import conversation, staged

ANSWER = staged("I count.", "Two red circles.", "One and one make two.", "2")


def picture(colour: str, size: tuple[int, int] = (32, 32)) -> Picture:
    return Picture.of_image(Image.new("RGB", size, colour))


class Trained:
    """A checkpoint with what makes batches for it."""

    def __init__(self, folder: Path) -> None:
        checkpoint = load_checkpoint(CheckpointSettings(str(folder), device="cpu", dtype="float32"))
        self.model = checkpoint.model
        self.collator = create_collator(checkpoint)
        self.chat_format = ChatFormat(
            checkpoint.tokenizer, checkpoint.chat_template, checkpoint.image_token_id
        )

    def sample(self, *turns: tuple[str, str], pictures: tuple[Picture, ...] = ()) -> Sample:
        example = conversation(*turns, pictures=["x.png"] * len(pictures))
        return write_sample(example, len(turns) - 1, pictures, self.chat_format)

    def losses(self, samples: list[Sample]) -> torch.Tensor:
        """Return the loss of each learned token of each sample."""
        batch = self.collator(samples)
        labels = batch.pop("labels")
        with torch.inference_mode():
            logits = self.model(**batch).logits[:, :-1]
        return torch.nn.functional.cross_entropy(
            logits.transpose(1, 2), labels[:, 1:], ignore_index=IGNORED, reduction="none"
        )


@pytest.fixture(scope="module")
def trained(tiled_checkpoint: Path) -> Trained:
    return Trained(tiled_checkpoint)


def test_each_sample_of_a_batch_is_as_it_is_alone(trained: Trained) -> None:
    wide, square = picture("red", (200, 60)), picture("blue")
    batches = [
        [trained.sample(("How many?", ANSWER)), trained.sample(("How many red circles are there?", ANSWER))],
        [
            trained.sample(("<image>\nHow many red circles are there?", ANSWER), pictures=(wide,)),
            trained.sample(("<image>\nHow many?", ANSWER), pictures=(square,)),
            trained.sample(("<image>\nA?", ANSWER), ("B?", ANSWER), pictures=(square,)),
        ],
        [
            trained.sample(("<image><image>\nWhich differs?", ANSWER), pictures=(wide, square)),
            trained.sample(("<image>\nA?", ANSWER), ("<image>\nB?", ANSWER), pictures=(square, wide)),
        ],
    ]
    for samples in batches:
        for row, sample in zip(trained.losses(samples), samples, strict=True):
            alone = trained.losses([sample])[0]
            torch.testing.assert_close(row[: len(alone)], alone, atol=1e-4, rtol=1e-4)
            assert not row[len(alone) :].any()


def test_a_batch_is_what_the_processor_makes_of_the_same_text(
    trained: Trained, tiled_checkpoint: Path
) -> None:
    processor = AutoProcessor.from_pretrained(tiled_checkpoint)
    shown = picture("red", (200, 60))
    sample = trained.sample(("<image>\nHow many?", ANSWER), pictures=(shown,))
    expected = processor(
        images=[[shown.image]],
        text=[processor.tokenizer.decode(sample.token_ids)],
        add_special_tokens=False,
        return_tensors="pt",
    )
    batch = trained.collator([sample])
    assert expected.keys() <= batch.keys()
    for name, value in expected.items():
        torch.testing.assert_close(batch[name], value, check_dtype=False)


def test_what_fills_a_sample_up_and_pictures_are_no_labels(trained: Trained) -> None:
    samples = [
        trained.sample(("<image>\nHow many?", ANSWER), pictures=(picture("red"),)),
        trained.sample(("Hi", staged("a", "b", "c", "d"))),
    ]
    batch = trained.collator(samples)
    for row, sample in enumerate(samples):
        learned = batch["labels"][row] != IGNORED
        assert learned.sum() == len(sample.token_ids) - sample.num_prompt_tokens
        assert not (learned & (batch["attention_mask"][row] == 0)).any()
        assert not (learned & (batch["input_ids"][row] == trained.model.config.image_token_index)).any()


def test_it_trains_where_the_image_token_lies_outside_the_vocabulary(trained: Trained) -> None:
    """On the 11B checkpoint the token of a picture is the one after the last that can be predicted."""
    config: Any = copy.deepcopy(trained.model.config)
    vocabulary = config.image_token_index = config.text_config.vocab_size
    model = MllamaForConditionalGeneration(config)
    sample = trained.sample(("<image>\nHow many?", ANSWER), pictures=(picture("red"),))
    token_ids = [vocabulary if each == trained.collator.image_token_id else each for each in sample.token_ids]
    collator = SampleCollator(
        trained.collator.image_processor,
        image_token_id=vocabulary,
        pad_token_id=trained.collator.pad_token_id,
    )
    batch = collator([replace(sample, token_ids=tuple(token_ids))])
    assert vocabulary in batch["input_ids"]
    loss = model(**batch).loss
    loss.backward()
    assert torch.isfinite(loss)
