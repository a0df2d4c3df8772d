"""A step that is planned, what it starts from, and what follows from what it kept."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import BaseMessage

from langchain_llava_o1.judges.usage import total_usage
from langchain_llava_o1.search.answer import extend_beam
from langchain_llava_o1.search.budget import Budget, spent_on
from langchain_llava_o1.search.events import Reporter
from langchain_llava_o1.search.records import Beam, StageRecord
from langchain_llava_o1.search.seeds import derive_seed
from langchain_llava_o1.search.settings import SearchContext
from langchain_llava_o1.search.state import SearchState
from langchain_llava_o1.search.step_state import StepContext, StepInput
from langchain_llava_o1.staging.parts.answer import rest_of_answer
from langchain_llava_o1.staging.parts.part import Part
from langchain_llava_o1.staging.parts.tags import missing_stages


@dataclass(frozen=True)
class StepPlan:
    """A step to take.

    Attributes:
        name: What records and events call it.
        part: What its candidates are to write.
        beams: What they go on from.
        num_candidates: How many are drawn for each beam.
        num_kept: How many are kept.
        needs_scores: Whether the judge is to score them even if all are kept.
    """

    name: str
    part: Part
    beams: list[Beam]
    num_candidates: int
    num_kept: int = 1
    needs_scores: bool = False


Planner = Callable[[Any, Any], StepPlan]
"""Plans a step, from the state and the settings."""

Update = Callable[[Any, list[Beam]], dict[str, Any]]
"""Turns the answers that a step kept, the best first, into changes of the state."""


@dataclass(frozen=True)
class PreparedStep:
    """A step that is ready to be taken.

    Attributes:
        plan: What was planned.
        input: What its graph starts from.
        context: What its nodes see.
        limit: The limit that the search had reached before, or None.
    """

    plan: StepPlan
    input: StepInput
    context: StepContext
    limit: str | None

    def changes(self, state: SearchState, output: Mapping[str, Any], update: Update) -> dict[str, Any]:
        """Return what changes in the search's state with what the step made."""
        candidates = sorted(output["candidates"], key=operator.itemgetter("index"))
        kept, scores = output["kept"], output.get("scores")
        plan = self.plan
        record = StageRecord(
            part=plan.part.name,
            candidates=candidates,
            matches=output["matches"],
            scores=scores,
            winner=kept[0],
            kept=kept,
            is_complete=candidates[kept[0]]["is_complete"],
            num_calls=len(output["calls"]),
            usage=total_usage(output["calls"]),
        )
        beams = [
            extend_beam(
                plan.beams[candidates[index]["beam"]],
                plan.part,
                candidates[index],
                score=scores[index] if scores else None,
            )
            for index in kept
        ]
        changes = {"stages": {plan.name: record}, "limit": self.limit or output.get("limit")}
        if self.limit:
            return {**changes, "beams": beams}
        return {**changes, **update(state, beams)}


def prepare_step(
    state: SearchState,
    question: Sequence[BaseMessage],
    settings: type[Any],
    plan: Planner,
    report: Reporter,
    *,
    wants_text: bool,
) -> PreparedStep:
    """Plan a step; once a limit is reached, one that writes what is missing of the best answer in a call.

    Args:
        state: Of the search.
        question: The conversation up to the question, with its pictures, as the model is sent it.
        settings: The settings that the search has.
        plan: Plans the step.
        report: Where progress goes.
        wants_text: Whether text is to be told as it is written, where a single candidate is drawn.
    """
    own = settings.model_validate(state["settings"])
    # What a search does not offer is as it is by default.
    known = SearchContext.model_fields.keys() & state["settings"].keys()
    complete = SearchContext.model_validate({name: state["settings"][name] for name in known})
    assert complete.seed is not None, "the first node fixes the seed"
    budget = Budget(complete, state["started"])
    spent = spent_on(state["stages"].values())
    planned = plan(state, own)
    limit = state["limit"] or budget.reached(spent, planned.part)
    if limit:
        planned = _plan_rest(state)
    num_candidates = planned.num_candidates * len(planned.beams)
    return PreparedStep(
        planned,
        StepInput(
            num_candidates=num_candidates,
            num_kept=planned.num_kept,
            seed=derive_seed(complete.seed, planned.name),
        ),
        StepContext(
            name=planned.name,
            part=planned.part,
            question=question,
            beams=planned.beams,
            settings=complete,
            budget=budget,
            spent=spent,
            needs_scores=planned.needs_scores,
            report=report,
            tells_text=wants_text and num_candidates == 1,
        ),
        limit,
    )


def _plan_rest(state: SearchState) -> StepPlan:
    """Plan to write what is missing of the best answer, once."""
    beam = state["beams"][0]
    return StepPlan("rest", rest_of_answer(missing_stages(beam["text"])), [beam], 1)
