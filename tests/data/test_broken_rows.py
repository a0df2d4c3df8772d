"""Rows of a table that are not as they should be cost themselves alone, and are told."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_llava_o1.data.example import ReadLine
from langchain_llava_o1.data.formats.rows import read_row_at, read_rows
from langchain_llava_o1.data.opening import open_evaluation_set, open_training_set
from tests.data.sets import in_base64

HEADER = "id,image,question,answer"


def read(folder: Path, *lines: str) -> list[ReadLine]:
    path = folder / "table.csv"
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return list(open_training_set(path).read_lines())


def answers(lines: list[ReadLine]) -> dict[str, str]:
    return {line.example.id: line.example.answers[0] for line in lines if line.example is not None}


def told(lines: list[ReadLine]) -> dict[int, str]:
    problems = [problem for line in lines for problem in line.problems]
    assert all(problem.is_left_out and problem.kind == "broken line" for problem in problems)
    return {problem.line: problem.found for problem in problems}


def test_a_row_with_too_many_or_too_few_cells_is_no_example(tmp_path: Path) -> None:
    lines = read(
        tmp_path, "1,,What colours?,red, green", "2,,How many, and where?,3", "3,,Why?", "x", "5,,Which?,red"
    )
    assert answers(lines) == {"5": "red"}
    assert told(lines) == {
        2: "5 cells, the table has 4 columns",
        3: "5 cells, the table has 4 columns",
        4: "3 cells, the table has 4 columns",
        5: "1 cell, the table has 4 columns",
    }
    assert "Put a text with a comma in quotation marks" in lines[0].problems[0].fix


def test_a_row_of_a_benchmark_with_other_cells_is_no_item(tmp_path: Path) -> None:
    path = tmp_path / "Bench.tsv"
    path.write_text(f"image\tquestion\tindex\n\tWhy?\n\ta\tb\tc\n{in_base64('red')}\tWhich?\t7\n")
    lines = list(open_evaluation_set(path).read_lines())
    assert [line.example.id for line in lines if line.example is not None] == ["7"]
    assert list(told(lines)) == [2, 3]
    assert "Put a text with a tab in quotation marks" in lines[0].problems[0].fix


def test_a_quotation_mark_that_is_not_closed_costs_its_line_alone(tmp_path: Path) -> None:
    lines = read(tmp_path, '1,,Q1?,"2', "2,,Q2?,blue", "3,,Q3?,red")
    assert answers(lines) == {"2": "blue", "3": "red"}
    assert told(lines) == {2: "a quotation mark that is not closed"}


def test_texts_of_several_lines_are_read_around_one_that_is_not_closed(tmp_path: Path) -> None:
    lines = read(
        tmp_path,
        '0,,Q0?,"a',
        'b, ""c"""',
        '1,,Q1?,"2',
        "2,,Q2?,blue",
        '3,,"Which',
        'one?",red',
        '4,,Q4?,"x',
        '5,,"Stop" sign?,"y"',
    )
    assert answers(lines) == {"0": 'a\nb, "c"', "2": "blue", "3": "red", "5": "y"}
    assert lines[3].example is not None
    assert lines[3].example.questions == ["Which\none?"]
    assert told(lines) == {4: "a quotation mark that is not closed", 8: "a quotation mark that is not closed"}


def test_a_header_whose_quotation_mark_is_not_closed_is_told(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text('id,"question,answer\n1,Q,A\n')
    with pytest.raises(ValueError, match="no column 'question'"):
        open_training_set(path)


@given(lines=st.lists(st.text(st.sampled_from('ab,"'), max_size=6), max_size=8))
def test_each_row_begins_where_the_one_before_it_ends(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    """Whatever is in the lines, none is passed over, and what is read is found again."""
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    path.write_text("".join(f"{line}\n" for line in lines))
    found = list(read_rows(path, ","))
    taken: set[int] = set()
    for row in found:
        first = row.location.line
        if row.problem is None:
            assert read_row_at(path, ",", row.offset) == row.cells
        num_lines = 1 if row.problem is not None else 1 + sum(cell.count("\n") for cell in row.cells)
        assert taken.isdisjoint(range(first, first + num_lines))
        taken.update(range(first, first + num_lines))
    assert taken >= {number for number, line in enumerate(lines, start=1) if line}


def test_no_line_is_read_more_than_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line leaves a quotation mark open, whether one is open where it begins or not."""
    taken: list[str] = []
    read_csv = csv.reader

    def note(line: str) -> str:
        taken.append(line)
        return line

    monkeypatch.setattr(csv, "reader", lambda lines, **options: read_csv(map(note, lines), **options))
    path = tmp_path / "rows.csv"
    path.write_text('a",x,"c\n' * 500)
    assert len(list(read_rows(path, ","))) == 500
    # The last line is tried by itself once more.
    assert len(taken) <= 2 * 500 + 2
