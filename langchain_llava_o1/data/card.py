"""The card of a data set: what it is made of, for people and for the hub."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_TO_FILL_IN = "unknown"


@dataclass(frozen=True)
class MixedSource:
    """A set that a mix is made of.

    Attributes:
        name: What ids of its examples begin with.
        file: Its file.
        share: The share that was asked for.
        num_usable: Examples that could be drawn.
        num_taken: Examples that were drawn.
    """

    name: str
    file: str
    share: float
    num_usable: int
    num_taken: int


def write_card(
    sources: Sequence[MixedSource], file: str, *, seed: int, picture_place: str, command: str = ""
) -> str:
    """Write the card of a mix, with the licences left to fill in.

    Args:
        sources: What it is made of.
        file: Name of its file, beside the card.
        seed: What it was drawn with.
        picture_place: What paths of pictures are relative to.
        command: How it was made.
    """
    num_examples = sum(source.num_taken for source in sources)
    # Texts of JSON are texts of YAML, too.
    header = [
        "---",
        f"license: {_TO_FILL_IN} # fill in: it follows from the licences of the sources",
        "task_categories:",
        "- visual-question-answering",
        "configs:",
        "- config_name: default",
        f"  data_files: {json.dumps(file)}",
        f"num_examples: {num_examples}",
        f"seed: {seed}",
        "sources:",
        *(line for source in sources for line in _describe_source(source)),
        "---",
    ]
    rows = [
        f"| {_in_cell(source.name)} | {source.share:g} | {source.num_taken:,} of {source.num_usable:,} | "
        f"{_TO_FILL_IN} |"
        for source in sources
    ]
    body = [
        "",
        "# A mix of training sets",
        "",
        f"{num_examples:,} examples in `{file}`, in the format of LLaVA-CoT-100k, drawn with seed {seed}. "
        "Ids begin with the name of the source. Paths of pictures are relative to "
        f"{picture_place}.",
        "",
        "| source | share | examples | licence (fill in) |",
        "|---|---|---|---|",
        *rows,
        *_describe_command(command),
    ]
    return "\n".join([*header, *body]) + "\n"


def write_annotation_card(
    file: str,
    *,
    made_by: Mapping[str, Any],
    source: str,
    num_examples: int,
    num_refused: int,
    picture_place: str,
    command: str = "",
) -> str:
    """Write the card of a set that a teacher annotated, with the licence left to fill in.

    Args:
        file: Name of its file, beside the card.
        made_by: How it was made: teacher, validator and settings, by name.
        source: The file of the questions.
        num_examples: How many were annotated.
        num_refused: How many were not.
        picture_place: What paths of pictures are relative to.
        command: How it was made.
    """
    header = [
        "---",
        f"license: {_TO_FILL_IN} # fill in: it follows from that of the questions and the teacher's terms",
        "task_categories:",
        "- visual-question-answering",
        "configs:",
        "- config_name: default",
        f"  data_files: {json.dumps(file)}",
        f"num_examples: {num_examples}",
        f"source: {json.dumps(source)}",
        "---",
    ]
    rows = [f"| {name} | {_in_cell(json.dumps(value, default=str))} |" for name, value in made_by.items()]
    body = [
        "",
        "# An annotated training set",
        "",
        f"{num_examples:,} examples in `{file}`, in the format of LLaVA-CoT-100k: the questions of "
        f"`{_in_cell(source)}`, answered in four stages by a model. Kept are answers whose conclusion was "
        f"found to agree with the reference answer; {num_refused:,} questions have none and are in "
        f"`refusals.jsonl`. Paths of pictures are relative to {picture_place}.",
        "",
        "| setting | value |",
        "|---|---|",
        *rows,
        *_describe_command(command),
    ]
    return "\n".join([*header, *body]) + "\n"


def _describe_command(command: str) -> list[str]:
    return ["", "Made by:", "", *(f"    {line}" for line in command.splitlines())] if command else []


def _describe_source(source: MixedSource) -> list[str]:
    return [
        f"- name: {json.dumps(source.name)}",
        f"  file: {json.dumps(source.file)}",
        f"  share: {source.share:g}",
        f"  num_examples: {source.num_taken}",
        f"  license: {_TO_FILL_IN} # fill in",
    ]


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
