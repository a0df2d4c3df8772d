from collections.abc import Iterator

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.globals import set_llm_cache
from langchain_core.messages import HumanMessage

from langchain_llava_o1.judges.generative import ChatModel
from langchain_llava_o1.search.sampling import SamplingRequest, asample, sample
from langchain_llava_o1.stages import STAGES, stage_part
from tests.scripted_model import ScriptedModel

REQUEST = SamplingRequest(
    part=stage_part(STAGES[1]),
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
