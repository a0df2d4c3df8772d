"""One line of the published format: read without ever failing, and written.

A line is one object: ``id``, ``image`` (a path, a list of them, or missing) and ``conversations``, a list of
``{"from": "human" | "gpt", "value": …}``. Source: the data set Xkev/LLaVA-CoT-100k.
"""

import json
from collections.abc import Mapping
from typing import Any

from langchain_llava_o1.data.example import ASSISTANT, HUMAN, PLACEHOLDER, Example, ReadLine, Turn
from langchain_llava_o1.data.problem import Location, Problem
from langchain_llava_o1.pictures.base64_text import shorten

_SPEAKERS = (HUMAN, ASSISTANT)
OWN_FIELDS = frozenset({"id", "image", "conversations"})
"""What a line holds; any other field is kept as it is."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_RENAMED = {"user": HUMAN, "assistant": ASSISTANT, "model": ASSISTANT, "bot": ASSISTANT}


class _Unusable(Exception):
    """A line gives no example; holds why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read_record(line: bytes, location: Location) -> Mapping[str, Any] | Problem:
    """Read the object of a line of JSON, or say why there is none."""
    try:
        record = json.loads(line.removeprefix(_BYTE_ORDER_MARK).rstrip().decode())
        if b"\\u" in line:
            # Half of a character from outside the basic plane can stand in JSON, and in no file.
            json.dumps(record, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        reason = f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else error
        return location.problem(
            "",
            "broken line",
            f"no JSON in UTF-8 ({reason}): {shorten(line.decode(errors='replace').strip())!r}",
            expected="one JSON object on a line",
            fix="Write the line anew, or delete it.",
            is_left_out=True,
        )
    if isinstance(record, dict):
        return record
    return location.problem(
        "",
        "broken line",
        f"a JSON {_name_type(record)}",
        expected="one JSON object on a line",
        fix="Write it as an object, between { and }.",
        is_left_out=True,
    )


def read_line(line: bytes, location: Location) -> ReadLine:
    """Read a line of the published format."""
    record = read_record(line, location)
    if isinstance(record, Problem):
        return ReadLine(location, None, (record,))
    return read_conversation(record, location)


def read_conversation(record: Mapping[str, Any], location: Location) -> ReadLine:
    """Read the example in an object of the published format."""
    problems: list[Problem] = []
    try:
        example = Example(
            id=_read_id(record, location, problems),
            pictures=_read_pictures(record, location),
            turns=_read_turns(record, location),
            extra={name: value for name, value in record.items() if name not in OWN_FIELDS},
            location=location,
        )
    except _Unusable as error:
        return ReadLine(location, None, (*problems, error.problem))
    return ReadLine(location, example, (*problems, *_compare_placeholders(example)))


def write_line(example: Example) -> bytes:
    """Write an example as a line of the published format, its end included."""
    record: dict[str, Any] = {"id": example.id}
    if example.pictures:
        record["image"] = example.pictures[0] if len(example.pictures) == 1 else list(example.pictures)
    record["conversations"] = [{"from": turn.speaker, "value": turn.text} for turn in example.turns]
    return (json.dumps({**record, **example.extra}, ensure_ascii=False) + "\n").encode()


def _read_id(record: Mapping[str, Any], location: Location, problems: list[Problem]) -> str:
    given = record.get("id")
    if isinstance(given, str | int) and not isinstance(given, bool) and str(given).strip():
        return str(given)
    problems.append(
        location.problem(
            "id",
            "missing id",
            _describe(record, "id"),
            expected="a text or a number",
            fix=f"Give the line an id of its own; until then it is called line-{location.line}.",
        )
    )
    return f"line-{location.line}"


def _read_pictures(record: Mapping[str, Any], location: Location) -> tuple[str, ...]:
    given = record.get("image")
    if given is None or given == "":
        return ()
    found = given if isinstance(given, list) else [given]
    if all(isinstance(path, str) and path for path in found):
        return tuple(found)
    raise _Unusable(
        location.problem(
            "image",
            "unreadable field",
            _describe(record, "image"),
            expected="a path, or a list of paths",
            fix="Write the path as a text, or leave the field out where there is no picture.",
            is_left_out=True,
        )
    )


def _read_turns(record: Mapping[str, Any], location: Location) -> tuple[Turn, ...]:
    given = record.get("conversations")
    if not isinstance(given, list) or not given:
        raise _Unusable(
            location.problem(
                "conversations",
                "unreadable field",
                _describe(record, "conversations"),
                expected="a list of turns",
                fix='Write it as [{"from": "human", "value": …}, {"from": "gpt", "value": …}].',
                is_left_out=True,
            )
        )
    turns = tuple(_read_turn(turn, number, location) for number, turn in enumerate(given))
    if len(turns) % 2:
        raise _Unusable(
            location.problem(
                f"conversations[{len(turns) - 1}]",
                "question without answer",
                f"the last of {len(turns)} turns is a question",
                expected='an answer, from "gpt", after every question',
                fix="Add the answer, or delete the question.",
                is_left_out=True,
            )
        )
    return turns


def _read_turn(turn: Any, number: int, location: Location) -> Turn:
    name = f"conversations[{number}]"
    if not isinstance(turn, dict) or not isinstance(turn.get("value"), str):
        raise _Unusable(
            location.problem(
                name,
                "unreadable field",
                _describe(turn, "value") if isinstance(turn, dict) else f"a JSON {_name_type(turn)}",
                expected='an object with the texts "from" and "value"',
                fix='Write it as {"from": "human", "value": "…"}.',
                is_left_out=True,
            )
        )
    speaker, expected = turn.get("from"), _SPEAKERS[number % 2]
    if speaker == expected:
        return Turn(expected, turn["value"])
    is_known = isinstance(speaker, str) and speaker in _SPEAKERS
    is_meant = isinstance(speaker, str) and _RENAMED.get(speaker.lower()) == expected
    raise _Unusable(
        location.problem(
            f"{name}.from",
            "turns out of order" if is_known else "unknown role",
            shorten(repr(speaker)),
            expected=f'"{expected}": questions ("{HUMAN}") and answers ("{ASSISTANT}") take turns',
            fix=f'Rename it to "{expected}".' if is_meant else "Delete the turn, or put it in its place.",
            is_left_out=True,
        )
    )


def _compare_placeholders(example: Example) -> tuple[Problem, ...]:
    num_placeholders, num_pictures = example.num_placeholders, len(example.pictures)
    if num_placeholders in (0, num_pictures):
        return ()
    return (
        example.location.problem(
            "conversations",
            "placeholders",
            f"{num_placeholders} times {PLACEHOLDER} for {num_pictures} picture(s)",
            expected="one for each picture, or none",
            fix="Correct the questions; until then the pictures are shown before the first one.",
        ),
    )


def _describe(record: Mapping[str, Any], name: str) -> str:
    return f"{name} is {shorten(repr(record[name]))}" if name in record else f"there is no {name}"


def _name_type(value: object) -> str:
    names = {list: "list", str: "text", bool: "truth value", type(None): "null"}
    return names.get(type(value), "number")
