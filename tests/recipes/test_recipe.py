"""The recipe: what the model learns from is laid out as the engine will ask, and a run can go on."""

import random
import re

import pytest
import torch
from transformers import AutoProcessor

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.items import make_item, read_caption
from langchain_llava_o1.engine.chat_format import ChatFormat
from langchain_llava_o1.engine.request import Turn
from langchain_llava_o1.pictures.picture import Picture
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.prompts import comparison_prompt
from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.staging.transcript import parse_transcript
from langchain_llava_o1.tiny import checkpoint_path
from recipes.tiny.batches import GeneratedBatches
from recipes.tiny.pairs import Verdict, corrupt, judge_pair
from recipes.tiny.sequences import (
    IGNORED,
    Encoder,
    answer_after_errors,
    join_stages,
    reference_stages,
)


@pytest.fixture(scope="module")
def processor():  # noqa: ANN201
    return AutoProcessor.from_pretrained(checkpoint_path())


@pytest.fixture(scope="module")
def chat_format(processor) -> ChatFormat:  # noqa: ANN001
    image_token_id = processor.tokenizer.convert_tokens_to_ids("<|image|>")
    return ChatFormat(processor.tokenizer, processor.chat_template, image_token_id)


def learned_text(processor, labels: list[int]) -> str:  # noqa: ANN001
    return processor.tokenizer.decode([label for label in labels if label != IGNORED])


def test_answers_are_learned_as_the_engine_asks_for_them(processor, chat_format: ChatFormat) -> None:  # noqa: ANN001
    item = make_item(3, Difficulty.HARD)
    stages = reference_stages(item, random.Random(0))
    sequence = Encoder(processor).answer(item, stages)
    asked = chat_format.encode([Turn("user", (Picture.of_image(item.picture), item.prompt))]).token_ids
    accepted = join_stages(stages[:2])
    continued = chat_format.encode(
        [Turn("user", (Picture.of_image(item.picture), item.prompt)), Turn("assistant", (accepted,))]
    ).token_ids

    assert tuple(sequence.tokens[: len(asked)]) == asked
    assert tuple(sequence.tokens[: len(continued)]) == continued
    assert learned_text(processor, sequence.labels) == join_stages(stages) + "<|eot_id|>"


@pytest.mark.parametrize("num_accepted", [0, 2])
def test_verdicts_are_learned_as_the_engine_asks_for_them(
    processor,  # noqa: ANN001
    chat_format: ChatFormat,
    num_accepted: int,
) -> None:
    item = make_item(3, Difficulty.HARD)
    accepted = reference_stages(item, random.Random(0))[:num_accepted]
    stage = STAGES[num_accepted]
    sequence = Encoder(processor).comparison(
        item,
        accepted,
        stage,
        ("one", "other"),
        Verdict("Because.", 2),
        with_reason=True,
        learn_accepted=False,
    )
    turns = [Turn("user", (Picture.of_image(item.picture), item.prompt))]
    if accepted:
        turns.append(Turn("assistant", (join_stages(accepted),)))
    turns.append(Turn("user", (comparison_prompt(StagePart(stage), "one", "other"),)))
    asked = chat_format.encode(turns).token_ids

    assert tuple(sequence.tokens[: len(asked)]) == asked
    assert learned_text(processor, sequence.labels) == "Because.\nBetter: 2<|eot_id|>"
    heavy = [token for token, weight in zip(sequence.tokens, sequence.weights, strict=True) if weight > 1]
    assert processor.tokenizer.decode(heavy) == " 2"


def test_what_is_seen_and_the_scores_weigh_as_asked(processor) -> None:  # noqa: ANN001
    item = make_item(3, Difficulty.HARD)
    rng = random.Random(0)
    verdict = judge_pair(item, "caption", "", item.captions()[0], corrupt(item, "caption", rng), rng)
    assert verdict is not None
    sequence = Encoder(processor, evidence_weight=2.0, tally_weight=3.0).comparison(
        item,
        (),
        STAGES[1],
        ("one", "other"),
        verdict,
        with_reason=True,
        learn_accepted=False,
    )

    def weighing(wanted: float) -> str:
        weighed = zip(sequence.tokens, sequence.weights, strict=True)
        return processor.tokenizer.decode([token for token, weight in weighed if weight == wanted])

    found = re.findall(r"I see \w+ ([\w ]+), so (\d+) to (\d+)", verdict.reason)
    assert found
    assert weighing(2.0).split() == " ".join(seen for seen, _, _ in found).split()
    assert weighing(3.0).split() == [score for _, *scores in found for score in scores]


def test_the_choice_of_a_tie_is_not_learned(processor) -> None:  # noqa: ANN001
    sequence = Encoder(processor).comparison(
        make_item(3, Difficulty.HARD),
        (),
        STAGES[0],
        ("one", "other"),
        Verdict("Alike.", 1, is_tie=True),
        with_reason=True,
        learn_accepted=False,
    )

    assert learned_text(processor, sequence.labels) == "Alike.\nBetter:<|eot_id|>"


def test_reasoning_is_learned_to_follow_a_caption_with_errors(processor) -> None:  # noqa: ANN001
    item = make_item(3, Difficulty.HARD)
    sequence = answer_after_errors(Encoder(processor), item, random.Random(0))
    assert sequence is not None

    answer = parse_transcript(processor.tokenizer.decode(sequence.tokens).split("<|end_header_id|>")[-1])
    learned = parse_transcript(learned_text(processor, sequence.labels))

    caption, reasoning = answer.find("caption"), answer.find("reasoning")
    assert caption is not None
    assert reasoning is not None
    content = read_caption(caption.body.strip())
    assert content is not None
    assert content != item.content
    assert reasoning.body.strip() in item.reasonings(content)
    assert [found.stage.name for found in learned.stages] == ["reasoning", "conclusion"]


def test_batches_hold_what_they_say(processor) -> None:  # noqa: ANN001
    batches = iter(GeneratedBatches(processor, seed=1, pictures=4, judging_share=0.5, easy_share=0.5, ramp=0))
    batch = next(batches)
    image_token = processor.tokenizer.convert_tokens_to_ids("<|image|>")

    assert batch.pixels.shape == (4, 1, 1, 3, 140, 140)
    assert sum(len(text.tokens) for text in batch.texts) == 12
    for text in batch.texts:
        assert text.tokens.shape == text.labels.shape == text.weights.shape
        assert ((text.tokens == image_token).sum(1) == 1).all()
        is_learned = text.labels != IGNORED
        assert is_learned.any(1).all()
        assert torch.equal(text.tokens[is_learned], text.labels[is_learned])
