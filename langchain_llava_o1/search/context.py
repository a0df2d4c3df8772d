"""What a caller can set about a search, validated, and shown as a form by LangGraph Studio."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from langchain_llava_o1.stages import STAGES, Stage

NumCandidates = Annotated[int, Field(ge=1, le=64)]


class StageBeamContext(BaseModel):
    """Settings of one stage-level beam search, given as ``context=`` when the graph runs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    candidates: NumCandidates = Field(
        default=4, description="Candidates sampled at each stage. 1 means no search."
    )
    candidates_per_stage: dict[str, NumCandidates] | None = Field(
        default=None,
        description="Candidates for single stages where they differ, by stage name "
        f"({', '.join(stage.name for stage in STAGES)}).",
    )
    temperature: float = Field(
        default=1.0,
        ge=0.0,
        le=2.0,
        description="Sampling temperature of the candidates. At 0 they are all alike.",
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

    @field_validator("candidates_per_stage")
    @classmethod
    def _check_stage_names(cls, value: dict[str, int] | None) -> dict[str, int] | None:
        known = [stage.name for stage in STAGES]
        if unknown := sorted(set(value or {}) - set(known)):
            raise ValueError(f"Unknown stage {', '.join(map(repr, unknown))}; use one of {known}.")
        return value

    def num_candidates(self, stage: Stage) -> int:
        """Return how many candidates ``stage`` gets."""
        return (self.candidates_per_stage or {}).get(stage.name, self.candidates)
