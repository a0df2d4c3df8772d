"""Folders of answers, as a comparison leaves them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from langchain_llava_o1.report.result import SearchResult

Answers = Mapping[tuple[str, int], Sequence[float]]
"""By strategy and number of candidates, the scores of items from 0 on."""

EASY_SCENES = {"benchmark": "scenes", "difficulty": "easy"}


def heading(**changes: Any) -> dict[str, Any]:
    """The first line of a file."""
    common = {"judge": "generative", "context": {}, "seed": 0, "model": "tiny"}
    return {**EASY_SCENES, **common, **changes}


def answer(strategy: str, candidates: int, number: int, score: float, **changes: Any) -> dict[str, Any]:
    """The line of an answer."""
    tokens = 100 * candidates + number
    fields = {"strategy": strategy, "candidates": candidates, "seconds": 0.25 * candidates, "number": number}
    fields |= {"id": str(number), "kind": ("count", "colour", "relation")[number % 3], "skill": "perception"}
    fields |= {"conclusion": f"It is {score}.", "score": score, "input_tokens": 50, "output_tokens": tokens}
    return {**fields, **changes}


def write_lines(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """Write a file of answers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def write_answers(folder: Path, answers: Answers, **changes: Any) -> Path:
    """Write the answers to a benchmark and return their file."""
    head = heading(**changes)
    path = folder / head["benchmark"] / "outcomes.jsonl"
    lines = [
        answer(strategy, candidates, number, score)
        for (strategy, candidates), scores in answers.items()
        for number, score in enumerate(scores)
    ]
    write_lines(path, [head, *lines])
    return path


def write_records(folder: Path, name: str, results: Mapping[int, SearchResult]) -> Path:
    """Write how answers came about, beside them."""
    path = folder / "records" / f"{name}.jsonl"
    write_lines(
        path, [{"number": number, "result": result.to_record()} for number, result in results.items()]
    )
    return path


SKILLS = ("perception", "math", "science & technology")


def write_skills(folder: Path, answers: Answers, **changes: Any) -> Path:
    """Write the answers to a benchmark whose three skills have two kinds each, which take turns."""
    head = heading(**changes)
    path = folder / head["benchmark"] / "outcomes.jsonl"
    lines = [
        answer(*cell, number, score, kind=f"{SKILLS[number % 3]} {number % 6 // 3}", skill=SKILLS[number % 3])
        for cell, scores in answers.items()
        for number, score in enumerate(scores)
    ]
    write_lines(path, [head, *lines])
    return path
