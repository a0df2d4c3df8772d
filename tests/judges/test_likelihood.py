"""The choice follows from how likely each reply is, in both orders."""

from collections.abc import Mapping, Sequence

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from langchain_llava_o1 import ChatLlavaO1
from langchain_llava_o1.judges.judge import Comparison
from langchain_llava_o1.judges.likelihood import LikelihoodJudge
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.stages import STAGES

PROMPT = (HumanMessage("How many?"), AIMessage(STAGES[0].wrap("Count.")))
COMPARISON = Comparison(StagePart(STAGES[1]), PROMPT, "good", "bad")


class ScriptedScores:
    """Finds a candidate as likely to be chosen as it is told, and the first one more so."""

    def __init__(self, likings: Mapping[str, float], leaning: float = 0.0) -> None:
        self._likings, self._leaning = likings, leaning
        self.asked: list[Sequence[BaseMessage]] = []

    def score(self, messages: Sequence[BaseMessage], continuations: Sequence[str]) -> list[float]:
        self.asked.append(messages)
        first, second = str(messages[-1].text).split("Response 1: ")[1].split("\nResponse 2: ")
        assert [text[-1] for text in continuations] == ["1", "2"]
        return [self._likings[first] + self._leaning, self._likings[second]]

    async def ascore(self, messages: Sequence[BaseMessage], continuations: Sequence[str]) -> list[float]:
        return self.score(messages, continuations)


async def test_the_likelier_candidate_wins_whatever_the_position() -> None:
    for leaning in (0.0, 5.0, -5.0):
        judge = LikelihoodJudge(ScriptedScores({"good": -1.0, "bad": -2.0}, leaning))
        swapped = Comparison(StagePart(STAGES[1]), PROMPT, "bad", "good")

        assert (judge.compare(COMPARISON).choice, judge.compare(swapped).choice) == (1, 2)
        assert (await judge.acompare(COMPARISON)).choice == 1
        assert "0.73" in judge.compare(COMPARISON).reason


def test_equal_candidates_have_no_winner() -> None:
    verdict = LikelihoodJudge(ScriptedScores({"good": -1.0, "bad": -1.0}, 3.0)).compare(COMPARISON)

    assert verdict.choice is None


def test_the_prompt_begins_as_the_answer_does() -> None:
    scores = ScriptedScores({"good": -1.0, "bad": -2.0})
    LikelihoodJudge(scores).compare(COMPARISON)

    assert len(scores.asked) == 2
    for messages in scores.asked:
        assert tuple(messages[:-1]) == PROMPT
        assert STAGES[1].criterion in str(messages[-1].text)


async def test_the_local_model_scores() -> None:
    model = ChatLlavaO1(model="tiny")
    question = [HumanMessage("Is there a red circle?"), AIMessage("<SUMMARY>The question asks")]

    likely, unlikely = model.score(question, [" whether there is a red circle", " banana banana banana"])

    assert unlikely < likely < 0
    assert await model.ascore(question, [" whether there is a red circle"]) == pytest.approx(
        [likely], abs=1e-3
    )
