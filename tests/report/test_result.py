import hashlib
import json
import math
from typing import Any

import pytest

from langchain_llava_o1 import RewardJudge, SearchResult, create_stage_beam, image_block
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.tiny import demo_picture_path
from tests.scripted_model import ScriptedModel


def searched(judge: RewardJudge | None = None, **context: Any) -> dict[str, Any]:
    graph = create_stage_beam(ScriptedModel(), judge=judge).compile()
    image = image_block(demo_picture_path())["base64"]
    state: dict[str, Any] = graph.invoke(
        {"question": "How many?", "image": image}, context={"seed": 3, "candidates": 3, **context}
    )
    return state


def test_a_result_tells_what_the_state_holds() -> None:
    state = searched(max_calls=50)
    result = SearchResult.from_state(state, model_name="scripted")

    assert result.question == "How many?"
    assert result.answer == state["messages"][-1].text
    assert result.stages == state["stages"]
    assert (result.settings["seed"], result.settings["max_calls"]) == (3, 50)
    assert result.num_calls == sum(record["num_calls"] for record in state["stages"].values())
    assert 0 < result.seconds < 60
    assert result.limit is None
    assert len(result.pictures) == 1


def test_a_record_is_json_without_pictures_and_is_read_again() -> None:
    result = SearchResult.from_state(searched())
    record = json.loads(json.dumps(result.to_record()))

    assert record["pictures"] == [hashlib.sha256(demo_picture_path().read_bytes()).hexdigest()]
    assert len(json.dumps(record)) < 20_000
    assert SearchResult.from_record(record, pictures=result.pictures) == result


@pytest.mark.parametrize("none", [-math.inf, math.nan, math.inf])
def test_a_record_with_a_candidate_without_a_score_is_json(none: float) -> None:
    scores = iter([none, 0.0, 1.0] * 4)
    state = searched(RewardJudge(lambda messages: next(scores)))
    record = SearchResult.from_state(state).to_record()
    text = json.dumps(record, allow_nan=False)

    assert json.loads(text) == record
    for step in record["stages"].values():
        assert step["winner"] == (0 if none == math.inf else 2)
        assert (step["scores"][0] is None) == (none != math.inf)
    assert ("no score" in SearchResult.from_record(record, pictures=()).to_html()) == (none != math.inf)


@pytest.mark.parametrize("state", [{}, {"messages": []}])
def test_what_is_no_answer_is_refused(state: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="no answer of a search"):
        SearchResult.from_state(state)


def test_what_is_no_record_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"lacks answer, .*artifact"):
        SearchResult.from_record({"question": "?"})


def test_a_state_as_a_server_returns_it_is_read() -> None:
    state = searched()
    plain = {**state, "messages": [message.model_dump() for message in state["messages"]]}

    assert SearchResult.from_state(json.loads(json.dumps(plain))) == SearchResult.from_state(state)
