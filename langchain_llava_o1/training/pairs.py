"""Pairs of answers of which one is to be preferred, as samples."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from langchain_llava_o1.data.formats.json_line import read_record
from langchain_llava_o1.data.formats.lines import read_lines
from langchain_llava_o1.data.picture_files.picture_files import PictureFiles
from langchain_llava_o1.data.problem import Location, Problem
from langchain_llava_o1.engine.chat_format import ChatFormat
from langchain_llava_o1.engine.request import Part, Role, Turn
from langchain_llava_o1.errors import DataError, ImageError
from langchain_llava_o1.pictures.picture import Picture
from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.staging.transcript import parse_transcript
from langchain_llava_o1.training.collator import SampleCollator
from langchain_llava_o1.training.dialogue import IGNORED, Sample

_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant", "system": "system"}


@dataclass(frozen=True)
class Pair:
    """A question with two answers.

    Attributes:
        pictures: Paths of its pictures, in the order in which they are shown.
        turns: The conversation up to the question: who speaks, and texts with None in a picture's place.
        chosen: The better answer.
        rejected: The other one.
        location: The line that it was read from.
    """

    pictures: tuple[str, ...]
    turns: tuple[tuple[Role, tuple[str | None, ...]], ...]
    chosen: str
    rejected: str
    location: Location

    def row(self) -> dict[str, Any]:
        """Return it as a row of a ``datasets.Dataset``, under the names that TRL knows."""
        return {
            "images": list(self.pictures),
            "prompt": json.dumps(self.turns),
            "chosen": self.chosen,
            "rejected": self.rejected,
            "location": str(self.location),
        }


def read_pairs(
    path: Path,
    pictures: PictureFiles,
    report_problem: Callable[[Problem], None] = lambda problem: None,
) -> list[Pair]:
    """Read a file of pairs in TRL's conversational format, as ``llava-o1 data`` writes it.

    A line that cannot be used costs itself, nothing else. Its pictures are decoded to see that they can be.

    Args:
        path: The file, an object a line with ``prompt``, ``images``, ``chosen`` and ``rejected``.
        pictures: Where its pictures are.
        report_problem: Called with what is wrong with a line that is left out.

    Raises:
        DataError: If there is no pair.
    """
    pairs = []
    looked_at = _PictureCheck(pictures)
    for line in read_lines(path):
        location = Location(str(path), line.number)
        record = read_record(line.text, location)
        if isinstance(record, Problem):
            report_problem(record)
            continue
        try:
            pair = _read_pair(record, location)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            report_problem(
                location.problem(
                    "",
                    "broken pair",
                    f"{type(error).__name__}: {error}" if isinstance(error, KeyError) else str(error),
                    expected="prompt, images, chosen and rejected, in the form of `data preference-pairs`",
                    fix="Write the line anew, or leave it out.",
                    is_left_out=True,
                )
            )
            continue
        if (problem := looked_at.find_problem(pair)) is not None:
            report_problem(problem)
            continue
        pairs.append(pair)
    if not pairs:
        raise DataError(
            f"{path} has no pair of answers to learn from. Draw pairs by `llava-o1 data preference-pairs`; "
            "where it found none, give it more questions or --answers."
        )
    return pairs


class _PictureCheck:
    """Decodes the pictures of pairs, each once, and says which is missing or broken."""

    def __init__(self, pictures: PictureFiles) -> None:
        self._pictures = pictures
        self._found: dict[str, tuple[str, str] | None] = {}

    def find_problem(self, pair: Pair) -> Problem | None:
        """Return what is wrong with the first picture that cannot be shown."""
        for number, reference in enumerate(pair.pictures):
            if reference not in self._found:
                self._found[reference] = self._look_at(reference)
            if (found := self._found[reference]) is not None:
                return pair.location.problem(
                    f"images[{number}]",
                    *found,
                    expected="a picture file",
                    fix="Replace the file, or leave the line out.",
                    is_left_out=True,
                )
        return None

    def _look_at(self, reference: str) -> tuple[str, str] | None:
        if not self._pictures.has(reference):
            return "missing picture", f"there is no {reference} in {self._pictures}"
        try:
            self._pictures.open(reference)
        except ImageError as error:
            return "broken picture", str(error)
        return None


def _read_pair(record: Mapping[str, Any], location: Location) -> Pair:
    turns = []
    for message in record["prompt"]:
        if message["role"] not in _ROLES:
            raise ValueError(f"the role {message['role']!r} is none of {', '.join(_ROLES)}")
        turns.append((_ROLES[message["role"]], _read_content(message["content"])))
    if not turns or turns[-1][0] != "user":
        raise ValueError("the prompt does not end in a question")
    shown = sum(part is None for _, parts in turns for part in parts)
    pictures = tuple(record.get("images") or ())
    if not all(isinstance(reference, str) for reference in pictures):
        raise ValueError("images is no list of paths")
    if shown != len(pictures):
        raise ValueError(f"the prompt shows {shown} pictures, and {len(pictures)} are named")
    chosen, rejected = (_read_answer(record[name]) for name in ("chosen", "rejected"))
    if chosen == rejected:
        raise ValueError("both answers are the same")
    return Pair(pictures, tuple(turns), chosen, rejected, location)


def _read_content(content: Any) -> tuple[str | None, ...]:
    if isinstance(content, str):
        return (content,)
    return tuple(None if block["type"] == "image" else str(block["text"]) for block in content)


def _read_answer(messages: Any) -> str:
    if isinstance(messages, str):
        return messages
    (message,) = messages
    return "".join(part for part in _read_content(message["content"]) if part is not None)


class PairCollator:
    """Makes the batches that TRL's DPO takes: first the better answers, then the others."""

    def __init__(self, pictures: PictureFiles, chat_format: ChatFormat, collator: SampleCollator) -> None:
        """Take where pictures are, and what lays out and batches samples."""
        self._pictures = pictures
        self._chat_format = chat_format
        self._collator = collator

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        """Make a batch of rows.

        Returns:
            What ``SampleCollator`` returns, with ``completion_mask`` in place of ``labels``: 1 for the tokens
            of answers.
        """
        samples = [self._write(row, row[name]) for name in ("chosen", "rejected") for row in rows]
        batch = self._collator(samples)
        batch["completion_mask"] = (batch.pop("labels") != IGNORED).long()
        return batch

    def _write(self, row: Mapping[str, Any], answer: str) -> Sample:
        try:
            pictures = iter([self._pictures.open(reference) for reference in row["images"]])
        except ImageError as error:
            raise ImageError(f"{row['location']}: {error}") from error
        turns = [
            Turn(role, tuple(_place(part, pictures) for part in parts))
            for role, parts in json.loads(row["prompt"])
        ]
        prompt = self._chat_format.encode(turns)
        reply = self._chat_format.encode_reply(answer, is_ended=_is_ended(answer))
        return Sample((*prompt.token_ids, *reply), len(prompt.token_ids), prompt.pictures)


def _is_ended(answer: str) -> bool:
    """Tell whether nothing follows an answer; stages without a conclusion would be gone on with."""
    stages = parse_transcript(answer).stages
    return not stages or stages[-1].stage is STAGES[-1]


def _place(part: str | None, pictures: Iterator[Picture]) -> Part:
    return next(pictures) if part is None else part
