"""A judge of openevals itself, over a chat model that calls the tool it is given."""

from collections.abc import Sequence
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable
from openevals.llm import create_async_llm_as_judge, create_llm_as_judge
from openevals.prompts import CORRECTNESS_PROMPT

from langchain_llava_o1.data.annotation.spending import Spending, Usage
from langchain_llava_o1.evaluation.grading.free_answer import grade_free_answer
from langchain_llava_o1.evaluation.grading.grader import GRADING
from langchain_llava_o1.evaluation.grading.openevals_grader import OpenEvalsGrader
from langchain_llava_o1.evaluation.item import Grade
from tests.evaluation.grading.graders import GivenResources, prompt_of, scripted, wait_for
from tests.scripted_model import USAGE, Call, ScriptedModel


class ToolCaller(ScriptedModel):
    """Has tools, as hosted models do."""

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, AIMessage]:
        return self


@pytest.mark.parametrize("create", [create_llm_as_judge, create_async_llm_as_judge])
def test_a_judge_of_openevals_scores_free_answers(create: Any) -> None:
    def judge(call: Call) -> AIMessage:
        told = {"reasoning": "One of the two.", "score": 0.5}
        called = {"name": "score", "args": told, "id": "1", "type": "tool_call"}
        return AIMessage(
            "", tool_calls=[called], usage_metadata=USAGE, response_metadata={"model_name": "judge"}
        )

    asked = ToolCaller(write=judge)
    spending = Spending()
    evaluator = create(prompt=CORRECTNESS_PROMPT, judge=asked, continuous=True)
    grader = OpenEvalsGrader(evaluator, scripted(lambda call: "B"), "correctness", spending=spending)
    graded = wait_for(grade_free_answer("What is x?", "-1<AND>-5", "x = -1", GivenResources(grader)))
    assert graded == Grade(0.5, "0.5", "grader", "One of the two.")
    [call] = asked.calls
    assert all(part in prompt_of(call) for part in ("What is x?", "-1<AND>-5", "x = -1"))
    assert spending.used == {GRADING: Usage(1, 10, 3)}
