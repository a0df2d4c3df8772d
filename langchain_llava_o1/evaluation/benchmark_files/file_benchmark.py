"""A benchmark whose items are the rows of a file."""

import threading
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property

from langchain_llava_o1.evaluation.benchmark import NO_RESOURCES, Benchmark, Resources
from langchain_llava_o1.evaluation.benchmark_files.published_files import (
    PUBLISHED_FILES,
    PublishedFile,
    find_benchmark_file,
    md5_of,
)
from langchain_llava_o1.evaluation.benchmark_files.row import BenchmarkRow
from langchain_llava_o1.evaluation.benchmark_files.table import BenchmarkTable, RowPlace
from langchain_llava_o1.evaluation.item import DamagedItemError, DataFile, Item


class FileBenchmark(Benchmark):
    """An item is a row with a picture; a damaged row is an item that cannot be read.

    Attributes:
        columns: What its file must have beside an index and pictures.
        kept_columns: Columns whose texts are kept in memory.
        published: What its file is published as.
        table: The rows of its file.
        places: Where the row of each item is, by the item's number.
    """

    columns: Sequence[str] = ("question", "answer")
    kept_columns: Sequence[str] = ()

    def __init__(self, name: str, options: Mapping[str, str], resources: Resources = NO_RESOURCES) -> None:
        """Find the rows of the file.

        Raises:
            ConfigurationError: If the file is missing, or is none of this benchmark.
        """
        super().__init__(name, options, resources)
        self.published = PUBLISHED_FILES[self.published_name]
        self.table = self._open_table(self.published)
        self.places = self.order_places(self.table.places)
        self.num_items = len(self.places)
        self._reading = threading.Lock()

    @cached_property
    def data_file(self) -> DataFile:
        """Its file; the digest is computed once."""
        return DataFile(self.table.path.name, md5_of(self.table.path))

    @property
    @abstractmethod
    def published_name(self) -> str:
        """Name of the published file that the options choose."""

    @abstractmethod
    def make_item(self, row: BenchmarkRow, pictures: Sequence[bytes], sources: Sequence[str]) -> Item:
        """Make the item of a row.

        Raises:
            DamagedItemError: If a cell is not as it should be.
        """

    def remarks(self) -> Sequence[str]:
        """Say how many rows are not asked, and that the file is not the one that is published."""
        remarks = []
        if number := self.table.num_skipped:
            rows = "1 row has" if number == 1 else f"{number:,} rows have"
            remarks.append(f"{self.table.path.name}: {rows} no picture, and no question is asked about it.")
        # The digest stands in every report, so that the file is not read for this alone.
        if (found := self.data_file.md5) != self.published.md5:
            where = f" --data {self.resources.data}" if self.resources.data else ""
            remarks.append(
                f"{self.table.path.name} has the MD5 {found}, the published file {self.published.md5}: what "
                "is measured cannot be set beside published figures. Fetch it anew: "
                f"{self.published.fetch_command}{where}"
            )
        return remarks

    def order_places(self, places: Sequence[RowPlace]) -> Sequence[RowPlace]:
        """Return the rows in the order in which they are asked: by default that of the file."""
        return places

    def read_item(self, number: int) -> Item:
        """Read the row of an item and its pictures."""
        if number >= len(self.places):
            # Answers that are kept may be to another file.
            raise DamagedItemError(
                f"{self.table.path} has no item {number}: it has {len(self.places)}, numbered from 0."
            )
        # A row may take megabytes: one is read at a time, however many threads ask for them.
        with self._reading:
            row = self.table.read_row(self.places[number])
            pictures = self.table.read_pictures(row)
            return self.make_item(
                row, [picture.data for picture in pictures], [picture.source for picture in pictures]
            )

    def read_practice_item(self, number: int) -> Item:
        """Read the first item from ``number`` on that is not damaged.

        Raises:
            DamagedItemError: If all are.
        """
        for candidate in range(number, len(self.places) - 1):
            try:
                return self.read_item(candidate)
            except DamagedItemError:
                continue
        return self.read_item(len(self.places) - 1)

    def _open_table(self, published: PublishedFile) -> BenchmarkTable:
        path = find_benchmark_file(published, self.resources.data)
        return BenchmarkTable(path, published, self.columns, self.kept_columns)
