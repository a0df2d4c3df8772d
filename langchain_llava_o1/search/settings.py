"""What a caller can set about a search, validated, and shown as a form by LangGraph Studio.

A search's settings are composed of those that it obeys: of sampling, of choosing between candidates, of its
selection, and its limits. Each search declares its own beside its builder.
"""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.staging.parts.part import Part
from langchain_llava_o1.validation import PlainRefusals

NumCandidates = Annotated[int, Field(ge=1, le=64)]


class Settings(PlainRefusals, BaseModel):
    """Settings of a search or of a part of one.

    Raises:
        ConfigurationError: If there is no such setting, or its value is out of bounds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


class QuestionSettings(Settings):
    """What is done with a question and what comes with it."""

    needs_picture: bool = Field(
        default=True,
        description="Whether a conversation without any picture is replied to by asking for one. Off: the "
        "question is answered from text alone.",
    )
    unanswerable: Literal["reply", "error"] = Field(
        default="reply",
        description="What becomes of a question that needs a picture and has none, or comes with a file that "
        "cannot be read: a message that says so, for people, or an error, for programs.",
    )
    shrink_pictures: bool = Field(
        default=True,
        description="Whether pictures are shrunk to what the model can use before they are kept.",
    )
    ui_messages: bool = Field(
        default=False,
        description="Whether accepted stages are LangGraph's UI messages, too, for chat pages that draw a "
        "graph's own components.",
    )


AS_A_PROGRAM = {"needs_picture": False, "unanswerable": "error"}
"""Settings for those who would take a reply that asks for a picture for an answer."""


class SamplingSettings(Settings):
    """How a candidate is sampled."""

    temperature: float | None = Field(
        default=1.0,
        ge=0.0,
        le=2.0,
        description="Sampling temperature. At 0 all candidates are alike. Empty leaves it to the model.",
    )
    max_tokens_per_stage: int = Field(
        default=1024, ge=1, le=32_768, description="Most tokens one candidate of a stage may have."
    )
    seed: int | None = Field(
        default=None,
        ge=0,
        le=2**53 - 1,  # The largest integer a browser keeps exactly.
        description="The same seed and input give the same result. Empty draws a fresh one.",
    )

    def max_tokens(self, part: Part) -> int:
        """Return how many tokens a candidate of ``part`` may have."""
        return part.limit(self.max_tokens_per_stage)


class ChoiceSettings(Settings):
    """How many candidates there are to choose from, and when a choice is clear."""

    candidates: NumCandidates = Field(default=4, description="Candidates to choose from. 1 means no search.")
    early_stop: bool = Field(
        default=False,
        description="Judge nothing where all candidates agree: identical, or conclusions that mean the same.",
    )
    group: NumCandidates | None = Field(
        default=None,
        description="Draw candidates in groups of so many, until enough agree. Empty draws all at once.",
    )
    agreement: float = Field(
        default=0.75,
        gt=0.0,
        le=1.0,
        description="With groups: the share of the candidates that must agree for no more to be drawn.",
    )


class ComparisonSettings(Settings):
    """How a judge that compares is asked."""

    judge_both_orders: bool = Field(
        default=False,
        description="Judge every match in both orders; a coin decides where the verdicts differ.",
    )


class BudgetSettings(Settings):
    """How much a search may spend."""

    max_calls: int | None = Field(
        default=None, ge=1, description="Most model calls of a search, verdicts included."
    )
    max_tokens_total: int | None = Field(
        default=None,
        ge=1,
        description="Tokens generated in all, verdicts included, after which nothing more is compared.",
    )
    max_seconds: float | None = Field(
        default=None, gt=0, description="Seconds after which nothing more is compared."
    )


class SearchSettings(QuestionSettings, SamplingSettings, ChoiceSettings, BudgetSettings):
    """What every search that chooses between candidates obeys."""


class SearchContext(SearchSettings, ComparisonSettings):
    """Settings of a search, given as ``context=`` when the graph runs."""


@cache
def compose_settings(own: type[Settings], further: type[Settings]) -> type[Any]:
    """Return the settings of a search together with those of its selection, as one form.

    Args:
        own: What the search obeys, whatever its selection is.
        further: What its selection obeys besides; ``Settings`` for nothing.
    """
    if issubclass(own, further):
        return own
    return create_model(own.__name__, __base__=(own, further), __doc__=own.__doc__)


def read_settings(context: Any, schema: type[Any]) -> Any:
    """Return the settings of this turn.

    A search inside another graph sees that graph's context, and takes from it what has the name of a setting.

    Raises:
        ConfigurationError: If settings of a search are given that this one does not obey, or values that are
            out of bounds.
    """
    names = schema.model_fields
    given = (
        context
        if isinstance(context, Mapping)
        else {name: getattr(context, name) for name in names if hasattr(context, name)}
    )
    if isinstance(context, Settings):
        default = type(context)()
        ignored = sorted(
            name
            for name in context.model_fields_set - names.keys()
            if getattr(context, name) != getattr(default, name)
        )
        if ignored:
            raise ConfigurationError(
                f"This search, with its judge, does not have the setting {', '.join(ignored)}; it has "
                f"{', '.join(names)}. Leave it out."
            )
    return schema.model_validate({name: given[name] for name in names if name in given})
