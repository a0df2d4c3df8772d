"""Pairs of answers of which people know the better one, in the format of VL-RewardBench.

A line is one object: ``id``, ``query``, ``image``, ``response`` (two answers), ``human_ranking`` (a rank for
each, 0 for the better one) and ``query_source``; other fields are not read. Source: the data set
MMInstruction/VL-RewardBench (arXiv 2411.17451), written as JSON with one object a line.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from langchain_llava_o1.data.formats.json_line import read_record
from langchain_llava_o1.data.formats.lines import LineIndex
from langchain_llava_o1.data.picture_files.picture_files import open_picture_files
from langchain_llava_o1.data.problem import Location, Problem
from langchain_llava_o1.errors import ConfigurationError, ImageError
from langchain_llava_o1.evaluation.item import DamagedItemError
from langchain_llava_o1.pictures.base64_text import decode_base64, is_data_url, shorten
from langchain_llava_o1.pictures.blocks import image_block
from langchain_llava_o1.pictures.policy import ImagePolicy


@dataclass(frozen=True)
class AnswerPair:
    """Two answers to a question about a picture.

    Attributes:
        id: What its set calls it.
        question: What was asked.
        picture: The picture, as a LangChain image block.
        answers: Both answers, in the order of the file.
        better: Which of them people found better: 0 or 1.
        source: Where the question is from; empty where the set does not say.
    """

    id: str
    question: str
    picture: dict[str, Any]
    answers: tuple[str, str]
    better: int
    source: str


class PairFile:
    """The pairs of a file, each read when it is needed.

    ``image`` is a path with its ending, below the folder of the pictures, or the picture itself in base64, as
    a data URL or not.

    Attributes:
        path: The file.
    """

    def __init__(
        self, path: Path, *, pictures: Path | None = None, image_policy: ImagePolicy | None = None
    ) -> None:
        """Find the lines; none is read yet.

        Args:
            path: JSON with one pair a line.
            pictures: What its paths are relative to: a folder or a zip; None for the folder of the file.
            image_policy: Limits on pictures; the default ones if None.

        Raises:
            ConfigurationError: If there is no such file, or nothing in it.
        """
        self.path = path
        try:
            self._lines = LineIndex(path)
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be read ({error.strerror}). Check the path.") from error
        if not len(self._lines):
            raise ConfigurationError(f"{path} is empty; give JSON with one pair of answers a line.")
        self._policy = image_policy or ImagePolicy()
        self._pictures = open_picture_files(path.parent if pictures is None else pictures, self._policy)

    def __len__(self) -> int:
        return len(self._lines)

    def read_pair(self, number: int) -> AnswerPair:
        """Return the pair of a number from 0 on.

        Raises:
            DamagedItemError: If this one cannot be read; it says which line and field, and what is expected.
        """
        line = self._lines.read(number)
        location = Location(str(self.path), line.number)
        record = read_record(line.text, location)
        if isinstance(record, Problem):
            raise DamagedItemError(str(record))
        first, second = _read_answers(record, location)
        return AnswerPair(
            id=str(record.get("id") or f"line-{line.number}"),
            question=_read_question(record, location),
            picture=self._read_picture(record, location),
            answers=(first, second),
            better=_read_ranking(record, location),
            source=str(record.get("query_source") or ""),
        )

    def numbers(self, first: int, count: int | None) -> range:
        """Return the numbers of ``count`` pairs from ``first`` on; None for all there are.

        Raises:
            ConfigurationError: If there are fewer.
        """
        count = max(1, len(self) - first) if count is None else count
        if first + count > len(self):
            raise ConfigurationError(
                f"{self.path} has {len(self)} pairs, numbered from 0; asked for were {count} from {first} "
                "on. Ask for fewer."
            )
        return range(first, first + count)

    def _read_picture(self, record: Mapping[str, Any], location: Location) -> dict[str, Any]:
        given = record.get("image")
        if not isinstance(given, str) or not given:
            _refuse(record, "image", location, "a path, or a picture in base64")
        try:
            # Base64 has no dot, and the name of a picture's file has one before its ending.
            is_place = is_data_url(given) or "." in given
            data = self._pictures.read(given) if is_place else decode_base64(given)
            return image_block(data, policy=self._policy)
        except ImageError as error:
            raise DamagedItemError(f"{location}: image: {error}") from error


def _read_question(record: Mapping[str, Any], location: Location) -> str:
    given = record.get("query")
    if not isinstance(given, str) or not given.strip():
        _refuse(record, "query", location, "the question, as a text")
    return given


def _read_answers(record: Mapping[str, Any], location: Location) -> list[str]:
    given = record.get("response")
    if (
        not isinstance(given, list)
        or len(given) != 2
        or not all(isinstance(text, str) and text.strip() for text in given)
    ):
        _refuse(record, "response", location, "a list of two answers, as texts")
    return given


def _read_ranking(record: Mapping[str, Any], location: Location) -> int:
    given = record.get("human_ranking")
    if given not in ([0, 1], [1, 0]):
        _refuse(record, "human_ranking", location, "[0, 1] where the first answer is better, else [1, 0]")
    return 0 if given == [0, 1] else 1


def _refuse(record: Mapping[str, Any], field: str, location: Location, expected: str) -> NoReturn:
    found = f"it is {shorten(repr(record[field]))}" if field in record else "there is none"
    fix = "Correct the line, or delete it."
    raise DamagedItemError(
        str(location.problem(field, "unreadable field", found, expected=expected, fix=fix))
    )
