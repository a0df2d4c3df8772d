"""Stages and their brackets as text. Candidates are numbered from 1, as in progress; records count from 0."""

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


def format_stage(name: str, text: str, index: int, num_candidates: int) -> str:
    """Write an accepted stage: a heading, then its words.

    Args:
        name: Name of the stage.
        text: The accepted candidate, in its tags or not.
        index: Its position among the candidates, from 0.
        num_candidates: How many there were; a single one is not mentioned.
    """
    chosen = f" candidate {index + 1} of {num_candidates}" if num_candidates > 1 else ""
    return f"[{name}]{chosen}\n{stage_body(text)}\n"


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
