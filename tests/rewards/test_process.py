"""Process reward models that reply + or -: a real checkpoint, saved and loaded."""

import math
import statistics
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from langchain_llava_o1 import HuggingFaceReward, RewardJudge, create_stage_beam
from langchain_llava_o1.errors import ImageError, MessageError, ModelLoadError
from langchain_llava_o1.judges.judge import Entry
from tests.rewards.checkpoints import CHAT_TEMPLATE, save_vision_model
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


def mean(folder: Path, steps: list[str], *pictures: bytes) -> float:
    """Return the mean over all steps, each read in a text of its own."""
    return statistics.fmean(
        expected(folder, steps[:number], *pictures) for number in range(1, len(steps) + 1)
    )


def going_on(accepted: str, candidate: str, *pictures: bytes) -> list[BaseMessage]:
    """Return what a search lets a candidate be scored by, which goes on from accepted stages."""
    *asked, _ = conversation("", *pictures)
    return Entry([*asked, AIMessage(accepted)], candidate, None).conversation


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


async def test_an_answer_has_the_mean_of_its_stages(folder: Path, reward: HuggingFaceReward) -> None:
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
    assert alone == pytest.approx([mean(folder, each, RED) for each in steps.values()], abs=1e-5)
    assert reward.batch(conversations) == pytest.approx(alone, abs=1e-5)
    assert await reward.abatch(conversations) == pytest.approx(alone, abs=1e-5)
    assert len({round(score, 4) for score in alone}) == len(steps)
    assert all(0 < score < 1 for score in alone)


def test_a_stage_is_scored_alone_where_those_before_it_were_accepted(
    folder: Path, reward: HuggingFaceReward
) -> None:
    steps = ["Count.", "Two red cats on a blue table.", "1 + 1", "2"]
    rest = "<REASONING>1 + 1</REASONING>\n\n<CONCLUSION>2</CONCLUSION>"
    scores = reward.batch(
        [
            going_on(SUMMARY, CAPTION, RED),
            # A sentence more of a stage that was begun, after which the stage is open.
            going_on(SUMMARY, "<CAPTION>Two red cats on a blue table.", RED),
            going_on(f"{SUMMARY}\n\n{CAPTION}", rest, RED),
        ]
    )
    last_two = [expected(folder, steps[:3], RED), expected(folder, steps, RED)]
    assert scores == pytest.approx(
        [expected(folder, steps[:2], RED)] * 2 + [statistics.fmean(last_two)], abs=1e-5
    )


def test_words_outside_of_stages_are_a_step(folder: Path, reward: HuggingFaceReward) -> None:
    steps = ["Sure.", "Count.", "Red cat."]
    assert reward.invoke(going_on(SUMMARY, "Red cat.", RED)) == pytest.approx(
        expected(folder, ["Count.", "Red cat."], RED), abs=1e-5
    )
    assert reward.invoke(conversation(f"Sure. {SUMMARY}\n\nRed cat.", RED)) == pytest.approx(
        mean(folder, steps, RED), abs=1e-5
    )


def test_a_stage_that_says_nothing_has_no_score(folder: Path, reward: HuggingFaceReward) -> None:
    empty = "<CAPTION> </CAPTION>"
    conversations = [
        going_on(SUMMARY, empty, RED),
        going_on(SUMMARY, CAPTION, RED),
        conversation("", RED),
        # Said before the end, it leaves nothing to be read.
        conversation(f"{SUMMARY}\n\n{empty}\n\n<CONCLUSION>2</CONCLUSION>", RED),
        going_on(SUMMARY, "", RED),
    ]
    scores = reward.batch(conversations)
    assert [scores[place] for place in (0, 2, 4)] == [-math.inf] * 3
    assert scores[1] == pytest.approx(reward.invoke(conversations[1]), abs=1e-5)
    assert scores[3] == pytest.approx(mean(folder, ["Count.", "2"], RED), abs=1e-5)
    assert reward.invoke(conversations[0]) == -math.inf


def test_a_template_that_hides_where_replies_begin_is_refused(tmp_path: Path) -> None:
    template = CHAT_TEMPLATE.replace("assistant\n", "assistant\n<think>")
    reward = HuggingFaceReward(str(save_vision_model(tmp_path, template=template)), device="cpu")
    assert 0 < reward.invoke(conversation(SUMMARY, RED)) < 1
    with pytest.raises(ModelLoadError, match="writes messages in another way once more of them follow"):
        reward.invoke(conversation(f"{SUMMARY}\n\n{CAPTION}", RED))


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
