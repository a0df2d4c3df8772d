"""Scores are the probabilities that transformers' own forward pass gives."""

import asyncio

import pytest

from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.request import ScoreRequest, Turn
from langchain_llava_o1.errors import ConfigurationError, ContextLengthError
from tests.engine.pictures import draw_noise
from tests.engine.reference import Reference

CONTINUATIONS = (" one", " is five.", "!")
CONVERSATIONS = {
    "text": (Turn("user", ("How many red circles?",)), Turn("assistant", ("The answer",))),
    "picture": (Turn("user", (draw_noise(1), "How many?")), Turn("assistant", ("The answer",))),
    "pictures": (
        Turn("user", (draw_noise(2), draw_noise(3, (90, 30)), "How many?")),
        Turn("assistant", ("There is",)),
    ),
}


@pytest.mark.parametrize("turns", CONVERSATIONS.values(), ids=CONVERSATIONS.keys())
def test_scores_are_those_of_the_model(
    tiled_engine: Engine, tiled_reference: Reference, turns: tuple[Turn, ...]
) -> None:
    scores = tiled_engine.score(ScoreRequest(turns, CONTINUATIONS))

    expected = [tiled_reference.logprob_sum(turns, text) for text in CONTINUATIONS]
    assert [score.logprob_sum for score in scores] == pytest.approx(expected, abs=1e-3)


async def test_scores_asked_for_together_are_the_same(tiled_engine: Engine) -> None:
    requests = [ScoreRequest(turns, CONTINUATIONS) for turns in CONVERSATIONS.values()]
    alone = [tiled_engine.score(request) for request in requests]
    together = await asyncio.gather(*map(tiled_engine.ascore, requests))

    for one, other in zip(alone, together, strict=True):
        assert [score.num_tokens for score in one] == [score.num_tokens for score in other]
        assert [score.logprob_sum for score in one] == pytest.approx(
            [score.logprob_sum for score in other], abs=1e-4
        )


def test_a_new_turn_can_be_scored(tiled_engine: Engine) -> None:
    question = CONVERSATIONS["picture"][:1]
    (opened,) = tiled_engine.score(ScoreRequest(question, ("The answer is five.",)))
    (begun,) = tiled_engine.score(
        ScoreRequest((*question, Turn("assistant", ("The",))), (" answer is five.",))
    )

    assert opened.num_tokens > begun.num_tokens
    assert opened.logprob_sum < begun.logprob_sum


def test_what_cannot_be_scored_is_refused(tiled_engine: Engine) -> None:
    question = CONVERSATIONS["text"][:1]
    for continuations in ((), ("a", "")):
        with pytest.raises(ConfigurationError, match="non-empty texts"):
            ScoreRequest(question, continuations)
    with pytest.raises(ContextLengthError, match="context window"):
        tiled_engine.score(ScoreRequest(question, ("\x00" * 600,)))
