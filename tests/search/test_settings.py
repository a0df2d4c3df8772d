from typing import Any

import pytest
from pydantic import ValidationError

from langchain_llava_o1.search.stage_beam import StageBeamContext
from langchain_llava_o1.staging.stages import STAGES


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
    with pytest.raises(ValidationError):
        StageBeamContext(**values)


def test_an_unknown_stage_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValidationError, match=r"'captions'; use one of \['summary', 'caption'"):
        StageBeamContext(candidates_per_stage={"captions": 2})


def test_studio_sees_bounds_and_descriptions() -> None:
    properties = StageBeamContext.model_json_schema()["properties"]
    assert properties["candidates"]["minimum"] == 1
    assert properties["candidates"]["maximum"] == 64
    assert all(field["description"] for field in properties.values())


def test_settings_survive_a_checkpoint_as_plain_data() -> None:
    context = StageBeamContext(candidates_per_stage={"caption": 7}, seed=3)
    assert StageBeamContext.model_validate(context.model_dump()) == context
