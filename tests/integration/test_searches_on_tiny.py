"""Every search and judge on the embedded model."""

from typing import Any

import pytest
from langchain_core.messages import HumanMessage

import langchain_llava_o1
from langchain_llava_o1 import (
    ChatLlavaO1,
    ConfidenceJudge,
    GenerativeJudge,
    LikelihoodJudge,
    RewardJudge,
    VotingJudge,
    create_stage_beam,
    image_block,
)
from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path
from tests.search.questions import obeyed

SEARCHES = ["single_pass", "best_of_n", "self_consistency", "sentence_beam", "stage_beam", "swires"]
MODEL = ChatLlavaO1(model="tiny")


def question() -> dict[str, Any]:
    picture = image_block(demo_picture_path())
    return {"messages": [HumanMessage([picture, {"type": "text", "text": DEMO_QUESTION}])]}


@pytest.mark.parametrize("name", SEARCHES)
async def test_a_search_answers(name: str) -> None:
    search = getattr(langchain_llava_o1, f"create_{name}")(MODEL)
    settings = obeyed(search, candidates=2, temperature=0.3, seed=1)
    state = await search.compile().ainvoke(question(), context=settings)
    answer = state["messages"][-1]
    assert answer.text == "6"
    assert answer.response_metadata["incomplete_stages"] == []
    assert all(
        answer.additional_kwargs["reasoning_content"].count(stage.opening) == 1 for stage in STAGES[:-1]
    )
    for record in state["stages"].values():
        logprobs = [candidate["mean_logprob"] for candidate in record["candidates"]]
        # Of sentences they are told to judges that need them.
        assert name == "sentence_beam" or None not in logprobs
        assert all(each is None or -5 < each <= 0 for each in logprobs)
        assert all(candidate["tokens"] > 0 for candidate in record["candidates"])


async def test_sentences_add_up_to_what_one_pass_writes() -> None:
    whole = (
        await langchain_llava_o1.create_single_pass(MODEL)
        .compile()
        .ainvoke(question(), context={"temperature": 0.0})
    )
    parts = (
        await langchain_llava_o1.create_sentence_beam(MODEL)
        .compile()
        .ainvoke(question(), context={"candidates": 1, "temperature": 0.0})
    )
    assert len(parts["stages"]) > 4
    assert (
        parts["messages"][-1].additional_kwargs["reasoning_content"]
        == whole["messages"][-1].additional_kwargs["reasoning_content"]
    )


@pytest.mark.parametrize(
    "judge",
    [
        ConfidenceJudge(),
        GenerativeJudge(MODEL, with_check=True),
        LikelihoodJudge(MODEL),
        RewardJudge(lambda messages: -float(len(str(messages[-1].text)))),
        VotingJudge([GenerativeJudge(MODEL), LikelihoodJudge(MODEL)]),
        lambda comparison: 1,
        MODEL,
    ],
    ids=lambda judge: type(judge).__name__,
)
async def test_a_judge_chooses(judge: Any) -> None:
    graph = create_stage_beam(MODEL, judge=judge).compile()
    state = await graph.ainvoke(question(), context={"candidates": 3, "seed": 1, "early_stop": True})
    assert state["messages"][-1].text == "6"
    caption = state["stages"]["caption"]
    assert bool(caption["matches"]) != bool(caption["scores"])


async def test_two_beams_are_gone_on_from() -> None:
    graph = create_stage_beam(MODEL).compile()
    state = await graph.ainvoke(question(), context={"candidates": 2, "beams": 2, "seed": 1})
    assert [len(record["candidates"]) for record in state["stages"].values()] == [2, 4, 4, 4]
    assert [len(record["kept"]) for record in state["stages"].values()] == [2, 2, 2, 1]
    reasoning = state["stages"]["reasoning"]
    assert {candidate["beam"] for candidate in reasoning["candidates"]} == {0, 1}
    assert state["messages"][-1].text == "6"
