import pytest
from langchain_core.messages import AIMessage, HumanMessage

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.generative import GenerativeJudge
from langchain_llava_o1.judges.judge import Comparison
from langchain_llava_o1.stages import STAGES, stage_part
from tests.scripted_model import USAGE, ScriptedModel

PROMPT = (HumanMessage("How many cats?"), AIMessage("<SUMMARY>Count.</SUMMARY>"))
COMPARISON = Comparison(stage_part(STAGES[1]), PROMPT, "Cat 3.", "Cat 4.")


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


def test_a_limit_that_cannot_work_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="max_tokens of a verdict is 0"):
        GenerativeJudge(ScriptedModel(), max_tokens=0)
