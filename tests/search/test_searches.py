"""What all searches have in common: state in and out, records, events, settings, models of both kinds."""

import operator
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.runnables import RunnableLambda
from langgraph.checkpoint.memory import InMemorySaver

from langchain_llava_o1.errors import ConfigurationError, MessageError
from langchain_llava_o1.judges.confidence import ConfidenceJudge
from langchain_llava_o1.judges.judge import Comparison, ScoringJudge
from langchain_llava_o1.judges.reward import RewardJudge
from langchain_llava_o1.search.best_of_n import create_best_of_n
from langchain_llava_o1.search.builder import SearchGraph
from langchain_llava_o1.search.self_consistency import create_self_consistency
from langchain_llava_o1.search.sentence_beam import create_sentence_beam
from langchain_llava_o1.search.single_pass import create_single_pass
from langchain_llava_o1.search.stage_beam import create_stage_beam
from langchain_llava_o1.search.swires import create_swires
from langchain_llava_o1.staging.stages import STAGES
from tests.scripted_model import Call, ScriptedModel
from tests.search.questions import ask, obeyed
from tests.search.writers import write_as_told, write_staged, write_untagged

Create = Callable[..., SearchGraph]

COMPARING: list[Create] = [create_best_of_n, create_sentence_beam, create_stage_beam]
SCORING: list[Create] = [create_self_consistency, create_swires]
SEARCHES: list[Create] = [create_single_pass, *COMPARING, *SCORING]

any_search = pytest.mark.parametrize("create", SEARCHES, ids=lambda create: create.__name__)


def length_of(messages: list[Any]) -> float:
    return float(len(str(messages[-1].text)) % 7)


def is_told(call: Call) -> bool:
    return "nothing else" in str(call.messages[-1].text) or "next sentence" in str(call.messages[-1].text)


def judge_for(create: Create) -> Any:
    return RewardJudge(length_of) if create in SCORING else None


@any_search
async def test_an_answer_with_records_sync_and_async(create: Create) -> None:
    search = create(ScriptedModel(write=write_staged), judge=judge_for(create), continuation="prefill")
    graph = search.compile()
    state = graph.invoke(ask(), context=obeyed(search, seed=5, candidates=3))
    again = await graph.ainvoke(ask(), context=obeyed(search, seed=5, candidates=3))
    other = await graph.ainvoke(ask(), context=obeyed(search, seed=6, candidates=3))

    assert set(state) == {"messages", "stages", "settings"}
    assert state["stages"] == again["stages"] != other["stages"]
    answer = state["messages"][-1]
    assert answer.text.count("e.g.") == 3
    assert all(stage.opening in answer.additional_kwargs["reasoning_content"] for stage in STAGES[:-1])
    assert answer.response_metadata["limit"] is None
    assert answer.response_metadata["incomplete_stages"] == []
    for record in state["stages"].values():
        assert [candidate["index"] for candidate in record["candidates"]] == list(
            range(len(record["candidates"]))
        )
        assert record["winner"] == record["kept"][0]
        assert record["is_complete"]
    assert answer.response_metadata["num_calls"] == sum(
        record["num_calls"] for record in state["stages"].values()
    )
    assert answer.usage_metadata["output_tokens"] == sum(
        record["usage"]["output_tokens"] for record in state["stages"].values() if record["usage"]
    )


@any_search
@pytest.mark.parametrize("write", [write_as_told, write_untagged])
def test_a_model_that_begins_a_new_reply_each_time(create: Create, write: Any) -> None:
    if create is create_sentence_beam and write is write_untagged:
        write = write_as_told
    model = ScriptedModel(write=write)
    state = create(model, judge=judge_for(create), continuation="instruct").compile().invoke(ask())

    answer = state["messages"][-1]
    assert answer.response_metadata["incomplete_stages"] == []
    assert answer.text.startswith("told" if create is not create_sentence_beam else "Sentence")
    for call in model.sampling_calls:
        assert call.parameters["stop"] is None
        kinds = [type(message) for message in call.messages]
        # User and model take turns, the question's picture comes first, and an instruction last.
        assert kinds == [HumanMessage, AIMessage, HumanMessage][: len(kinds)]
        assert call.messages[0].content[1] == ask()["messages"][0].content[1]
        assert "write" in str(call.messages[-1].text)


@any_search
def test_the_way_to_go_on_follows_from_the_profile(create: Create) -> None:
    going_on = ScriptedModel(write=write_staged)
    state = create(going_on.bind(top_p=1.0), judge=judge_for(create)).compile().invoke(ask())
    assert state["messages"][-1].response_metadata["incomplete_stages"] == []
    assert not any(is_told(call) for call in going_on.sampling_calls)
    told = ScriptedModel(write=write_as_told, profile={"image_inputs": True})
    create(told, judge=judge_for(create)).compile().invoke(ask())
    assert all(is_told(call) for call in told.sampling_calls)


@any_search
async def test_events_tell_of_every_step_in_order(create: Create) -> None:
    graph = create(
        ScriptedModel(write=write_staged), judge=judge_for(create), continuation="prefill"
    ).compile()
    events = [event async for event in graph.astream(ask(), context={"seed": 5}, stream_mode="custom")]
    state = await graph.ainvoke(ask(), context={"seed": 5})
    started = [event["stage"] for event in events if event["type"] == "stage_started"]
    assert started == list(state["stages"])
    for name, record in state["stages"].items():
        own = [event for event in events if event["stage"] == name]
        assert sum(event["type"] == "candidate" for event in own) == len(record["candidates"])
        assert sum(event["type"] == "match" for event in own) == len(record["matches"])
        assert [event["scores"] for event in own if event["type"] == "scores"] == (
            [record["scores"]] if record["scores"] else []
        )
        assert own[-1]["type"] == "winner"
        assert own[-1]["index"] == record["winner"]


@any_search
def test_every_node_is_reached_in_the_drawing(create: Create) -> None:
    drawing = create(ScriptedModel(), judge=judge_for(create)).compile().get_graph(xray=True)
    targets = {edge.target for edge in drawing.edges}
    sources = {edge.source for edge in drawing.edges}
    assert {node for node in drawing.nodes if node not in targets} == {"__start__"}
    assert {node for node in drawing.nodes if node not in sources} == {"__end__"}
    assert any(node.endswith(":sample") for node in drawing.nodes)


@any_search
def test_a_second_question_begins_anew(create: Create) -> None:
    model = ScriptedModel(write=write_staged)
    search = create(model, judge=judge_for(create), continuation="prefill")
    graph = search.compile(checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "1"}}
    first = graph.invoke(ask(), config, context=obeyed(search, seed=1, candidates=2))
    second = graph.invoke(ask(), config, context=obeyed(search, seed=1, candidates=2))
    assert list(first["stages"]) == list(second["stages"])
    assert [type(message) for message in second["messages"]] == [HumanMessage, AIMessage] * 2


@any_search
def test_no_question_is_an_error(create: Create) -> None:
    graph = create(ScriptedModel(), judge=judge_for(create)).compile()
    with pytest.raises(MessageError, match="is missing"):
        graph.invoke({"messages": []})


@any_search
def test_a_way_to_go_on_that_there_is_not(create: Create) -> None:
    with pytest.raises(ConfigurationError, match='"prefill" or "instruct", got \'both\''):
        create(ScriptedModel(), judge=judge_for(create), continuation="both")


@pytest.mark.parametrize("create", COMPARING, ids=lambda create: create.__name__)
async def test_any_judge_will_do(create: Create) -> None:
    seen: list[Comparison] = []

    def first(comparison: Comparison) -> int:
        seen.append(comparison)
        return 1

    model = ScriptedModel(write=write_staged)
    other = ScriptedModel()
    for judge in (first, RunnableLambda(first), other, other.bind(top_p=0.5), RewardJudge(length_of)):
        graph = create(model, judge=judge, continuation="prefill").compile()
        state = await graph.ainvoke(ask(), context={"seed": 3, "candidates": 2})
        assert state["messages"][-1].text
    assert seen
    assert other.judging_calls
    assert not model.judging_calls
    assert all(comparison.part.criterion for comparison in seen)


@pytest.mark.parametrize("create", COMPARING, ids=lambda create: create.__name__)
def test_scores_are_sorted_and_no_match_is_played(create: Create) -> None:
    judge = RewardJudge(lambda messages: float(str(messages[-1].text).count("7")))
    graph = create(ScriptedModel(write=write_staged), judge=judge, continuation="prefill").compile()
    state = graph.invoke(ask(), context={"seed": 3, "candidates": 5})
    for record in state["stages"].values():
        assert not record["matches"]
        best = max(enumerate(record["scores"]), key=operator.itemgetter(1))
        assert record["scores"][record["winner"]] == best[1]


@pytest.mark.parametrize("create", SCORING, ids=lambda create: create.__name__)
def test_searches_that_need_scores_say_so(create: Create) -> None:
    with pytest.raises(ConfigurationError, match="is no ScoringJudge"):
        create(ScriptedModel(), judge=lambda comparison: 1)


def test_a_judge_that_is_none() -> None:
    with pytest.raises(ConfigurationError, match="judge is 3, which is no judge"):
        create_stage_beam(ScriptedModel(), judge=3)  # type: ignore[arg-type]


def test_confidence_without_log_probabilities_names_the_way_out() -> None:
    graph = create_stage_beam(ScriptedModel(), judge=ConfidenceJudge(), continuation="prefill").compile()
    with pytest.raises(ConfigurationError, match=r"logprobs=True"):
        graph.invoke(ask())


def test_a_judge_that_loses_a_score_is_named() -> None:
    class Forgetful(ScoringJudge):
        def score_candidates(self, scoring: Any, config: Any = None) -> list[float]:
            return [1.0]

    graph = create_stage_beam(ScriptedModel(), judge=Forgetful()).compile()
    with pytest.raises(ConfigurationError, match=r"Forgetful returned 1 score\(s\) for 4 candidate"):
        graph.invoke(ask())
