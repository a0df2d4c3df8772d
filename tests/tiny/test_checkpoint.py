"""The embedded checkpoint is an ordinary one, small enough, and knows its domain."""

import asyncio
import itertools
import json
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from PIL import Image
from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor

from langchain_llava_o1 import ChatLlavaO1, create_stage_beam, image_block
from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.canvas import COLOURS
from langchain_llava_o1.drawn.items import EVALUATION_SEED, Item, make_item
from langchain_llava_o1.drawn.scenes import Scene
from langchain_llava_o1.judges.generative import GenerativeJudge
from langchain_llava_o1.judges.judge import Comparison
from langchain_llava_o1.search.stage_beam import StageBeamContext
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.staging.transcript import parse_transcript
from langchain_llava_o1.tiny import (
    DEMO_QUESTION,
    PUZZLE_QUESTION,
    checkpoint_path,
    demo_picture_path,
    puzzle_picture_path,
)
from recipes.tiny.demo_picture import DEMO_ANSWER, draw_demo, draw_puzzle, puzzle_answer


@pytest.fixture(scope="module")
def model() -> ChatLlavaO1:
    return ChatLlavaO1(model="tiny")


def demo_message() -> HumanMessage:
    return HumanMessage([image_block(demo_picture_path()), {"type": "text", "text": DEMO_QUESTION}])


def test_it_loads_like_any_checkpoint_and_is_small() -> None:
    model = AutoModelForImageTextToText.from_pretrained(checkpoint_path())
    processor = AutoProcessor.from_pretrained(checkpoint_path())

    assert type(model).__name__ == "MllamaForConditionalGeneration"
    assert model.num_parameters() <= 8_000_000
    assert sum(path.stat().st_size for path in checkpoint_path().glob("*.safetensors")) <= 16_000_000
    rendered = processor.apply_chat_template(
        [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Hi"}]}],
        add_generation_prompt=True,
    )
    assert rendered == (
        "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n<|image|>Hi<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    )


def test_its_profile_gives_the_length_of_its_context() -> None:
    config = AutoConfig.from_pretrained(checkpoint_path())
    profile = ChatLlavaO1(model="tiny").profile

    assert profile is not None
    assert profile["max_input_tokens"] == config.get_text_config().max_position_embeddings


def test_its_card_and_record_are_beside_it() -> None:
    record = json.loads((checkpoint_path() / "recipe.json").read_text())

    assert {"seed", "torch", "transformers", "parameters", "seconds"} <= record.keys()
    assert (checkpoint_path() / "README.md").read_text().startswith("---\nlicense: apache-2.0")


@pytest.mark.parametrize(
    ("path", "draw"), [(demo_picture_path, draw_demo), (puzzle_picture_path, draw_puzzle)]
)
def test_the_shipped_pictures_are_those_drawn(
    path: Callable[[], Path], draw: Callable[[], Image.Image]
) -> None:
    with Image.open(path()) as picture:
        assert picture.convert("RGB").tobytes() == draw().tobytes()


def test_it_answers_the_question_about_the_shipped_picture(model: ChatLlavaO1) -> None:
    graph = create_stage_beam(model).compile()
    state = graph.invoke({"messages": [demo_message()]}, context=StageBeamContext(seed=0))

    assert state["messages"][-1].text == DEMO_ANSWER
    assert [record["is_complete"] for record in state["stages"].values()] == [True] * len(STAGES)


def test_the_search_solves_the_shipped_puzzle_by_what_can_be_checked(model: ChatLlavaO1) -> None:
    """Candidates take different keys and colours, and the losers lose for where those really lead."""
    question = HumanMessage([image_block(puzzle_picture_path()), {"type": "text", "text": PUZZLE_QUESTION}])
    graph = create_stage_beam(model).compile()
    state = graph.invoke({"messages": [question]}, context=StageBeamContext(candidates=4, seed=0))

    assert state["messages"][-1].text == puzzle_answer()
    steps = (state["stages"]["caption"], state["stages"]["reasoning"])
    reasons = [match["reason"] for step in steps for match in step["matches"]]
    assert any(reason.endswith(("so 1 to 0.", "so 0 to 1.")) for reason in reasons)


def test_a_greedy_pass_has_all_stages(model: ChatLlavaO1) -> None:
    reply = model.invoke([demo_message()], temperature=0.0)

    hidden = parse_transcript(reply.additional_kwargs["reasoning_content"])
    assert [found.stage.name for found in hidden.stages] == ["summary", "caption", "reasoning"]
    assert reply.response_metadata["finish_reason"] == "stop"


async def test_it_knows_easy_pictures_it_was_not_trained_on(model: ChatLlavaO1) -> None:
    items = [make_item(EVALUATION_SEED + number, Difficulty.EASY) for number in range(40)]
    replies = await model.abatch([[question(item)] for item in items], temperature=0.0)

    num_right = sum(item.is_correct(reply.text) for item, reply in zip(items, replies, strict=True))
    assert num_right >= 32


async def test_it_tells_the_right_caption_from_one_with_a_wrong_colour(model: ChatLlavaO1) -> None:
    judge = GenerativeJudge(model)
    comparisons, wanted = [], []
    for item in easy_scenes(12):
        right = item.captions()[0]
        wrong = with_another_first_colour(right)
        for choice, (first, second) in ((1, (right, wrong)), (2, (wrong, right))):
            summary = STAGES[0].wrap(item.summaries()[0])
            prompt = (question(item), AIMessage(summary))
            comparisons.append(Comparison(StagePart(STAGES[1]), prompt, first, second))
            wanted.append(choice)

    verdicts = await asyncio.gather(*map(judge.acompare, comparisons))

    num_right = sum(verdict.choice == choice for verdict, choice in zip(verdicts, wanted, strict=True))
    assert num_right >= 0.8 * len(wanted)


def easy_scenes(number: int) -> list[Item]:
    items = (make_item(seed, Difficulty.EASY) for seed in itertools.count(EVALUATION_SEED))
    return list(itertools.islice((item for item in items if isinstance(item.content, Scene)), number))


def with_another_first_colour(caption: str) -> str:
    colour = re.search("|".join(COLOURS), caption)
    assert colour is not None
    other = "red" if colour[0] == "blue" else "blue"
    return caption[: colour.start()] + other + caption[colour.end() :]


def question(item: Item) -> HumanMessage:
    return HumanMessage([image_block(as_png(item.picture)), {"type": "text", "text": item.prompt}])


def as_png(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.save(file, format="PNG")
    return file.getvalue()
