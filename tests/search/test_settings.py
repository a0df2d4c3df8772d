from typing import Any

import pytest
from langgraph.graph import START, StateGraph
from pydantic import BaseModel

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.confidence import ConfidenceJudge
from langchain_llava_o1.judges.generative import GenerativeJudge
from langchain_llava_o1.search.catalogue import SEARCHES
from langchain_llava_o1.search.settings import SearchContext
from langchain_llava_o1.search.single_pass import create_single_pass
from langchain_llava_o1.search.stage_beam import StageBeamContext, create_stage_beam
from langchain_llava_o1.search.state import SearchState
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.staging.stages import STAGES
from tests.scripted_model import ScriptedModel
from tests.search.questions import ask
from tests.search.writers import write_staged

LIMITS = {"max_calls", "max_tokens_total", "max_seconds"}


def test_a_stage_of_its_own_number_of_candidates() -> None:
    context = StageBeamContext(candidates=3, candidates_per_stage={"caption": 7})
    assert [context.num_candidates(stage) for stage in STAGES] == [3, 7, 3, 3]


@pytest.mark.parametrize(
    "values",
    [
        {"candidates": 0},
        {"candidates": 65},
        {"candidates_per_stage": {"caption": 0}},
        {"temperature": -0.1},
        {"max_tokens_per_stage": 0},
        {"seed": -1},
        {"candidats": 3},
    ],
)
def test_values_that_cannot_work_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        StageBeamContext(**values)


def test_an_unknown_stage_is_named_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match=r"'captions'; use one of \['summary', 'caption'"):
        StageBeamContext(candidates_per_stage={"captions": 2})


def test_studio_sees_bounds_and_descriptions() -> None:
    properties = StageBeamContext.model_json_schema()["properties"]
    assert properties["candidates"]["minimum"] == 1
    assert properties["candidates"]["maximum"] == 64
    assert all(field["description"] for field in properties.values())


def test_settings_survive_a_checkpoint_as_plain_data() -> None:
    context = StageBeamContext(candidates_per_stage={"caption": 7}, seed=3)
    assert StageBeamContext.model_validate(context.model_dump()) == context


def offered(search: str, judge: str | None = None) -> frozenset[str]:
    return Strategy(search, judge).settings_known_to(ScriptedModel())


@pytest.mark.parametrize("search", SEARCHES)
def test_a_search_offers_what_it_obeys(search: str) -> None:
    assert ("candidates" in offered(search)) == SEARCHES[search].has_candidates
    assert (offered(search) >= LIMITS) == SEARCHES[search].has_candidates
    assert offered(search) >= {"seed", "temperature", "max_tokens_per_stage"}


@pytest.mark.parametrize("search", [name for name, entry in SEARCHES.items() if entry.takes("generative")])
def test_only_with_a_judge_that_compares_there_are_two_orders(search: str) -> None:
    assert "judge_both_orders" in offered(search, "generative")
    assert "judge_both_orders" not in offered(search, "confidence")
    assert offered(search, "generative") - offered(search, "confidence") == {"judge_both_orders"}


@pytest.mark.parametrize("search", ["self-consistency", "swires", "single"])
def test_where_nothing_is_compared_there_is_no_order(search: str) -> None:
    assert "judge_both_orders" not in offered(search)


def test_a_setting_that_would_be_ignored_is_refused() -> None:
    graph = create_stage_beam(ScriptedModel(), judge=ConfidenceJudge()).compile()
    with pytest.raises(ConfigurationError, match="does not have the setting judge_both_orders; it has "):
        graph.invoke(ask(), context=StageBeamContext(judge_both_orders=True))
    graph = create_single_pass(ScriptedModel(write=write_staged)).compile()
    with pytest.raises(ConfigurationError, match="does not have the setting candidates, max_calls; it has "):
        graph.invoke(ask(), context=SearchContext(candidates=2, max_calls=3, seed=1))
    # Another search's settings do where they say nothing that this one does not have.
    assert graph.invoke(ask(), context=SearchContext(seed=1))["settings"]["seed"] == 1


class OuterContext(BaseModel):
    """Context of a graph that has a search in it, and settings of its own."""

    candidates: int = 2
    seed: int = 5
    colour: str = "red"
    judge_both_orders: bool = True


@pytest.mark.parametrize("judge", [None, ConfidenceJudge()], ids=["compares", "scores"])
def test_of_another_graphs_context_the_names_of_settings_are_taken(judge: ConfidenceJudge | None) -> None:
    def write_told(call: Any) -> Any:
        reply = write_staged(call)
        reply.response_metadata["mean_logprob"] = -1.0
        return reply

    model = ScriptedModel(write=write_told)
    outer = StateGraph(SearchState, context_schema=OuterContext)
    outer.add_node("search", create_stage_beam(model, judge=judge or GenerativeJudge(model)).compile())
    outer.add_edge(START, "search")
    settings = outer.compile().invoke(ask(), context=OuterContext())["settings"]
    assert (settings["candidates"], settings["seed"]) == (2, 5)
    assert settings.get("judge_both_orders") == (None if judge else True)
