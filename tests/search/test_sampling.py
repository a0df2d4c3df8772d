from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.globals import set_llm_cache
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import HumanMessage

from langchain_llava_o1.judges.chat_model import ChatModel
from langchain_llava_o1.search.sampling import SamplingRequest, asample, sample
from langchain_llava_o1.staging import capabilities
from langchain_llava_o1.staging.parts.answer import WHOLE_ANSWER
from langchain_llava_o1.staging.parts.sentence import SentencePart
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.stages import STAGES
from tests.scripted_model import ScriptedModel

REQUEST = SamplingRequest(
    part=StagePart(STAGES[1]),
    question=(HumanMessage("q?"),),
    accepted="",
    continuation="prefill",
    index=2,
    seed=7,
    temperature=0.5,
    max_tokens=9,
)


@pytest.fixture
def global_cache() -> Iterator[None]:
    set_llm_cache(InMemoryCache())
    yield
    set_llm_cache(None)


async def test_only_standard_parameters_are_sent() -> None:
    model = ScriptedModel()
    assert sample(model, REQUEST, {}).text == (await asample(model, REQUEST, {})).text
    for call in model.calls:
        assert call.parameters == {
            "stop": ["</CAPTION>", "(Here ends the CAPTION stage)"],
            "temperature": 0.5,
            "max_tokens": 9,
            "seed": 7,
        }


class Telling(ScriptedModel):
    """A model that can tell log-probabilities, behind a server that takes further fields."""

    logprobs: bool | None = None
    extra_body: dict[str, Any] | None = None


def parameters(model: ChatModel, **changes: Any) -> dict[str, Any]:
    return replace(REQUEST, **changes).parameters(model)


def test_what_a_model_does_not_know_is_not_sent() -> None:
    plain = parameters(ScriptedModel(), needs_logprobs=True, accepted="<SUMMARY>s</SUMMARY>")
    assert set(plain) == {"stop", "temperature", "max_tokens", "seed"}
    assert "seed" not in parameters(FakeListChatModel(responses=["a"]))
    assert "temperature" not in parameters(ScriptedModel(), temperature=None)
    assert "stop" not in parameters(ScriptedModel(), continuation="instruct")
    assert "stop" not in parameters(ScriptedModel(), part=WHOLE_ANSWER)


def test_log_probabilities_are_asked_for_where_they_are_needed() -> None:
    assert parameters(Telling().bind(top_p=0.5), needs_logprobs=True)["logprobs"] is True
    assert "logprobs" not in parameters(Telling())
    sure = Telling(profile=cast("Any", {capabilities.CONFIDENCE: True}))
    assert "logprobs" not in parameters(sure, needs_logprobs=True)
    assert parameters(sure, needs_logprobs=True, part=SentencePart(STAGES[1], 256))["logprobs"] is True


def test_a_server_is_told_to_go_on_only_where_there_is_something_to_go_on_from() -> None:
    model = Telling(extra_body={"top_k": 5})
    told = parameters(model, accepted="<SUMMARY>s</SUMMARY>")["extra_body"]
    assert told == {"top_k": 5, "continue_final_message": True, "add_generation_prompt": False}
    assert "extra_body" not in parameters(model)
    assert "extra_body" not in parameters(model, accepted="<SUMMARY>s</SUMMARY>", continuation="instruct")


@pytest.mark.usefixtures("global_cache")
@pytest.mark.parametrize("is_bound", [False, True])
async def test_no_cache_answers_for_the_model(is_bound: bool) -> None:
    scripted = ScriptedModel()
    model: ChatModel = scripted.bind(top_p=0.9).with_config(run_name="bound") if is_bound else scripted
    sample(model, REQUEST, {})
    sample(model, REQUEST, {})
    await asample(model, REQUEST, {})
    assert len(scripted.calls) == 3


def test_a_cache_of_the_models_own_is_left_out_too() -> None:
    scripted = ScriptedModel(cache=InMemoryCache())
    sample(scripted, REQUEST, {})
    sample(scripted, REQUEST, {})
    assert len(scripted.calls) == 2
    assert scripted.cache
