"""Stages and their brackets as text. Candidates are numbered from 1, as in progress; records count from 0."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from langchain_llava_o1.staging.transcript import parse_transcript

if TYPE_CHECKING:
    from langchain_llava_o1.search.records import MatchRecord, StageRecord


def stage_body(text: str) -> str:
    """Return a candidate's words without its tags; of several stages, each after its name."""
    stages = parse_transcript(text).stages
    if len(stages) > 1:
        return "\n".join(f"{found.stage.name}: {found.body}" for found in stages)
    return stages[0].body if stages else text.strip()


def stage_heading(step: str, stage: str) -> str:
    """Return what stands above a stage: its name, with its number where the step has one ("caption 2")."""
    return step if step.startswith(f"{stage} ") else stage


def format_stage(step: str, text: str, index: int, num_candidates: int) -> str:
    """Write what a step accepted: a heading, then the words; a single candidate stage by stage.

    Args:
        step: Name of the step.
        text: The accepted candidate, in its tags or not.
        index: Its position among the candidates, from 0.
        num_candidates: How many there were; a single one is not mentioned.
    """
    if num_candidates > 1:
        return f"[{step}] candidate {index + 1} of {num_candidates}\n{stage_body(text)}\n"
    found = parse_transcript(text).stages
    if not found:
        return f"[{step}]\n{text.strip()}\n"
    return "\n".join(f"[{stage_heading(step, each.stage.name)}]\n{each.body}\n" for each in found)


def format_stages(records: "Mapping[str, StageRecord]", answer: str) -> str:
    """Write what each step accepted, and the answer where they do not end with it.

    Args:
        records: The steps' records by their names.
        answer: The answer.
    """
    parts = [
        format_stage(
            name, record["candidates"][record["winner"]]["text"], record["winner"], len(record["candidates"])
        )
        for name, record in records.items()
    ]
    if not parts or not parts[-1].rstrip().endswith(answer.strip()):
        parts.append(f"{answer}\n")
    return "\n".join(parts)


def format_bracket(name: str, record: "StageRecord") -> str:
    """Write all candidates of a stage, the winner marked, and how the matches went."""
    candidates = record["candidates"]
    lines = [f"[{name}]"]
    for candidate in candidates:
        mark = ">" if candidate["index"] == record["winner"] else " "
        note = "" if candidate["is_complete"] else "  (cut off or without its tags)"
        if record["scores"]:
            score = record["scores"][candidate["index"]]
            note += "  (no score)" if score is None else f"  ({score:.3f})"
        lines.append(f" {mark} {candidate['index'] + 1}. {_in_one_line(stage_body(candidate['text']))}{note}")
    lines += [f"     {_format_match(match)}" for match in record["matches"]]
    return "\n".join(lines) + "\n"


def _format_match(match: "MatchRecord") -> str:
    loser = match["second"] if match["winner"] == match["first"] else match["first"]
    reason = _in_one_line(match["reason"]) or f"decided by: {match['decided_by']}"
    return f"round {match['round']}: {match['winner'] + 1} beats {loser + 1}: {reason}"


def _in_one_line(text: str) -> str:
    return " ".join(text.split())
