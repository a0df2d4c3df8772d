"""The recipe: what the model learns from is laid out as the engine will ask, and a run can go on."""

import copy
import itertools
import random
import re

import pytest
import torch
from transformers import AutoProcessor

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.captions import read_caption
from langchain_llava_o1.drawn.items import make_item, make_puzzle
from langchain_llava_o1.drawn.trail_maps import KeyTrail, TrailMap
from langchain_llava_o1.engine.chat_format import ChatFormat
from langchain_llava_o1.engine.request import Turn
from langchain_llava_o1.pictures.picture import Picture
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.prompts import comparison_prompt
from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.staging.transcript import parse_transcript
from langchain_llava_o1.tiny import checkpoint_path
from recipes.tiny.batches import MOST_PICTURES, BatchSize, GeneratedBatches, Shares
from recipes.tiny.choices import answer_from_any_choice
from recipes.tiny.corruption import corrupt
from recipes.tiny.model import make_model
from recipes.tiny.recipe import stream
from recipes.tiny.sequences import Encoder, answer_after_errors, join_stages, reference_stages
from recipes.tiny.start import carry_over
from recipes.tiny.token_sequence import IGNORED, Exchange
from recipes.tiny.verdicts import Verdict, judge_pair


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
    part = StagePart(STAGES[num_accepted])
    sequence = Encoder(processor).comparison(
        item,
        accepted,
        part,
        ("one", "other"),
        Verdict("Because.", 2),
        with_reason=True,
        learn_accepted=False,
    )
    turns = [Turn("user", (Picture.of_image(item.picture), item.prompt))]
    if accepted:
        turns.append(Turn("assistant", (join_stages(accepted),)))
    turns.append(Turn("user", (comparison_prompt(part, "one", "other"),)))
    asked = chat_format.encode(turns).token_ids

    assert tuple(sequence.tokens[: len(asked)]) == asked
    assert learned_text(processor, sequence.labels) == "Because.\nBetter: 2<|eot_id|>"
    heavy = [token for token, weight in zip(sequence.tokens, sequence.weights, strict=True) if weight > 1]
    assert processor.tokenizer.decode(heavy) == " 2"


def test_what_is_seen_and_the_scores_weigh_as_asked(processor) -> None:  # noqa: ANN001
    item = make_item(3, Difficulty.HARD)
    rng = random.Random(0)
    verdict = judge_pair(item, "caption", (), item.captions()[0], corrupt(item, "caption", rng), rng)
    assert verdict is not None
    sequence = Encoder(processor, evidence_weight=2.0, tally_weight=3.0).comparison(
        item,
        (),
        StagePart(STAGES[1]),
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
        StagePart(STAGES[0]),
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


@pytest.mark.parametrize("is_shown_again", [False, True])
def test_conversations_are_learned_as_the_engine_asks_for_them(
    processor,  # noqa: ANN001
    chat_format: ChatFormat,
    is_shown_again: bool,
) -> None:
    item = make_item(3, Difficulty.HARD)
    picture = Picture.of_image(item.picture)
    sequence = Encoder(processor).answer(
        item,
        reference_stages(item, random.Random(0)),
        earlier=[Exchange("How many are there?", "3"), Exchange("And stars?", "1")],
        is_shown_again=is_shown_again,
    )
    asked = chat_format.encode(
        [
            Turn("user", (picture, "How many are there?")),
            Turn("assistant", ("3",)),
            Turn("user", ("And stars?",)),
            Turn("assistant", ("1",)),
            Turn("user", (picture, item.prompt) if is_shown_again else (item.prompt,)),
        ]
    ).token_ids

    assert tuple(sequence.tokens[: len(asked)]) == asked


def test_any_choice_is_followed_and_of_bars_only_the_right_one_is_learned(processor) -> None:  # noqa: ANN001
    for seed in range(24):
        item = make_puzzle(seed, Difficulty.HARD)
        sequence = answer_from_any_choice(Encoder(processor), item, random.Random(seed))
        assert sequence is not None
        written = parse_transcript(processor.tokenizer.decode(sequence.tokens).split("<|end_header_id|>")[-1])
        learned = learned_text(processor, sequence.labels)
        caption, reasoning = written.find("caption"), written.find("reasoning")
        assert caption is not None
        assert reasoning is not None
        if isinstance(item.content, TrailMap):
            taken = read_caption(caption.body)
            assert taken == KeyTrail.of(item.content, taken.key)
            assert f" the key. {taken}." in learned
            words = [
                {processor.tokenizer.decode(token).strip() for token in choice.tokens}
                for choice in sequence.choices
            ]
            assert words == [set(item.content.keys), set(item.content.colours)]
            assert all(sequence.tokens[choice.place] in choice.tokens for choice in sequence.choices)
            assert all(sequence.labels[choice.place] == IGNORED for choice in sequence.choices)
        else:
            choice = reasoning.body.strip().split(".")[0]
            is_right = reasoning.body.strip() in item.reasonings(item.told)
            assert (choice in learned) == is_right
        assert sequence.tokens[-1] == sequence.labels[-1]


def test_sums_are_right_and_need_no_picture(processor) -> None:  # noqa: ANN001
    sequence = Encoder(processor).sums(random.Random(0), 160)

    sums = re.findall(r"(\d+) and (\d+) make (\d+)", processor.tokenizer.decode(sequence.tokens))
    assert len(sums) > 15
    assert all(int(first) + int(second) == int(total) for first, second, total in sums)
    assert learned_text(processor, sequence.labels).split(", ")[0].strip() == sums[0][2]


SHARES = Shares(
    puzzles=0.5, comparisons=0.5, conversations=0.5, descriptions=0.2, easy=0.5, choices=0.5, sums=0.3
)


def test_several_processes_draw_the_batches_that_one_draws(processor) -> None:  # noqa: ANN001
    def draw(workers: int) -> list[torch.Tensor]:
        size = BatchSize(pictures=1, parts=1, workers=workers)
        drawn = stream(GeneratedBatches(processor, SHARES, seed=1, size=size, ramp=0, first=2), workers)
        return [batch.texts[0].tokens for batch in itertools.islice(drawn, 4)]

    for one, other in zip(draw(1), draw(2), strict=True):
        assert torch.equal(one, other)


def test_batches_hold_what_they_say(processor) -> None:  # noqa: ANN001
    batch = next(iter(GeneratedBatches(processor, SHARES, seed=1, size=BatchSize(4, 6, 1), ramp=0)))
    image_token = processor.tokenizer.convert_tokens_to_ids("<|image|>")

    assert batch.pixels.shape == (4, 1, 1, 3, 140, 140)
    assert sum(len(text.tokens) for text in batch.texts) == 12
    for text in batch.texts:
        assert text.tokens.shape == text.labels.shape == text.weights.shape
        assert text.pictures.shape == (len(text.tokens), MOST_PICTURES)
        assert ((text.tokens == image_token).sum(1) <= MOST_PICTURES).all()
        is_learned = text.labels != IGNORED
        assert is_learned.any(1).all()
        assert torch.equal(text.tokens[is_learned], text.labels[is_learned])


def test_weights_are_carried_over_token_by_token(processor) -> None:  # noqa: ANN001
    grown = copy.deepcopy(processor.tokenizer)
    grown.add_tokens([" treasure chest"])
    source, target = make_model(processor.tokenizer, seed=1), make_model(grown, seed=2)

    known = carry_over(source, processor.tokenizer, target, grown)

    assert known == len(processor.tokenizer) == len(grown) - 1
    old, new = source.get_input_embeddings().weight, target.get_input_embeddings().weight
    assert torch.equal(old[:known], new[:known])
    assert torch.equal(old[-8:], new[-8:])
    spelled = processor.tokenizer(" treasure chest", add_special_tokens=False).input_ids
    torch.testing.assert_close(new[known], old[spelled].mean(0))
    one, other = source.model.vision_model, target.model.vision_model
    assert all(map(torch.equal, one.parameters(), other.parameters()))
