"""The table of a benchmark: where its rows begin is found once, and each is read when it is needed.

Pictures stand in the rows, so that a file may have hundreds of megabytes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from langchain_llava_o1.data.formats.benchmark_file import read_list
from langchain_llava_o1.data.formats.rows import Row, read_row_at
from langchain_llava_o1.data.problem import Location, Problem
from langchain_llava_o1.errors import ConfigurationError, DataError, ImageError
from langchain_llava_o1.evaluation.benchmark_files.published_files import PublishedFile
from langchain_llava_o1.evaluation.benchmark_files.row import BenchmarkRow
from langchain_llava_o1.evaluation.benchmark_files.whole_rows import (
    TAB,
    read_first_cell,
    read_header,
    read_whole_rows,
)
from langchain_llava_o1.evaluation.item import DamagedItemError
from langchain_llava_o1.pictures.base64_text import decode_base64, shorten
from langchain_llava_o1.pictures.decoding import decode_file
from langchain_llava_o1.pictures.policy import ImagePolicy

INDEX, IMAGE = "index", "image"
_LONGEST_REFERENCE = 64
"""A cell of pictures with more characters holds one; a shorter one names the row that does."""


@dataclass(frozen=True, slots=True)
class RowPlace:
    """Where a row is.

    Attributes:
        location: The line that it begins on.
        offset: Where in the file it begins, in bytes.
        index: What the row is called; empty where that cannot be read.
        kept: Its texts in the columns that the table keeps; empty of a row that cannot be read.
        problem: Why it cannot be read; None if it can.
    """

    location: Location
    offset: int
    index: str
    kept: tuple[str, ...] = ()
    problem: Problem | None = None


class BenchmarkPicture(NamedTuple):
    """A picture of a row.

    Attributes:
        data: Its file.
        source: The file and the row that it is from.
    """

    data: bytes
    source: str


class BenchmarkTable:
    """The rows of a benchmark's file that have a picture, and those that are damaged.

    Attributes:
        path: The file.
        places: Where these rows are, in the order of the file.
        num_skipped: Rows without a picture, which are not asked.
    """

    def __init__(
        self, path: Path, published: PublishedFile, columns: Sequence[str], kept: Sequence[str] = ()
    ) -> None:
        """Find the rows of a file.

        Args:
            path: The file.
            published: What it is published as.
            columns: Columns that it must have, beside those of an index and a picture.
            kept: Columns whose texts are kept in memory; they may be missing.

        Raises:
            ConfigurationError: If it cannot be read, lacks a column, or has no rows.
        """
        self.path = path
        self.num_skipped = 0
        self._fix = f"Fetch the file anew: {published.fetch_command}."
        self._kept = kept
        try:
            self._names = read_header(path)
            self._check_columns((INDEX, IMAGE, *columns))
            self.places = tuple(self._find_places())
        except OSError as error:
            raise ConfigurationError(
                f"{path} cannot be read ({error.strerror}). Check the file and the folder of --data."
            ) from error
        if not self.places:
            raise ConfigurationError(f"{path} has no row with a picture. {self._fix}")
        # Of two rows of a name the first one is meant, but no damaged one in place of a whole one.
        last_to_first = sorted(reversed(self.places), key=lambda place: place.problem is None)
        self._by_index = {place.index: place for place in last_to_first}

    def read_row(self, place: RowPlace) -> BenchmarkRow:
        """Read a row.

        Raises:
            DamagedItemError: If it cannot be read.
        """
        if place.problem is not None:
            raise DamagedItemError(str(place.problem))
        cells = read_row_at(self.path, TAB, place.offset)
        return BenchmarkRow(dict(zip(self._names, cells, strict=False)), place.location, self._fix)

    def read_pictures(self, row: BenchmarkRow) -> list[BenchmarkPicture]:
        """Read the pictures of a row, in their order.

        Raises:
            DamagedItemError: If one is missing or broken.
        """
        pictures = []
        for text in _read_texts(row):
            if len(text) > _LONGEST_REFERENCE:
                pictures.append(self._decode(text, row, row))
            else:
                named = self._read_named_row(text, row)
                pictures += [self._decode(other, named, row) for other in _read_texts(named)]
        return pictures

    def _read_named_row(self, index: str, row: BenchmarkRow) -> BenchmarkRow:
        place = self._by_index.get(index)
        if place is None:
            raise row.damage(
                IMAGE,
                repr(shorten(index)),
                expected="a picture in base64, or the index of a row that has it",
            )
        named = self.read_row(place)
        if any(len(text) <= _LONGEST_REFERENCE for text in _read_texts(named)):
            raise row.damage(
                IMAGE,
                f"{shorten(index)!r}, a row that has no picture of its own",
                expected="the index of a row that has",
            )
        return named

    def _decode(self, text: str, row: BenchmarkRow, asked: BenchmarkRow) -> BenchmarkPicture:
        try:
            data = decode_base64(text)
            # A broken picture is a damaged row, and must not fail the run when it is sent.
            ImagePolicy().check_num_bytes(len(data))
            decode_file(data, ImagePolicy())
        except ImageError as error:
            raise asked.damage(IMAGE, str(error), expected="a picture in base64") from error
        return BenchmarkPicture(data, f"{self.path.name} row {row.index}")

    def _check_columns(self, columns: Sequence[str]) -> None:
        if missing := [column for column in columns if column not in self._names]:
            found = ", ".join(map(shorten, self._names)) or "nothing"
            raise ConfigurationError(
                f"{self.path}:1: no column {' and no column '.join(map(repr, missing))}; expected a table in "
                f"TSV with {', '.join(columns)}, got {shorten(found, 200)}. {self._fix}"
            )

    def _find_places(self) -> Iterator[RowPlace]:
        image = self._names.index(IMAGE)
        for row in read_whole_rows(self.path, len(self._names), self._fix):
            if row.problem is None and not row.cells[image].strip():
                self.num_skipped += 1
            else:
                yield self._place_of(row)

    def _place_of(self, row: Row) -> RowPlace:
        if row.problem is not None:
            index = read_first_cell(self.path, row.offset) if self._names[0] == INDEX else ""
            return RowPlace(row.location, row.offset, index, tuple("" for _ in self._kept), row.problem)
        texts = dict(zip(self._names, row.cells, strict=True))
        kept = tuple(texts.get(name, "") for name in self._kept)
        return RowPlace(row.location, row.offset, texts[INDEX].strip(), kept)


def _read_texts(row: BenchmarkRow) -> Sequence[str]:
    cell = row.read(IMAGE)
    try:
        return read_list(cell)
    except DataError as error:
        raise row.damage(IMAGE, str(error), expected="a picture in base64, or a list of them") from error
