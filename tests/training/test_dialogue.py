"""What is learned of a conversation: the assistant's tokens, and nothing else."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from transformers import AutoProcessor

from langchain_llava_o1.engine.chat_format import ChatFormat
from langchain_llava_o1.pictures.picture import Picture
from langchain_llava_o1.training.dialogue import IGNORED, write_sample
from tests.training.sets import conversation, staged

FIRST = staged("I count.", "Two red circles.", "One and one make two.", "2")
SECOND = staged("I look again.", "A blue star.", "The star is blue.", "Blue")


def picture(colour: str) -> Picture:
    return Picture.of_image(Image.new("RGB", (32, 32), colour))


@pytest.fixture(scope="module")
def processor(random_checkpoint: Path) -> Any:
    return AutoProcessor.from_pretrained(random_checkpoint)


@pytest.fixture(scope="module")
def chat_format(processor: Any) -> ChatFormat:
    tokenizer = processor.tokenizer
    return ChatFormat(tokenizer, processor.chat_template, tokenizer.convert_tokens_to_ids("<|image|>"))


def learned(labels: list[int], processor: Any) -> str:
    text: str = processor.tokenizer.decode([label for label in labels if label != IGNORED])
    return text


def test_the_answer_and_its_end_are_learned_and_nothing_else(processor: Any, chat_format: ChatFormat) -> None:
    example = conversation(("<image>\nHow many red circles?", FIRST), pictures=["a.png"])
    sample = write_sample(example, 0, [picture("red")], chat_format)

    assert learned(sample.labels, processor) == f"{FIRST}<|eot_id|>"
    assert len(sample.labels) == len(sample.token_ids)
    prompt = processor.tokenizer.decode(sample.token_ids[: sample.num_prompt_tokens])
    assert prompt.count("<|image|>") == 1
    assert prompt.endswith("<|start_header_id|>assistant<|end_header_id|>\n\n")
    assert "SUMMARY" not in prompt


def test_a_sample_begins_with_the_prompt_that_a_question_has_when_it_is_asked(
    processor: Any, chat_format: ChatFormat
) -> None:
    from langchain_llava_o1.engine.request import Turn

    example = conversation(("<image>\nHow many red circles?", FIRST), pictures=["a.png"])
    shown = picture("red")
    sample = write_sample(example, 0, [shown], chat_format)
    asked = chat_format.encode([Turn("user", (shown, "How many red circles?"))])
    assert sample.token_ids[: sample.num_prompt_tokens] == asked.token_ids


def test_earlier_answers_stand_as_the_user_saw_them(processor: Any, chat_format: ChatFormat) -> None:
    example = conversation(
        ("<image>\nHow many red circles?", FIRST),
        ("<image>\nWhich colour has the star?", SECOND),
        pictures=["a.png", "b.png"],
    )
    pictures = [picture("red"), picture("blue")]
    second = write_sample(example, 1, pictures, chat_format)

    assert learned(second.labels, processor) == f"{SECOND}<|eot_id|>"
    prompt = processor.tokenizer.decode(second.token_ids[: second.num_prompt_tokens])
    assert "assistant<|end_header_id|>\n\n2<|eot_id|>" in prompt
    assert "One and one" not in prompt
    assert second.pictures == tuple(pictures)
    # The first question is asked before the second picture is shown.
    assert write_sample(example, 0, pictures, chat_format).pictures == (pictures[0],)


def test_names_of_special_tokens_in_a_text_are_text(processor: Any, chat_format: ChatFormat) -> None:
    answer = staged("<|eot_id|>", "<|image|>", "x", "y")
    example = conversation(("Say <|image|>", answer))
    sample = write_sample(example, 0, [], chat_format)
    image_token = processor.tokenizer.convert_tokens_to_ids("<|image|>")
    end = processor.tokenizer.convert_tokens_to_ids("<|eot_id|>")
    assert image_token not in sample.token_ids
    assert [label for label in sample.labels if label == end] == [end]
