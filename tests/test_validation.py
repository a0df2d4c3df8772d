"""What is refused, in plain words: what is wrong, the value, and what it must be."""

import math
from typing import Annotated, Any, Literal

import pytest
from langchain_core.vectorstores import VectorStore
from pydantic import BaseModel, ConfigDict, Field, field_validator

from langchain_llava_o1 import ChatLlavaO1, MultimodalRetriever, StageBeamContext, VisualReasoningTool
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.search.settings import Settings
from langchain_llava_o1.validation import PlainRefusals

# Parts of pydantic's own words.
RAW = ("validation error", "Input should", "input_value", "pydantic.dev", "Value error", "not permitted")


class Bounds(PlainRefusals, BaseModel):
    """A model with all kinds of fields."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    whole: Annotated[int, Field(ge=1, le=9)] = 1
    above: Annotated[float | None, Field(gt=0, lt=1)] = None
    finite: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    flag: bool = False
    text: Annotated[str, Field(min_length=1)] = "a"
    choice: Literal["red", "blue"] = "red"
    each: dict[str, Annotated[int, Field(ge=1)]] = {}
    several: list[str] = []
    either: str | dict[str, Any] | None = None
    store: VectorStore | None = None
    inner: Settings | dict[str, Any] | None = None
    own: int = 0

    @field_validator("own")
    @classmethod
    def _check(cls, value: int) -> int:
        if value:
            raise ValueError("Only none will do.")
        return value


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"whole": 0}, "whole is 0; it must be a whole number from 1 to 9."),
        ({"whole": "x"}, "whole is 'x'; it must be a whole number from 1 to 9."),
        ({"above": 1}, "above is 1; it must be a number above 0 and below 1."),
        ({"finite": math.inf}, "finite is inf; it must be a finite number of at least 0."),
        ({"flag": "maybe"}, "flag is 'maybe'; it must be true or false."),
        ({"text": ""}, "text is ''; it must be a text that is not empty."),
        ({"choice": "green"}, "choice is 'green'; it must be 'red' or 'blue'."),
        ({"each": {"a": 0}}, "each.a is 0; it must be a whole number of at least 1."),
        ({"several": ["a", 1]}, "several.1 is 1; it must be a text."),
        ({"either": 1}, "either is 1; it must be a text or a mapping."),
        ({"store": 1}, "store is 1; it must be a VectorStore."),
        ({"inner": 1}, "inner is 1; it must be a mapping."),
        ({"own": 1}, "own: Only none will do."),
        ({"hole": 1}, "'hole' is unknown. Did you mean 'whole'?"),
        ({"zzz": 1, "whole": 10}, "whole is 10; it must be a whole number from 1 to 9. 'zzz' is unknown."),
    ],
)
def test_a_refusal_says_what_the_value_and_the_fix(values: dict[str, Any], told: str) -> None:
    for refuse in (lambda: Bounds(**values), lambda: Bounds.model_validate(values)):
        with pytest.raises(ConfigurationError) as refused:
            refuse()
        assert str(refused.value).startswith(told)


def test_what_is_missing_is_named() -> None:
    missing: Any = MultimodalRetriever
    with pytest.raises(ConfigurationError, match=r"^texts is missing\. k is 0; it must be"):
        missing(k=0)


def test_a_long_value_is_told_in_short() -> None:
    with pytest.raises(ConfigurationError) as refused:
        Bounds.model_validate({"whole": "x" * 10_000})
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("made", "values", "told"),
    [
        (StageBeamContext, {"candidates": 0}, "candidates is 0; it must be a whole number from 1 to 64."),
        (StageBeamContext, {"candidats": 3}, "'candidats' is unknown. Did you mean 'candidates'?"),
        (ChatLlavaO1, {"temperature": -1}, "temperature is -1; it must be a number of at least 0."),
        (ChatLlavaO1, {"temprature": 1}, "ChatLlavaO1 has no parameter 'temprature'."),
        (ChatLlavaO1, {"num_threads": 0}, "num_threads must be 1 or more, got 0."),
        (VisualReasoningTool, {"search": 3}, "search is a int; give a search's graph"),
        (VisualReasoningTool, {"context": 3}, "context is 3; it must be a mapping."),
    ],
)
def test_what_programs_make_refuses_without_pydantics_text(
    made: type[Any], values: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        made(**values)
    assert str(refused.value).startswith(told)
    assert not any(raw in str(refused.value) for raw in RAW)
    # Nor does a traceback show it.
    assert refused.value.__suppress_context__
