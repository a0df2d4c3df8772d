"""Tables and benchmarks as sets: columns, pictures in cells, and what is refused."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langchain_llava_o1.data.formats.question_table import Columns
from langchain_llava_o1.data.formats.rows import read_row_at, read_rows
from langchain_llava_o1.data.opening import open_evaluation_set, open_training_set
from langchain_llava_o1.errors import ConfigurationError
from tests.data.sets import conversation, draw, in_base64, staged, write_benchmark, write_pictures, write_set


def test_a_csv_file_is_a_set(tmp_path: Path) -> None:
    write_pictures(tmp_path, "red")
    path = tmp_path / "table.csv"
    path.write_text(
        f'\ufeffid,image,question,answer,level\n7,red.png,"Which\ncolour?","{staged()}",3\n,,Why?,Because,\n',
        encoding="utf-8",
    )
    opened = open_training_set(path)
    first, second = opened
    assert (first.id, first.pictures, first.questions) == ("7", ("red.png",), ["Which\ncolour?"])
    assert (first.answers, dict(first.extra)) == ([staged()], {"level": "3"})
    assert opened.open_pictures(first)[0].image.size == (12, 8)
    assert second.pictures == ()
    assert path.read_text().splitlines()[second.location.line - 1] == ",,Why?,Because,"


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_columns_may_have_other_names(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"table.{ending}"
    path.write_text(
        "file,prompt,response\na.png,Q,A\n"
        if ending == "csv"
        else '{"file": "a.png", "prompt": "Q", "response": "A"}\n'
    )
    (example,) = open_training_set(
        path, columns=Columns(picture="file", question="prompt", answer="response")
    )
    assert (example.pictures, example.questions, example.answers) == (("a.png",), ["Q"], ["A"])
    with pytest.raises(ConfigurationError, match=r"it has file, prompt, response"):
        open_training_set(path, columns=Columns(question="ask"))


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_row_without_an_id_is_called_the_same_wherever_it_stands(tmp_path: Path, ending: str) -> None:
    rows = [
        ("a.png", "Which?", "4"),
        ("b.png", "Which?", "4"),
        ("a.png", "Who?", "4"),
        ("a.png", "Which?", "5"),
    ]

    def write(*rows: tuple[str, str, str]) -> list[str]:
        path = tmp_path / f"table.{ending}"
        names = ("image", "question", "answer")
        if ending == "csv":
            path.write_text("".join(",".join(cells) + "\n" for cells in (names, *rows)))
        else:
            write_set(path, *(dict(zip(names, cells, strict=True)) for cells in rows))
        return [example.id for example in open_training_set(path)]

    ids = write(*rows)
    assert len(set(ids)) == 4
    assert write(("c.png", "New?", "1"), *rows)[1:] == ids
    assert write(rows[0], rows[1], rows[0], rows[0]) == [ids[0], ids[1], f"{ids[0]}-2", f"{ids[0]}-3"]


def test_rows_as_json_are_told_from_conversations(tmp_path: Path) -> None:
    rows = write_set(tmp_path / "rows.jsonl", "{", {"question": "Q", "answer": 4, "image": None})
    assert [example.answers for example in open_training_set(rows)] == [["4"]]
    both = write_set(tmp_path / "both.jsonl", conversation(question="Q", answer="A") | {"answer": "x"})
    assert [example.answers for example in open_training_set(both)] == [["A"]]


def test_bad_rows_are_told_and_the_others_go_on(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"question,answer\nQ,\n\xff,A\n\nQ,A\n")
    lines = list(open_training_set(path).read_lines())
    assert [(line.location.line, line.example is not None) for line in lines] == [
        (2, False),
        (3, False),
        (5, True),
    ]
    assert [(problem.kind, problem.field) for line in lines for problem in line.problems] == [
        ("empty cell", "answer"),
        ("broken line", ""),
    ]
    assert "UTF-8" in lines[1].problems[0].fix


@settings(max_examples=40)
@given(
    rows=st.lists(
        st.lists(st.text(st.sampled_from('ab,"\n é'), max_size=5), min_size=2, max_size=2), max_size=6
    )
)
def test_a_row_is_found_again_where_it_begins(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    path.write_text("".join(f"{row}\n" for row in quoted), encoding="utf-8")
    read = list(read_rows(path, ","))
    assert [list(row.cells) for row in read] == rows
    assert [read_row_at(path, ",", row.offset) for row in read] == [row.cells for row in read]


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    listed = f"['{in_base64('red')}', '{in_base64('teal')}']"
    return write_benchmark(
        tmp_path / "Bench.tsv",
        {"index": "1", "image": "3", "question": "Which colour?", "A": "red", "B": "blue", "answer": "B"},
        {"index": "2", "image": "9", "question": "Lost?"},
        {"index": "3", "image": in_base64("blue"), "question": "And now?", "hint": "Look.", "answer": "blue"},
        {"index": "4", "image": listed, "question": "Both?", "category": "pairs"},
        {"index": "5", "image": "1", "question": "Named twice?"},
    )


def test_a_benchmark_is_no_training_data_unless_forced(bench: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"Bench\.tsv is a benchmark\. .*--allow-benchmark"):
        open_training_set(bench)
    assert open_training_set(bench, allow_benchmark=True).find("3").answers == ["blue"]


def test_a_benchmarks_rows_have_their_pictures_wherever_they_are(bench: Path) -> None:
    opened = open_evaluation_set(bench)
    found = {example.id: [opened.pictures.read(path) for path in example.pictures] for example in opened}
    assert found == {"1": [draw("blue")], "3": [draw("blue")], "4": [draw("red"), draw("teal")]}
    assert opened.find("1").questions == ["Which colour?\nA. red\nB. blue"]
    problems = [problem for line in opened.read_lines() for problem in line.problems]
    assert [(problem.line, problem.kind) for problem in problems] == [
        (3, "missing picture"),
        (6, "missing picture"),
    ]


def test_a_benchmark_that_was_fetched_is_found_by_its_name(
    bench: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LMUData", str(bench.parent))
    assert open_evaluation_set("Bench").path == bench


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("set.tsv", "question\tanswer\n", "no column 'index'"),
        ("set.csv", "", "has none"),
        ("set.txt", "", "of no known kind"),
        ("set.csv", "q,a\n", "no column 'question' and no column 'answer'; it has q, a"),
    ],
)
def test_what_is_no_set_is_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        open_training_set(tmp_path / name, allow_benchmark=True)


def test_a_folder_is_its_only_set(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="it holds none"):
        open_training_set(tmp_path)
    path = write_set(tmp_path / "train.jsonl", conversation())
    assert open_training_set(tmp_path).path == path
    write_set(tmp_path / "more.jsonl", conversation())
    with pytest.raises(ConfigurationError, match=r"it holds more\.jsonl, train\.jsonl"):
        open_training_set(tmp_path)
    with pytest.raises(ConfigurationError, match="no data set at"):
        open_training_set(tmp_path / "nowhere")
