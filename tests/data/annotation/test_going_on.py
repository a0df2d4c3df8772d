"""An annotation that was stopped or failed goes on, and nothing is paid twice."""

from pathlib import Path

import pytest
from langchain_core.exceptions import ModelRateLimitError
from langchain_core.messages import AIMessage

from langchain_llava_o1.chat.model_name import ModelName
from langchain_llava_o1.data.annotation import models
from langchain_llava_o1.data.annotation.annotation import annotate, estimate_annotation
from langchain_llava_o1.data.annotation.plan import AnnotationPlan
from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.search.strategy import Strategy
from tests.data.annotation.teaching import (
    conclude,
    is_validation,
    open_questions,
    plan_for,
    prompt_of,
    read_json_lines,
    say,
    teach,
)
from tests.data.sets import write_pictures, write_set
from tests.scripted_model import Call, write_number


def test_an_error_of_the_provider_costs_one_question_and_is_tried_again_by_the_next_start(
    tmp_path: Path,
) -> None:
    is_broken = True

    def write(call: Call) -> AIMessage:
        if is_broken and "number 1" in prompt_of(call):
            raise RuntimeError("no such\ndeployment")
        return conclude("7")

    questions, folder = open_questions(tmp_path, "7", "7", "7"), tmp_path / "set"
    model, name = teach(write)
    report = annotate(questions, folder, AnnotationPlan(name))
    assert (report.num_annotated, report.num_failed) == (2, 1)
    (refusal,) = read_json_lines(folder / "refusals.jsonl")
    assert (refusal["id"], refusal["outcome"]) == ("q1", "error")
    assert refusal["reason"] == "RuntimeError: no such deployment"
    assert annotate(questions, folder, AnnotationPlan(name)).num_failed == 1
    is_broken = False
    num_calls = len(model.calls)
    assert estimate_annotation(questions, folder, AnnotationPlan(name)).num_questions == 1
    report = annotate(questions, folder, AnnotationPlan(name))
    assert (report.num_annotated, report.num_failed) == (3, 0)
    assert len(model.calls) == num_calls + 1
    assert read_json_lines(folder / "refusals.jsonl") == []


def test_what_was_refused_after_all_tries_is_paid_for_again_only_when_asked(tmp_path: Path) -> None:
    questions, folder = open_questions(tmp_path, "7", "8"), tmp_path / "set"
    model, name = teach(lambda call: conclude("7"))
    assert annotate(questions, folder, AnnotationPlan(name)).num_refused == 1
    num_calls = len(model.calls)
    assert annotate(questions, folder, AnnotationPlan(name)).num_refused == 1
    assert len(model.calls) == num_calls
    assert annotate(questions, folder, AnnotationPlan(name), retry_refusals=True).num_refused == 1
    assert len(model.calls) == num_calls + 2


def test_errors_that_pass_are_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "BACK_OFF", {"initial": 0.001, "max": 0.002})
    num_asked = 0

    def write(call: Call) -> AIMessage:
        nonlocal num_asked
        num_asked += 1
        if num_asked < 3:
            raise ModelRateLimitError("slow down")
        return conclude("7")

    report = annotate(open_questions(tmp_path, "7"), tmp_path / "set", plan_for(write, retries=3))
    assert (report.num_annotated, num_asked) == (1, 3)
    num_asked = -9
    report = annotate(open_questions(tmp_path, "7"), tmp_path / "other", plan_for(write, retries=3))
    assert (report.num_failed, num_asked) == (1, -6)


def test_a_reply_that_was_paid_for_is_used_after_a_stop(tmp_path: Path) -> None:
    """The verdict cannot be had, so that the answer is in the journal and the question open."""

    def write(call: Call) -> AIMessage:
        if is_validation(prompt_of(call)):
            raise KeyboardInterrupt
        return conclude("maroon")

    questions, folder = open_questions(tmp_path, "dark red"), tmp_path / "set"
    with pytest.raises((KeyboardInterrupt, BaseExceptionGroup)):
        annotate(questions, folder, plan_for(write))
    model, name = teach(lambda call: say("Verdict: valid"))
    report = annotate(questions, folder, AnnotationPlan(name))
    assert report.num_annotated == 1
    assert [is_validation(prompt_of(call)) for call in model.calls] == [True]
    assert report.num_calls == 2


def test_a_torn_last_line_is_passed_over(tmp_path: Path) -> None:
    questions, folder = open_questions(tmp_path, "7", "7", "7"), tmp_path / "set"
    model, name = teach(lambda call: conclude("7" if "number 2" not in prompt_of(call) else "8"))
    annotate(questions, folder, AnnotationPlan(name, tries=1))
    for file in ("examples.jsonl", "annotation/journal.jsonl", "refusals.jsonl"):
        path = folder / file
        path.write_bytes(path.read_bytes() + b'{"kind": "reply", "id": "q2", "conv')
    num_calls = len(model.calls)
    report = annotate(questions, folder, AnnotationPlan(name, tries=1))
    assert len(model.calls) == num_calls
    assert (report.num_annotated, report.num_refused) == (2, 1)
    assert [each["id"] for each in read_json_lines(folder / "refusals.jsonl")] == ["q2"]
    assert len(read_json_lines(folder / "examples.jsonl")) == 2


def test_another_teacher_is_refused(tmp_path: Path) -> None:
    questions, folder = open_questions(tmp_path, "7"), tmp_path / "set"
    annotate(questions, folder, plan_for(lambda call: conclude("7")))
    with pytest.raises(ConfigurationError, match="teacher was 'ScriptedModel' and is now 'openai:gpt-4o'"):
        annotate(questions, folder, AnnotationPlan(ModelName("openai:gpt-4o", {"api_key": "none"})))
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "examples.jsonl").write_text("")
    with pytest.raises(ConfigurationError, match=r"examples\.jsonl that no annotation made"):
        annotate(questions, tmp_path / "own", plan_for(lambda call: conclude("7")))


def test_a_question_that_was_changed_is_annotated_again_in_the_place_of_the_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    model, name = teach(lambda call: conclude("8" if "The standard answer is: 8" in prompt_of(call) else "7"))
    annotate(open_questions(tmp_path, "7", "7", "7"), folder, AnnotationPlan(name))
    kept = {each["id"]: each for each in read_json_lines(folder / "examples.jsonl")}
    changed = open_questions(tmp_path, "7", "8", "7")
    assert estimate_annotation(changed, folder, AnnotationPlan(name)).num_questions == 1
    report = annotate(changed, folder, AnnotationPlan(name))
    assert (report.num_annotated, len(model.calls)) == (3, 4)
    found = {each["id"]: each for each in read_json_lines(folder / "examples.jsonl")}
    assert len(read_json_lines(folder / "examples.jsonl")) == 3
    assert found["q1"]["annotation"]["reference"] == "8"
    assert "<CONCLUSION>8<" in found["q1"]["conversations"][1]["value"]
    assert all(found[id] == kept[id] for id in ("q0", "q2"))
    # What was paid for the question as it was is in the journal still.
    report = annotate(open_questions(tmp_path, "7", "7", "7"), folder, AnnotationPlan(name))
    assert (report.num_annotated, len(model.calls)) == (3, 4)
    assert {each["id"]: each["annotation"] for each in read_json_lines(folder / "examples.jsonl")} == {
        id: example["annotation"] for id, example in kept.items()
    }


@pytest.mark.parametrize("change", [{"hint": "Look."}, {"image": "gold.png"}, {"question": "What now?"}])
def test_each_part_of_a_question_counts_as_a_change(tmp_path: Path, change: dict[str, str]) -> None:
    model, name = teach(lambda call: conclude("7"))
    for fields in ({}, {"category": "another"}, change):
        annotate(open_questions(tmp_path, "7", **fields), tmp_path / "set", AnnotationPlan(name))
    (example,) = read_json_lines(tmp_path / "set" / "examples.jsonl")
    assert len(model.calls) == 2
    assert example["annotation"]["try"] == 1


def test_a_refused_question_that_was_changed_is_tried_anew(tmp_path: Path) -> None:
    plan, folder = plan_for(lambda call: conclude("7")), tmp_path / "set"
    first = annotate(open_questions(tmp_path, "8", "9"), folder, plan)
    assert (first.num_annotated, first.num_refused) == (0, 2)
    second = annotate(open_questions(tmp_path, "7", "9"), folder, plan)
    assert (second.num_annotated, second.num_refused) == (1, 1)
    assert [each["id"] for each in read_json_lines(folder / "refusals.jsonl")] == ["q1"]


def test_a_row_that_is_put_before_others_without_ids_is_the_only_one_asked(tmp_path: Path) -> None:
    write_pictures(tmp_path, "red")
    rows = [{"image": "red.png", "question": f"What is {word}?", "answer": "7"} for word in ("this", "that")]
    model, name = teach(lambda call: conclude("7"))
    for given in (rows, [{**rows[0], "question": "What is new?"}, *rows]):
        questions = open_training_set(write_set(tmp_path / "rows.jsonl", *given))
        annotate(questions, tmp_path / "set", AnnotationPlan(name), concurrency=1)
    asked = [example.questions[-1] for example in open_training_set(tmp_path / "set")]
    assert asked == ["What is this?", "What is that?", "What is new?"]
    assert len(model.calls) == 3


def test_a_search_draws_candidates_and_is_not_paid_twice(tmp_path: Path) -> None:
    is_stopping = True

    def write(call: Call) -> AIMessage:
        if is_stopping and call.stage.name == "conclusion":
            raise RuntimeError("out of service")
        if call.stage.name == "conclusion":
            return say(f"{call.stage.opening}7{call.stage.closing}")
        reply = write_number(call)
        assert isinstance(reply, AIMessage)
        return reply

    questions, folder = open_questions(tmp_path, "7"), tmp_path / "set"
    strategy = Strategy("stage-beam", "generative", {"candidates": 2})
    model, name = teach(write)
    plan = AnnotationPlan(name, strategy=strategy)
    assert annotate(questions, folder, plan).num_failed == 1
    num_before = len(model.calls)
    is_stopping = False
    report = annotate(questions, folder, plan)
    assert report.num_annotated == 1
    # Three stages of two candidates and a match are known; two candidates failed, and are alike now.
    assert num_before == 3 * 3 + 2
    assert len(model.calls) == num_before + 2
    assert "The standard answer is: 7" in prompt_of(model.calls[0])


def test_a_folder_is_written_to_by_one_process_at_a_time(tmp_path: Path) -> None:
    questions, folder = open_questions(tmp_path, "7"), tmp_path / "set"
    refused = []

    def write(call: Call) -> AIMessage:
        with pytest.raises(ConfigurationError, match="is being written to by another process"):
            estimate_annotation(questions, folder, plan)
        refused.append(True)
        return conclude("7")

    plan = plan_for(write)
    annotate(questions, folder, plan)
    assert refused
