"""What a caller can set about a search, validated, and shown as a form by LangGraph Studio."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from langchain_llava_o1.staging.stages import STAGES, Part, Stage

NumCandidates = Annotated[int, Field(ge=1, le=64)]
_NAMES = [stage.name for stage in STAGES]


class SearchContext(BaseModel):
    """Settings of a search, given as ``context=`` when the graph runs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    candidates: NumCandidates = Field(default=4, description="Candidates to choose from. 1 means no search.")
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
    judge_both_orders: bool = Field(
        default=False,
        description="Judge every match in both orders; a coin decides where the verdicts differ.",
    )
    early_stop: bool = Field(
        default=False,
        description="Play no match where all candidates agree: identical, or conclusions that mean the same.",
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

    def max_tokens(self, part: Part) -> int:
        """Return how many tokens a candidate of ``part`` may have."""
        return self.max_tokens_per_stage * len(part.stages)


class StageBeamContext(SearchContext):
    """Settings of one stage-level beam search, given as ``context=`` when the graph runs."""

    candidates_per_stage: dict[str, NumCandidates] | None = Field(
        default=None,
        description="Candidates for single stages where they differ, by stage name: {'caption': 8}.",
    )
    beams: NumCandidates = Field(
        default=1,
        description="How many candidates of a stage the search goes on from; each gets its own candidates.",
    )

    @field_validator("candidates_per_stage")
    @classmethod
    def _check_stage_names(cls, value: dict[str, int] | None) -> dict[str, int] | None:
        if unknown := sorted(set(value or {}) - set(_NAMES)):
            raise ValueError(f"Unknown stage {', '.join(map(repr, unknown))}; use one of {_NAMES}.")
        return value

    def num_candidates(self, stage: Stage) -> int:
        """Return how many candidates ``stage`` gets."""
        return (self.candidates_per_stage or {}).get(stage.name, self.candidates)


class SentenceBeamContext(SearchContext):
    """Settings of one sentence-level beam search, given as ``context=`` when the graph runs."""

    max_sentences: int = Field(
        default=100, ge=1, le=1000, description="Most sentences of an answer; the rest is written in one go."
    )
    max_tokens_per_sentence: int = Field(
        default=256, ge=1, le=32_768, description="Most tokens one candidate of a sentence may have."
    )

    def max_tokens(self, part: Part) -> int:
        """Return how many tokens a candidate of ``part`` may have."""
        return self.max_tokens_per_sentence if part.is_sentence else super().max_tokens(part)


class SwiresContext(SearchContext):
    """Settings of one stage-wise retracing search, given as ``context=`` when the graph runs.

    The defaults are those of the published code: 4 captions of which 2 are kept, 2 reasonings for each of
    them, the best 3 of all rounds kept, and at most 4 rounds more.
    """

    captions_kept: NumCandidates = Field(
        default=2, description="Captions that a round goes on from, of `candidates` drawn."
    )
    reasonings: NumCandidates = Field(default=2, description="Reasonings drawn for each of those captions.")
    reasonings_kept: NumCandidates = Field(default=3, description="Best reasonings kept, over all rounds.")
    retraces: int = Field(
        default=4, ge=0, le=64, description="Most times that the search goes back and draws again."
    )
    retrace_to: str = Field(default="caption", description="The stage to go back to, any but the last one.")
    cutoff: float = Field(
        default=-0.243,
        description="The search goes back while the second-best reasoning's score is not above this. "
        "The default fits the published reward model; `llava-o1 bench cutoff` finds one for another judge.",
    )

    @field_validator("retrace_to")
    @classmethod
    def _check_stage(cls, value: str) -> str:
        if value not in _NAMES[:-1]:
            raise ValueError(f"Unknown stage {value!r}; use one of {_NAMES[:-1]}.")
        return value
