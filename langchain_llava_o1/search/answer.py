"""The answer that a search's accepted candidates make up."""

from collections.abc import Mapping
from functools import reduce

from langchain_core.messages import AIMessage
from langchain_core.messages.ai import add_usage

from langchain_llava_o1.search.candidates import read_body
from langchain_llava_o1.search.records import StageRecord, winner_of
from langchain_llava_o1.stages import STAGES, Stage


def accepted_text(records: Mapping[str, StageRecord], *, hidden_only: bool = False) -> str:
    """Join the accepted candidates, each in its tags: what the next stage is sampled from.

    Args:
        records: The stages so far, by name.
        hidden_only: Leave out the stages that the user sees.
    """
    return "\n\n".join(
        stage.wrap(accepted_body(stage, records))
        for stage in STAGES
        if stage.name in records and not (hidden_only and stage.is_visible)
    )


def accepted_body(stage: Stage, records: Mapping[str, StageRecord]) -> str:
    """Return the words of a stage's accepted candidate, without tags."""
    return read_body(stage, winner_of(records[stage.name])["text"])


def compose_answer(records: Mapping[str, StageRecord], *, seed: int) -> AIMessage:
    """Put the accepted candidates together: the visible stages as content, the hidden ones as reasoning.

    ``usage_metadata`` counts all of the search's calls. ``response_metadata`` has ``finish_reason`` of the
    last stage, ``incomplete_stages`` (those that no candidate filled well), ``num_calls`` and ``seed``.

    Args:
        records: All stages, by name.
        seed: Seed of the search.
    """
    usages = [record["usage"] for record in records.values() if record["usage"]]
    return AIMessage(
        content="\n\n".join(accepted_body(stage, records) for stage in STAGES if stage.is_visible),
        additional_kwargs={"reasoning_content": accepted_text(records, hidden_only=True)},
        response_metadata={
            "finish_reason": winner_of(records[STAGES[-1].name])["finish_reason"],
            "incomplete_stages": [name for name, record in records.items() if not record["is_complete"]],
            "num_calls": sum(record["num_calls"] for record in records.values()),
            "seed": seed,
        },
        usage_metadata=reduce(add_usage, usages) if usages else None,
    )
