"""The embedded checkpoint is an ordinary one, small enough, and knows its domain."""

import json
from io import BytesIO

import pytest
from langchain_core.messages import HumanMessage
from PIL import Image
from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor

from langchain_llava_o1 import ChatLlavaO1, create_stage_beam, image_block
from langchain_llava_o1.search.context import StageBeamContext
from langchain_llava_o1.stages import STAGES
from langchain_llava_o1.tiny import DEMO_QUESTION, Difficulty, checkpoint_path, demo_picture_path
from langchain_llava_o1.tiny.demo import DEMO_ANSWER, draw_demo
from langchain_llava_o1.tiny.items import EVALUATION_SEED, make_item
from langchain_llava_o1.transcript import parse_transcript


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


def test_the_shipped_picture_is_the_one_drawn() -> None:
    with Image.open(demo_picture_path()) as picture:
        assert picture.convert("RGB").tobytes() == draw_demo().tobytes()


def test_it_answers_the_question_about_the_shipped_picture(model: ChatLlavaO1) -> None:
    graph = create_stage_beam(model).compile()
    state = graph.invoke({"messages": [demo_message()]}, context=StageBeamContext(seed=0))

    assert state["messages"][-1].text == DEMO_ANSWER
    assert [record["is_complete"] for record in state["stages"].values()] == [True] * len(STAGES)


def test_a_greedy_pass_has_all_stages(model: ChatLlavaO1) -> None:
    reply = model.invoke([demo_message()], temperature=0.0)

    hidden = parse_transcript(reply.additional_kwargs["reasoning_content"])
    assert [found.stage.name for found in hidden.stages] == ["summary", "caption", "reasoning"]
    assert reply.response_metadata["finish_reason"] == "stop"


async def test_it_knows_easy_pictures_it_was_not_trained_on(model: ChatLlavaO1) -> None:
    items = [make_item(EVALUATION_SEED + number, Difficulty.EASY) for number in range(40)]
    pictures = [[item.picture, item.prompt] for item in items]
    questions = [
        [HumanMessage([image_block(as_png(picture)), {"type": "text", "text": prompt}])]
        for picture, prompt in pictures
    ]
    replies = await model.abatch(questions, temperature=0.0)

    num_right = sum(item.is_correct(reply.text) for item, reply in zip(items, replies, strict=True))
    assert num_right >= 32


def as_png(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.save(file, format="PNG")
    return file.getvalue()
