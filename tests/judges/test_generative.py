import pytest
from langchain_core.messages import AIMessage, HumanMessage

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.generative import GenerativeJudge
from langchain_llava_o1.judges.judge import Comparison
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.stages import STAGES
from tests.scripted_model import USAGE, Call, Reply, ScriptedModel, stopped

PROMPT = (HumanMessage("How many cats?"), AIMessage("<SUMMARY>Count.</SUMMARY>"))
COMPARISON = Comparison(StagePart(STAGES[1]), PROMPT, "Cat 3.", "Cat 4.")


async def test_the_prompt_begins_as_the_answers_own_and_ends_with_the_candidates() -> None:
    model = ScriptedModel()
    judge = GenerativeJudge(model, max_tokens=99)
    verdict = judge.compare(COMPARISON)
    assert verdict == await judge.acompare(COMPARISON)
    assert (verdict.choice, verdict.reason, verdict.usage) == (2, "The numbers differ.", USAGE)
    for call in model.calls:
        assert call.messages[:2] == PROMPT
        assert str(call.messages[2].text).endswith("\nResponse 1: Cat 3.\nResponse 2: Cat 4.")
        assert STAGES[1].criterion in str(call.messages[2].text)
        assert call.parameters["temperature"] == 0
        assert call.parameters["max_tokens"] == 99


def test_the_choice_alone_can_be_asked_for() -> None:
    model = ScriptedModel()
    GenerativeJudge(model, with_reason=False).compare(COMPARISON)
    assert "Reply only" in str(model.calls[0].messages[-1].text)


def test_an_unreadable_reply_keeps_its_text() -> None:
    verdict = GenerativeJudge(ScriptedModel(judge=lambda call: "Hard to say.")).compare(COMPARISON)
    assert (verdict.choice, verdict.text) == (None, "Hard to say.")


REASONINGS = Comparison(StagePart(STAGES[2]), PROMPT, "1 + 1 = 3", "1 + 1 = 2")


async def test_the_only_correct_reasoning_wins_without_a_comparison() -> None:
    def check(call: Call) -> Reply:
        text = str(call.messages[-1].text)
        assert text.startswith("Check a response for the reasoning stage.")
        return stopped(f"I add. Correct: {'yes' if text.endswith('= 2') else 'no'}")

    model = ScriptedModel(write=check)
    verdict = GenerativeJudge(model, with_check=True).compare(REASONINGS)
    assert verdict == await GenerativeJudge(model, with_check=True).acompare(REASONINGS)
    assert (verdict.choice, verdict.num_calls) == (2, 2)
    assert verdict.reason == "Looked at alone, only this one is correct. I add. Correct: yes"
    assert verdict.usage
    assert verdict.usage["output_tokens"] == 2 * USAGE["output_tokens"]
    assert not model.judging_calls


@pytest.mark.parametrize("answer", ["Correct: yes", "Correct: no", "I cannot tell."])
async def test_otherwise_the_reasonings_are_compared(answer: str) -> None:
    model = ScriptedModel(write=lambda call: answer)
    verdict = await GenerativeJudge(model, with_check=True).acompare(REASONINGS)
    assert (verdict.choice, verdict.num_calls) == (1, 3)
    assert answer in verdict.text


def test_only_what_can_be_right_or_wrong_is_checked() -> None:
    model = ScriptedModel()
    GenerativeJudge(model, with_check=True).compare(COMPARISON)
    assert len(model.calls) == 1


def test_a_limit_that_cannot_work_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="max_tokens of a verdict is 0"):
        GenerativeJudge(ScriptedModel(), max_tokens=0)
