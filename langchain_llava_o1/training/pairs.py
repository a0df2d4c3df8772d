"""Pairs of answers of which one is to be preferred, as samples."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from langchain_llava_o1.data.formats.lines import read_lines
from langchain_llava_o1.data.picture_files.picture_files import PictureFiles
from langchain_llava_o1.data.problem import Location, Problem
from langchain_llava_o1.engine.chat_format import ChatFormat
from langchain_llava_o1.engine.request import Part, Role, Turn
from langchain_llava_o1.errors import DataError
from langchain_llava_o1.pictures.picture import Picture
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
    """

    pictures: tuple[str, ...]
    turns: tuple[tuple[Role, tuple[str | None, ...]], ...]
    chosen: str
    rejected: str

    def row(self) -> dict[str, Any]:
        """Return it as a row of a ``datasets.Dataset``, under the names that TRL knows."""
        return {
            "images": list(self.pictures),
            "prompt": json.dumps(self.turns),
            "chosen": self.chosen,
            "rejected": self.rejected,
        }


def read_pairs(
    path: Path,
    pictures: PictureFiles,
    report_problem: Callable[[Problem], None] = lambda problem: None,
) -> list[Pair]:
    """Read a file of pairs in TRL's conversational format, as ``llava-o1 data`` writes it.

    A line that cannot be used costs itself, nothing else.

    Args:
        path: The file, an object a line with ``prompt``, ``images``, ``chosen`` and ``rejected``.
        pictures: Where its pictures are.
        report_problem: Called with what is wrong with a line that is left out.

    Raises:
        DataError: If there is no pair.
    """
    pairs = []
    for line in read_lines(path):
        location = Location(str(path), line.number)
        try:
            pair = _read_pair(json.loads(line.text))
            missing = [reference for reference in pair.pictures if not pictures.has(reference)]
            if missing:
                raise ValueError(f"there is no {missing[0]} in {pictures}")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
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
        pairs.append(pair)
    if not pairs:
        raise DataError(f"{path} has no pair of answers to learn from.")
    return pairs


def _read_pair(record: Mapping[str, Any]) -> Pair:
    turns = []
    for message in record["prompt"]:
        if message["role"] not in _ROLES:
            raise ValueError(f"the role {message['role']!r} is none of {', '.join(_ROLES)}")
        turns.append((_ROLES[message["role"]], _read_content(message["content"])))
    if not turns or turns[-1][0] != "user":
        raise ValueError("the prompt does not end in a question")
    shown = sum(part is None for _, parts in turns for part in parts)
    pictures = tuple(record.get("images") or ())
    if shown != len(pictures):
        raise ValueError(f"the prompt shows {shown} pictures, and {len(pictures)} are named")
    answers = [_read_answer(record[name]) for name in ("chosen", "rejected")]
    if answers[0] == answers[1]:
        raise ValueError("both answers are the same")
    return Pair(pictures, tuple(turns), *answers)


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
        pictures = iter([self._pictures.open(reference) for reference in row["images"]])
        turns = [
            Turn(role, tuple(_place(part, pictures) for part in parts))
            for role, parts in json.loads(row["prompt"])
        ]
        prompt = self._chat_format.encode(turns)
        reply = self._chat_format.encode_reply(answer)
        return Sample((*prompt.token_ids, *reply), len(prompt.token_ids), prompt.pictures)


def _place(part: str | None, pictures: Iterator[Picture]) -> Part:
    return next(pictures) if part is None else part
