"""The files of benchmarks: found, read row by row, and said where they are damaged."""

import base64
import random
import tracemalloc
from pathlib import Path

import pytest

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.benchmark_files.published_files import (
    PUBLISHED_FILES,
    find_benchmark_file,
    find_published,
)
from langchain_llava_o1.evaluation.benchmark_files.table import BenchmarkTable
from langchain_llava_o1.evaluation.item import DamagedItemError
from tests.evaluation.benchmark_files import draw, in_base64, write_table

FILE = PUBLISHED_FILES["MMStar"]


def open_table(path: Path) -> BenchmarkTable:
    return BenchmarkTable(path, FILE, ("question",))


def read_all(table: BenchmarkTable) -> list[list[bytes]]:
    return [
        [picture.data for picture in table.read_pictures(table.read_row(place))] for place in table.places
    ]


def test_pictures_stand_in_the_row_in_another_or_in_a_list(tmp_path: Path) -> None:
    listed = f"['{in_base64(1)}', '{in_base64(2)}']"
    rows = [
        {"index": "7", "question": "One?", "image": in_base64(1)},
        {"index": "8", "question": "Named?", "image": "7"},
        {"index": "9", "question": "Two\nlines?\tYes.", "image": listed},
        {"index": "10", "question": "None?", "image": ""},
        {"index": "11", "question": "Both of the other?", "image": "9"},
        {"index": "12", "question": "Mixed?", "image": f'["7", "{in_base64(3)}"]'},
    ]
    table = open_table(write_table(tmp_path, "MMStar", rows))
    assert read_all(table) == [
        [draw(1)],
        [draw(1)],
        [draw(1), draw(2)],
        [draw(1), draw(2)],
        [draw(1), draw(3)],
    ]
    assert table.num_skipped == 1
    assert table.read_row(table.places[2]).read("question") == "Two\nlines?\tYes."
    mixed = table.read_pictures(table.read_row(table.places[4]))
    assert [picture.source for picture in mixed] == ["MMStar.tsv row 7", "MMStar.tsv row 12"]


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (
            "99",
            "row 8, column 'image': '99'; expected a picture in base64, or the index of a row",
        ),
        ("9", "'9', a row that has no picture of its own"),
        ("A" * 100, "expected a picture in base64"),
        ("!" * 100, "expected a picture in base64"),
        (in_base64(1)[:400], "expected a picture in base64"),
        ("[unfinished]", "expected a picture in base64, or a list of them"),
    ],
)
def test_a_damaged_picture_is_named_and_the_other_rows_go_on(
    tmp_path: Path, image: str, message: str
) -> None:
    rows = [
        {"index": "7", "question": "One\nof two?", "image": in_base64(1)},
        {"index": "8", "question": "Damaged?", "image": image},
        {"index": "9", "question": "Named?", "image": "7"},
    ]
    path = write_table(tmp_path, "MMStar", rows)
    table = open_table(path)
    damaged = table.read_row(table.places[1])
    with pytest.raises(DamagedItemError) as failure:
        table.read_pictures(damaged)
    assert message in str(failure.value)
    # The row of line 2 has two lines.
    assert str(failure.value).startswith(f"{path}:4: ")
    assert "llava-o1 bench fetch mmstar" in str(failure.value)
    assert table.read_pictures(table.read_row(table.places[2]))[0].data == draw(1)


def test_a_row_with_too_few_cells_is_named_and_the_other_rows_go_on(tmp_path: Path) -> None:
    path = tmp_path / "MMStar.tsv"
    path.write_text(
        f"index\tquestion\timage\n1\tOne?\t{in_base64(1)}\n2\tTwo?\n3\tThree?\t{in_base64(3)}\n",
        encoding="utf-8",
    )
    table = open_table(path)
    with pytest.raises(DamagedItemError, match=r"MMStar\.tsv:3: a row of 2 cells; expected 3 cells\."):
        table.read_row(table.places[1])
    # Its first cell says which one it is.
    assert [place.index for place in table.places] == ["1", "2", "3"]
    assert table.read_pictures(table.read_row(table.places[2]))[0].data == draw(3)


def test_a_damaged_row_is_not_taken_for_a_whole_one_of_its_name(tmp_path: Path) -> None:
    path = tmp_path / "MMStar.tsv"
    long = "x" * 300
    rows = f'3\tTwo\n"2"\tTwo?\n{long}\tLong?\n3\tThree?\t{in_base64(3)}\n4\tFour?\t3\n'
    path.write_text(f"index\tquestion\timage\n{rows}", encoding="utf-8")
    table = open_table(path)
    assert [place.index for place in table.places] == ["3", "2", "", "3", "4"]
    assert read_all_but_damaged(table) == [[draw(3)], [draw(3)]]


def test_a_damaged_row_has_no_name_where_its_first_cell_is_something_else(tmp_path: Path) -> None:
    path = tmp_path / "MMStar.tsv"
    path.write_text(f"question\tindex\timage\nOne?\t1\t{in_base64(1)}\n2\n", encoding="utf-8")
    assert [place.index for place in open_table(path).places] == ["1", ""]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_missing_quotation_mark_costs_one_row(tmp_path: Path, ending: str) -> None:
    lines = [
        "index\tquestion\timage",
        f'1\t"Two{ending}lines?"\t{in_base64(1)}',
        f'2\t"Without an end?\t{in_base64(2)}',
        f"3\tThree?\t{in_base64(3)}",
        f'4\t"Four{ending}lines?"\t{in_base64(4)}',
        f"5\tFive?\t{in_base64(5)}",
    ]
    path = tmp_path / "MMStar.tsv"
    path.write_bytes((ending.join(lines) + ending).encode())
    table = open_table(path)
    assert [place.index for place in table.places] == ["1", "2", "3", "4", "5"]
    with pytest.raises(DamagedItemError, match=r"MMStar\.tsv:4: a row of"):
        table.read_row(table.places[1])
    for number, place in zip((3, 4, 5), table.places[2:], strict=True):
        row = table.read_row(place)
        assert (row.index, row.location.line) == (str(number), {3: 5, 4: 6, 5: 8}[number])
        assert table.read_pictures(row)[0].data == draw(number)


def test_a_missing_quotation_mark_in_the_last_row_costs_that_row(tmp_path: Path) -> None:
    path = tmp_path / "MMStar.tsv"
    path.write_text(
        f'index\tquestion\timage\n1\tOne?\t{in_base64(1)}\n2\t"Two?\t{in_base64(2)}\n3\tThree?\t{in_base64(3)}\n'
    )
    assert [place.index for place in open_table(path).places] == ["1", "2", "3"]


def test_text_that_is_no_utf8_costs_its_row(tmp_path: Path) -> None:
    path = tmp_path / "MMStar.tsv"
    rows = f"1\tOne?\t{in_base64(1)}\n2\tÜber?\t{in_base64(2)}\n"
    path.write_bytes(f"index\tquestion\timage\n{rows}".encode("latin-1"))
    table = open_table(path)
    assert read_all_but_damaged(table) == [[draw(1)]]
    with pytest.raises(DamagedItemError, match=r"MMStar\.tsv:3: text that is not in UTF-8"):
        table.read_row(table.places[1])


def read_all_but_damaged(table: BenchmarkTable) -> list[list[bytes]]:
    return [
        [picture.data for picture in table.read_pictures(table.read_row(place))]
        for place in table.places
        if place.problem is None
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"no column 'index' and no column 'image' and no column 'question'.*got nothing"),
        ("<html><body>Not found</body></html>", "got <html><body>Not found"),
        ("index,question,image\n1,Q,x\n", "no column 'index'"),
        ("index\tquestion\timage\n1\tQ\t\n", "no row with a picture"),
        ("index\tquestion\timage\n", "no row with a picture"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "MMStar.tsv"
    path.write_text(content)
    with pytest.raises(ConfigurationError, match=message) as failure:
        open_table(path)
    assert "Fetch the file anew: llava-o1 bench fetch mmstar." in str(failure.value)


def test_files_are_found_where_they_are_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LMUData", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with pytest.raises(ConfigurationError, match=r"home/LMUData/MMStar\.tsv\. Fetch it with `llava-o1 bench"):
        find_benchmark_file(FILE, None)
    path = write_table(tmp_path / "shared", "MMStar", [{"index": "1"}])
    monkeypatch.setenv("LMUData", str(path.parent))
    assert find_benchmark_file(FILE, None) == path
    with pytest.raises(ConfigurationError, match=r"There is no .*own/MMStar\.tsv.* mmstar --data .*own`"):
        find_benchmark_file(FILE, tmp_path / "own")


def test_published_files_are_known_by_benchmark_and_by_name() -> None:
    assert find_published("ai2d") == PUBLISHED_FILES["AI2D_TEST_NO_MASK"]
    assert find_published("AI2D_TEST").fetch_command == "llava-o1 bench fetch AI2D_TEST"
    for name in ("some", ""):
        with pytest.raises(ConfigurationError, match=r"there are mmstar, mmbench.* AI2D_TEST, Hallusion"):
            find_published(name)


def test_a_large_file_takes_little_memory(tmp_path: Path) -> None:
    """40 MB in rows of about a fifth of one: the index is small, and rows are read one at a time."""
    path = tmp_path / "MMStar.tsv"
    noise = base64.b64encode(random.Random(0).randbytes(150_000)).decode()
    with path.open("w") as file:
        file.write("index\tquestion\timage\n")
        for number in range(200):
            file.write(f'{number}\t"A ""question""\nin two lines?"\t{noise}\n')
    assert path.stat().st_size > 40_000_000
    tracemalloc.start()
    try:
        table = open_table(path)
        rows = [table.read_row(place).index for place in table.places]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert rows == [str(number) for number in range(200)]
    assert peak < 10_000_000
