"""Process reward models that reply + or -: a real checkpoint, saved and loaded."""

from pathlib import Path

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from langchain_llava_o1 import HuggingFaceReward, RewardJudge, create_stage_beam
from langchain_llava_o1.errors import ImageError, MessageError, ModelLoadError
from tests.rewards.checkpoints import save_vision_model
from tests.rewards.conversations import SavedModel, conversation, drawn
from tests.scripted_model import ScriptedModel
from tests.search.questions import ask
from tests.search.writers import write_staged

RED, BLUE = drawn("red"), drawn("blue", (112, 56))
SUMMARY = "<SUMMARY>Count.</SUMMARY>"
CAPTION = "<CAPTION>Two red cats on a blue table.</CAPTION>"
INSTRUCTION = "Judge."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_vision_model(tmp_path_factory.mktemp("process"))


@pytest.fixture(scope="module")
def reward(folder: Path) -> HuggingFaceReward:
    return HuggingFaceReward(str(folder), device="cpu", instruction=INSTRUCTION)


def expected(folder: Path, steps: list[str], *pictures: bytes) -> float:
    """Return the share of + among the signs after the last step, every other one accepted."""
    shown = "<|vision_start|><|image_pad|><|vision_end|>" * len(pictures)
    text = (
        f"<|im_start|>system\n{INSTRUCTION}<|im_end|>\n"
        f"<|im_start|>user\n{shown}### Question:\nHow many cats?\n\n"
        f"### Solution Process:\n{steps[0]}<|im_end|>\n"
    )
    for step in steps[1:]:
        text += f"<|im_start|>assistant\n+<|im_end|>\n<|im_start|>user\n{step}<|im_end|>\n"
    saved = SavedModel(folder)
    logits = saved.read(f"{text}<|im_start|>assistant\n", pictures).logits[0, -1]
    plus, minus = (saved.tokenizer.convert_tokens_to_ids(sign) for sign in "+-")
    return float(logits[[plus, minus]].softmax(-1)[0])


async def test_stages_are_steps_and_each_before_the_last_was_accepted(
    folder: Path, reward: HuggingFaceReward
) -> None:
    steps = {
        SUMMARY: ["Count."],
        f"{SUMMARY}\n\n{CAPTION}": ["Count.", "Two red cats on a blue table."],
        f"{SUMMARY}\n\n{CAPTION}\n\n<REASONING>1 + 1": [
            "Count.",
            "Two red cats on a blue table.",
            "1 + 1",
        ],
        "There are two.": ["There are two."],
    }
    conversations = [conversation(answer, RED) for answer in steps]
    alone = [reward.invoke(each) for each in conversations]
    assert alone == pytest.approx([expected(folder, each, RED) for each in steps.values()], abs=1e-5)
    assert reward.batch(conversations) == pytest.approx(alone, abs=1e-5)
    assert await reward.abatch(conversations) == pytest.approx(alone, abs=1e-5)
    assert len({round(score, 4) for score in alone}) == len(steps)
    assert all(0 < score < 1 for score in alone)


def test_pictures_come_first_and_matter(folder: Path, reward: HuggingFaceReward) -> None:
    shown = [(RED,), (BLUE,), (RED, BLUE)]
    scores = reward.batch([conversation(SUMMARY, *pictures) for pictures in shown])
    assert scores == pytest.approx([expected(folder, ["Count."], *pictures) for pictures in shown], abs=1e-5)
    assert len({round(score, 4) for score in scores}) == len(shown)


def test_what_was_said_before_the_answer_is_the_question(folder: Path, reward: HuggingFaceReward) -> None:
    asked = conversation(SUMMARY, RED)
    described: list[BaseMessage] = [SystemMessage("Be brief."), *asked]
    assert reward.invoke(described) == pytest.approx(reward.invoke(asked), abs=1e-6)
    assert reward.invoke([*asked[:1], AIMessage("Two."), HumanMessage("Sure?"), *asked[1:]]) != pytest.approx(
        reward.invoke(asked), abs=1e-4
    )


def test_the_stages_that_a_message_keeps_apart_are_steps(reward: HuggingFaceReward) -> None:
    *asked, _ = conversation("", RED)
    apart = AIMessage("Two.", additional_kwargs={"reasoning_content": SUMMARY})
    together = AIMessage(f"{SUMMARY}\n\n<CONCLUSION>Two.</CONCLUSION>")
    assert reward.invoke([*asked, apart]) == pytest.approx(reward.invoke([*asked, together]), abs=1e-6)


def test_the_instruction_is_the_one_that_is_given(folder: Path, reward: HuggingFaceReward) -> None:
    other = HuggingFaceReward(str(folder), device="cpu")
    asked = conversation(SUMMARY, RED)
    assert other.invoke(asked) != pytest.approx(reward.invoke(asked), abs=1e-4)


def test_a_question_without_a_picture_is_refused(reward: HuggingFaceReward) -> None:
    with pytest.raises(ImageError, match="the question shows none"):
        reward.invoke(conversation(SUMMARY))
    with pytest.raises(MessageError, match="the conversation ends in a HumanMessage"):
        reward.invoke(conversation(SUMMARY, RED)[:1])


def test_a_sign_of_several_tokens_is_refused(tmp_path: Path) -> None:
    folder = save_vision_model(tmp_path, alphabet="abc", merged=["abc"])
    with pytest.raises(
        ModelLoadError, match=r"writes '\+' as 0 tokens; a process reward compares single tokens"
    ):
        HuggingFaceReward(str(folder), device="cpu").invoke(conversation(SUMMARY, RED))


def test_a_model_that_is_no_qwen_is_refused(random_checkpoint: Path) -> None:
    with pytest.raises(ModelLoadError, match="holds a model of type 'mllama'; rewards that see pictures"):
        HuggingFaceReward(str(random_checkpoint), device="cpu").invoke(conversation(SUMMARY, RED))


def test_a_search_sorts_stages_by_it(reward: HuggingFaceReward) -> None:
    graph = create_stage_beam(
        ScriptedModel(write=write_staged), judge=RewardJudge(reward), continuation="prefill"
    ).compile()
    result = graph.invoke(ask(RED), context={"seed": 1, "candidates": 3})
    for record in result["stages"].values():
        assert record["scores"][record["winner"]] == max(record["scores"])
        assert len(record["scores"]) == 3
