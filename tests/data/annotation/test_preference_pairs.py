"""Pairs of right and wrong answers: what they are made of, and how they are written."""

import asyncio
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset
from langchain_core.messages import AIMessage

from langchain_llava_o1.data.annotation.plan import AnnotationPlan
from langchain_llava_o1.data.annotation.preference_pairs import PairReport, draw_preference_pairs
from langchain_llava_o1.data.annotation.spending import Budget
from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.verdict import read_verdict
from tests.data.annotation.teaching import conclude, open_questions, prompt_of, read_json_lines, say, teach
from tests.data.sets import staged
from tests.scripted_model import Call, ScriptedModel


def draw(model: ScriptedModel, name: Any, questions: Any, path: Path, **options: Any) -> PairReport:
    plan = AnnotationPlan(
        name, validator="rule", shows_reference=False, budget=options.pop("budget", Budget())
    )
    return asyncio.run(draw_preference_pairs(questions, path, plan, **{"num_answers": 4, **options}))


def write_different(call: Call) -> AIMessage:
    """Right and wrong by turns for the first question, always right for the second one."""
    number = next(_numbers)
    return conclude("7" if "number 1" in prompt_of(call) or number % 2 else str(100 + number))


_numbers = count()


def test_a_pair_has_a_right_and_a_wrong_answer(tmp_path: Path) -> None:
    questions, path = open_questions(tmp_path, "7", "7"), tmp_path / "pairs" / "pairs.jsonl"
    model, name = teach(write_different)
    report = draw(model, name, questions, path, max_pairs=1, concurrency=1)
    assert (report.num_questions, report.num_done, report.num_pairs) == (2, 2, 1)
    (pair,) = read_json_lines(path)
    assert pair["id"] == "q0-1"
    assert pair["prompt"] == [
        {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is number 0?"}]}
    ]
    assert pair["chosen"][0]["content"][0]["text"] == staged(conclusion="7")
    assert "<CONCLUSION>10" in pair["rejected"][0]["content"][0]["text"]
    assert (path.parent / pair["images"][0]).read_bytes() == (tmp_path / "red.png").read_bytes()
    assert set(Dataset.from_json(str(path)).column_names) >= {"prompt", "images", "chosen", "rejected"}
    assert all("standard answer" not in prompt_of(call) for call in model.calls)


def test_verdicts_are_a_set_that_names_the_right_answer_in_either_place(tmp_path: Path) -> None:
    questions, path = open_questions(tmp_path, *["7"] * 12), tmp_path / "verdicts.jsonl"
    replies = count()
    model, name = teach(lambda call: conclude("7" if next(replies) % 2 else "8"))
    draw(model, name, questions, path, form="verdict", concurrency=1)
    choices = set()
    for example in open_training_set(path, pictures=tmp_path):
        asked, answered = example.questions[-1], example.answers[-1]
        first, second = asked.split("\nResponse 1: ")[1].split("\nResponse 2: ")
        choice = read_verdict(answered).choice
        assert "<CONCLUSION>7" in (first if choice == 1 else second)
        assert "<CONCLUSION>8" in (second if choice == 1 else first)
        assert example.pictures
        choices.add(choice)
    assert choices == {1, 2}


def test_what_was_drawn_is_not_drawn_again(tmp_path: Path) -> None:
    questions, path = open_questions(tmp_path, "7", "7", "7"), tmp_path / "pairs.jsonl"
    is_broken, replies = True, count()

    def write(call: Call) -> AIMessage:
        number = next(replies)
        if is_broken and "number 2" in prompt_of(call) and number > 9:
            raise RuntimeError("out of service")
        return conclude("7" if number % 2 else "8")

    model, name = teach(write)
    report = draw(model, name, questions, path, concurrency=1)
    assert (report.num_done, report.num_pairs) == (2, 2)
    assert report.failures == {"q2": "RuntimeError: out of service"}
    path.write_bytes(path.read_bytes() + b'{"id": "q2-1", "im')
    is_broken, num_calls = False, len(model.calls)
    report = draw(model, name, questions, path, concurrency=1)
    # Two of its four answers are known.
    assert len(model.calls) == num_calls + 2
    assert [pair["id"] for pair in read_json_lines(path)] == ["q0-1", "q1-1", "q2-1"]
    assert draw(model, name, questions, path).num_pairs == 3
    assert len(model.calls) == num_calls + 2
    with pytest.raises(ConfigurationError, match="form was 'preference' and is now 'verdict'"):
        draw(model, name, questions, path, form="verdict")


def test_a_question_that_was_changed_is_answered_again(tmp_path: Path) -> None:
    path, replies = tmp_path / "pairs.jsonl", count()
    model, name = teach(lambda call: conclude("7" if next(replies) % 2 else "8"))
    draw(model, name, open_questions(tmp_path, "7", "7"), path, concurrency=1)
    report = draw(model, name, open_questions(tmp_path, "7", "8"), path, concurrency=1)
    # The reference is not shown, so that the answers that are known are compared with the new one.
    assert (report.num_done, report.num_pairs, len(model.calls)) == (2, 2, 8)
    pairs = {pair["id"]: pair for pair in read_json_lines(path)}
    assert len(read_json_lines(path)) == 2
    assert pairs["q1-1"]["reference"] == "8"
    assert "<CONCLUSION>8<" in pairs["q1-1"]["chosen"][0]["content"][0]["text"]
    draw(model, name, open_questions(tmp_path, "7", "8", hint="Look."), path, concurrency=1)
    assert len(read_json_lines(path)) == 2


@pytest.mark.parametrize("line", [b'{"prompt": [], "chosen": []}\n', b'{"id": "a-1", "chosen": []}\n', b""])
def test_a_file_that_something_else_wrote_is_refused(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(line)
    model, name = teach(lambda call: conclude("7"))
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=r"pairs\.jsonl is there already, .* Name another file"):
            draw(model, name, open_questions(tmp_path, "7"), path)
    assert path.read_bytes() == line
    assert not model.calls


def test_a_line_that_something_else_added_is_told(tmp_path: Path) -> None:
    path, replies = tmp_path / "pairs.jsonl", count()
    model, name = teach(lambda call: conclude("7" if next(replies) % 2 else "8"))
    draw(model, name, open_questions(tmp_path, "7"), path)
    path.write_bytes(path.read_bytes() + b'{"prompt": []}\n')
    with pytest.raises(ConfigurationError, match=r"pairs\.jsonl:2: there is no pair with an id"):
        draw(model, name, open_questions(tmp_path, "7"), path)


def test_the_budget_stops_it(tmp_path: Path) -> None:
    model, name = teach(lambda call: say("no stages"))
    report = draw(
        model, name, open_questions(tmp_path, "7", "7"), tmp_path / "p.jsonl", budget=Budget(max_tokens=1)
    )
    assert report.is_budget_reached
    assert not model.calls


def test_a_plan_that_shows_the_answer_is_refused(tmp_path: Path) -> None:
    _, name = teach(lambda call: conclude("7"))
    plan = AnnotationPlan(name, shows_reference=True)
    with pytest.raises(ConfigurationError, match="shows_reference=False"):
        asyncio.run(draw_preference_pairs(open_questions(tmp_path, "7"), tmp_path / "p.jsonl", plan))
