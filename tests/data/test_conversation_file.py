"""Reading the published format: every good line is found, and every bad one told."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langchain_llava_o1.data.example import Example, Turn
from langchain_llava_o1.data.formats.conversation_file import ConversationFile
from langchain_llava_o1.data.formats.json_line import read_line, write_line
from langchain_llava_o1.data.formats.lines import LineIndex, read_lines
from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.data.picture_files.picture_files import open_picture_files
from langchain_llava_o1.data.problem import Location, Problem
from langchain_llava_o1.errors import ConfigurationError, DataError
from tests.data.sets import conversation, write_set

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
IDS = TEXTS.filter(lambda text: bool(text.strip()))
EXAMPLES = st.builds(
    Example,
    id=IDS,
    pictures=st.lists(TEXTS.filter(bool), max_size=3).map(tuple),
    turns=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3).map(
        lambda pairs: tuple(
            turn for question, answer in pairs for turn in (Turn("human", question), Turn("gpt", answer))
        )
    ),
)


def open_file(path: Path) -> ConversationFile:
    return ConversationFile(path, open_picture_files(path.parent))


def problems_of(path: Path) -> list[Problem]:
    return [problem for line in open_training_set(path).read_lines() for problem in line.problems]


def without(record: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != name}


def test_a_broken_line_17_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    records: list[Any] = [conversation(f"a{number}") for number in range(1, 31)]
    records[16] = json.dumps(records[16])[:40]
    path = write_set(tmp_path / "train.jsonl", *records)
    (problem,) = problems_of(path)
    assert (problem.file, problem.line, problem.is_left_out) == (str(path), 17, True)
    assert str(problem).startswith(f"{path}:17: no JSON in UTF-8")
    assert problem.expected == "one JSON object on a line"
    assert [example.id for example in open_training_set(path)] == [f"a{n}" for n in range(1, 31) if n != 17]


@pytest.mark.parametrize(
    ("record", "field", "kind", "fix"),
    [
        (conversation() | {"conversations": [{"from": "user", "value": "?"}]}, "conversations[0].from",
         "unknown role", 'Rename it to "human".'),
        (conversation() | {"conversations": [{"from": "gpt", "value": "?"}]}, "conversations[0].from",
         "turns out of order", "Delete the turn"),
        (conversation() | {"conversations": [{"from": "human", "value": "?"}]}, "conversations[0]",
         "question without answer", "Add the answer"),
        (conversation() | {"conversations": [{"from": "human", "value": 3}]}, "conversations[0]",
         "unreadable field", "Write it as"),
        (conversation() | {"conversations": []}, "conversations", "unreadable field", "Write it as"),
        (without(conversation(), "conversations") | {"text": "x"}, "conversations", "unreadable field", ""),
        (conversation(image=3), "image", "unreadable field", "Write the path"),
        (conversation(image=["a.png", ""]), "image", "unreadable field", "Write the path"),
        ("[]", "", "broken line", "Write it as"),
        ('{"id": "\\ud800"}', "", "broken line", "Write the line anew"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_used_says_where_and_what_to_do(
    tmp_path: Path, record: dict[str, Any] | str, field: str, kind: str, fix: str
) -> None:
    path = write_set(tmp_path / "train.jsonl", conversation("good"), record, conversation("after"))
    (problem,) = problems_of(path)
    assert (problem.line, problem.field, problem.kind, problem.is_left_out) == (2, field, kind, True)
    assert fix in problem.fix
    assert [example.id for example in open_training_set(path)] == ["good", "after"]


def test_what_can_be_put_up_with_is_told_and_kept(tmp_path: Path) -> None:
    path = write_set(
        tmp_path / "train.jsonl",
        conversation("a"),
        conversation("a"),
        without(conversation(), "id"),
        conversation("b", question="<image> <image> which?", image="one.png"),
    )
    assert [(problem.line, problem.kind, problem.is_left_out) for problem in problems_of(path)] == [
        (2, "repeated id", False),
        (3, "missing id", False),
        (4, "placeholders", False),
    ]
    assert [example.id for example in open_training_set(path)] == ["a", "a", "line-3", "b"]


def test_an_image_is_a_path_a_list_or_missing(tmp_path: Path) -> None:
    path = write_set(
        tmp_path / "train.jsonl",
        conversation(image="a.png"),
        conversation("b", image=["a.png", "b.png"]),
        conversation("c"),
        conversation("d") | {"image": None},
    )
    assert [example.pictures for example in open_training_set(path)] == [
        ("a.png",),
        ("a.png", "b.png"),
        (),
        (),
    ]


def test_examples_are_found_by_id_and_by_number_without_their_pictures(tmp_path: Path) -> None:
    records = [conversation("x", image="none.png"), "", "{", conversation("y"), conversation("x")]
    opened = open_file(write_set(tmp_path / "train.jsonl", *records))
    assert opened.num_lines == 4
    assert opened.read_number(2).location.line == opened.find("y").location.line == 4
    assert opened.find("x").location.line == 1
    with pytest.raises(DataError, match=r"train.jsonl:3: no JSON"):
        opened.read_number(1)
    with pytest.raises(DataError, match="no example with the id 'z'"):
        opened.find("z")
    with pytest.raises(DataError, match="there is no number 4"):
        opened.read_number(4)


def test_one_json_list_is_refused_with_what_to_run(tmp_path: Path) -> None:
    path = tmp_path / "train.json"
    path.write_text(json.dumps([conversation()]))
    with pytest.raises(ConfigurationError, match=r"jq -c"):
        open_training_set(path)


@settings(max_examples=40)
@given(
    lines=st.lists(
        st.one_of(
            EXAMPLES.map(lambda example: (example, write_line(example)[:-1])),
            st.binary(max_size=60).map(lambda line: (None, line.replace(b"\n", b" "))),
        ),
        max_size=8,
    )
)
def test_arbitrary_bytes_raise_nothing_and_hide_no_good_line(
    tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[Example | None, bytes]]
) -> None:
    path = tmp_path_factory.mktemp("set") / "train.jsonl"
    # The first line keeps the file from being a list as a whole, which is refused.
    path.write_bytes(b"\n".join([b"{", *(line for _, line in lines)]))
    opened = open_file(path)
    read = list(opened.read_lines())
    good = [example for example, _ in lines if example is not None]
    assert [line.example for line in read if line.location.line > 1 and line.example] == good
    assert all(line.example or any(problem.is_left_out for problem in line.problems) for line in read)
    assert opened.num_lines == len(read)


@settings(max_examples=40)
@given(EXAMPLES)
def test_an_example_that_is_written_is_read_as_it_was(example: Example) -> None:
    assert read_line(write_line(example), Location("", 1)).example == example


def test_further_fields_survive(tmp_path: Path) -> None:
    path = write_set(tmp_path / "train.jsonl", conversation(source="geo", answer_key={"letter": "B"}))
    (example,) = open_training_set(path)
    assert json.loads(write_line(example))["answer_key"] == {"letter": "B"}


@settings(max_examples=40)
@given(st.lists(st.sampled_from([b"", b" ", b"ab", b"c\r", b"\xef\xbb\xbfd"]), max_size=12))
def test_every_line_is_found_again_by_its_position(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    path = tmp_path_factory.mktemp("lines") / "lines"
    path.write_bytes(b"\n".join(lines))
    index = LineIndex(path)
    assert [index.read(number) for number in range(len(index))] == list(read_lines(path))
    assert [line.number for line in read_lines(path)] == [
        number for number, line in enumerate(lines, start=1) if line.strip()
    ]


def test_a_line_without_end_is_told_and_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_set(tmp_path / "train.jsonl", conversation("a"), conversation("b" * 2000), conversation("c"))
    monkeypatch.setattr("langchain_llava_o1.data.formats.lines.LONGEST_LINE", 1000)
    opened = open_file(path)
    assert [(line.location.line, line.example and line.example.id) for line in opened.read_lines()] == [
        (1, "a"),
        (2, None),
        (3, "c"),
    ]
    assert opened.read_number(2).id == "c"
