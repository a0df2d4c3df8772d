"""Stage-wise retracing: what is kept, when it goes back, and where to."""

from collections import Counter
from typing import Any

import pytest
from langchain_core.messages import BaseMessage

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.reward import RewardJudge
from langchain_llava_o1.search.swires import SwiresContext, create_swires
from langchain_llava_o1.staging.stages import STAGES
from tests.scripted_model import ScriptedModel, number
from tests.search.questions import ask
from tests.search.writers import write_staged


def reward(messages: list[BaseMessage]) -> float:
    """Like texts by a number in their last stage, between -1 and 0."""
    text = str(messages[-1].text).rpartition("no. ")[2]
    return -(int(text.split(" ")[0]) % 1000) / 1000


def search(model: ScriptedModel | None = None, **context: Any) -> dict[str, Any]:
    model = model or ScriptedModel(write=write_staged)
    graph = create_swires(model, judge=RewardJudge(reward), continuation="prefill").compile()
    state: dict[str, Any] = graph.invoke(ask(), context={"seed": 2, **context})
    return state


def test_the_published_shape() -> None:
    state = search(cutoff=1.0)
    rounds = [
        name if number == 1 else f"{name} {number}"
        for number in range(1, 6)
        for name in ("caption", "reasoning")
    ]
    assert list(state["stages"]) == ["summary", *rounds, "conclusion"]
    sizes = {name: (len(r["candidates"]), len(r["kept"])) for name, r in state["stages"].items()}
    assert sizes["summary"] == (1, 1)
    assert sizes["caption 3"] == (4, 2)
    assert sizes["reasoning 3"] == (4, 4)
    assert sizes["conclusion"] == (3, 1)


def test_the_best_reasonings_of_all_rounds_are_concluded() -> None:
    model = ScriptedModel(write=write_staged)
    state = search(model, cutoff=1.0)
    scores = sorted(
        score
        for name, record in state["stages"].items()
        if name.startswith("reasoning")
        for score in record["scores"]
    )
    concluded = [call for call in model.sampling_calls if call.stage == STAGES[-1]]
    assert sorted(reward([call.messages[-1]]) for call in concluded) == scores[-3:]
    conclusion = state["stages"]["conclusion"]
    assert conclusion["scores"][conclusion["winner"]] == max(conclusion["scores"])
    winning = number(conclusion["candidates"][conclusion["winner"]]["seed"])
    assert f"no. {winning} " in state["messages"][-1].text


def test_it_goes_back_only_while_the_second_best_is_not_above_the_cutoff() -> None:
    first = sorted(search(retraces=0)["stages"]["reasoning"]["scores"])[-2]
    assert "caption 2" not in search(cutoff=first - 1e-9)["stages"]
    assert "caption 2" in search(cutoff=first)["stages"]
    assert "caption 2" not in search(cutoff=first, retraces=0)["stages"]


@pytest.mark.parametrize(("stage", "drawn"), [("summary", 3), ("caption", 2), ("reasoning", 1)])
def test_it_goes_back_to_any_stage(stage: str, drawn: int) -> None:
    state = search(cutoff=1.0, retraces=2, retrace_to=stage)
    again = Counter(name.split(" ")[1] for name in state["stages"] if " " in name)
    assert again == {"2": drawn, "3": drawn}


def test_a_limit_finishes_the_best_reasoning_so_far() -> None:
    state = search(cutoff=1.0, max_calls=12)
    assert state["messages"][-1].response_metadata["limit"] == "max_calls"
    best = max(state["stages"]["reasoning"]["scores"])
    text = state["messages"][-1].additional_kwargs["reasoning_content"]
    assert -(int(text.rpartition("no. ")[2].split(" ")[0]) % 1000) / 1000 == best


def test_stages_to_go_back_to_are_checked() -> None:
    with pytest.raises(ConfigurationError, match="Unknown stage 'conclusion'"):
        SwiresContext(retrace_to="conclusion")
