"""Annotating a set: what is kept, what is refused, what is asked again, and what is never paid twice."""

from pathlib import Path
from typing import Any

import pytest
from langchain_core.exceptions import ModelRateLimitError
from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata

from langchain_llava_o1.data.annotation import models
from langchain_llava_o1.data.annotation.annotation import annotate, estimate_annotation
from langchain_llava_o1.data.annotation.model_name import ModelName
from langchain_llava_o1.data.annotation.plan import AnnotationPlan
from langchain_llava_o1.data.annotation.spending import Budget, Price
from langchain_llava_o1.data.checking import check_set, default_checks
from langchain_llava_o1.data.checks.lengths import LengthCheck
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
from tests.data.sets import conversation, staged, write_pictures, write_set
from tests.scripted_model import Call, write_number

THOUSAND = UsageMetadata(input_tokens=1000, output_tokens=0, total_tokens=1000)


def test_what_agrees_is_kept_as_a_set_that_training_reads(tmp_path: Path) -> None:
    questions = open_questions(tmp_path, "7", "8", hint="Count the dots.", category="counting")
    model, name = teach(lambda call: conclude("seven" if "number 0" in prompt_of(call) else "8"))
    report = annotate(questions, tmp_path / "set", AnnotationPlan(name))
    made = open_training_set(tmp_path / "set")
    assert {example.id: example.answers for example in made} == {
        "q0": [staged(conclusion="seven")],
        "q1": [staged(conclusion="8")],
    }
    checked = check_set(made, default_checks(LengthCheck(unit="characters")))
    assert set(checked.num_problems) <= {"near duplicate"}
    example = made.find("q0")
    assert example.extra["annotation"]["reference"] == "7"
    assert example.extra["category"] == "counting"
    assert (report.num_annotated, report.num_refused, report.num_calls) == (2, 0, 2)
    assert report.output_tokens == 6
    prompt = prompt_of(model.calls[0])
    assert "What is number" in prompt
    assert "The standard answer is: " in prompt
    assert "Count the dots." in prompt
    assert "<SUMMARY>" in prompt
    card = (tmp_path / "set" / "README.md").read_text()
    assert "2 examples in `examples.jsonl`" in card
    assert '| teacher | "ScriptedModel" |' in card


def test_a_conversation_keeps_its_turns_and_its_last_answer_is_the_reference(tmp_path: Path) -> None:
    write_pictures(tmp_path, "red")
    record = conversation("a", image="red.png", answer="Red")
    record["conversations"] += [
        {"from": "human", "value": "How many?"},
        {"from": "gpt", "value": staged(conclusion="Seven")},
    ]
    questions = open_training_set(write_set(tmp_path / "questions.jsonl", record))
    model, name = teach(lambda call: conclude("7"))
    annotate(questions, tmp_path / "set", AnnotationPlan(name))
    assert open_training_set(tmp_path / "set").find("a").answers == ["Red", staged(conclusion="7")]
    assert [message.type for message in model.calls[0].messages] == ["human", "ai", "human"]
    assert "The standard answer is: Seven" in prompt_of(model.calls[0])


def test_the_text_of_a_validator_decides_where_no_rule_can(tmp_path: Path) -> None:
    questions = open_questions(tmp_path, "a dark red house", "a bridge")
    teacher, teaching = teach(lambda call: conclude("A house in maroon"))
    validator, validating = teach(
        lambda call: say("Verdict: valid" if "red house" in prompt_of(call) else "Verdict: **invalid**")
    )
    report = annotate(questions, tmp_path / "set", AnnotationPlan(teaching, validator=validating))
    assert (report.num_annotated, report.num_refused) == (1, 1)
    assert all(not _has_picture(call) for call in validator.calls)
    assert all(_has_picture(call) for call in teacher.calls)
    (refusal,) = read_json_lines(tmp_path / "set" / "refusals.jsonl")
    assert (refusal["id"], refusal["outcome"], refusal["attempt"]) == ("q1", "refused", 2)
    assert "disagrees with the reference, says the model: 'A house in maroon'" in refusal["reason"]
    assert refusal["reply"] == staged(conclusion="A house in maroon")
    assert len(teacher.calls) == 3


def _has_picture(call: Call) -> bool:
    return any(
        isinstance(block, dict) and block["type"] == "image"
        for message in call.messages
        for block in message.content
    )


def test_a_second_try_counts(tmp_path: Path) -> None:
    replies = iter(["no stages at all", staged(conclusion="7")])
    questions = open_questions(tmp_path, "7")
    report = annotate(questions, tmp_path / "set", plan_for(lambda call: say(next(replies))))
    assert report.num_annotated == 1
    (example,) = open_training_set(tmp_path / "set")
    assert example.extra["annotation"]["try"] == 2


def test_what_has_no_stages_is_refused_with_its_text(tmp_path: Path) -> None:
    plan = plan_for(lambda call: say("I cannot tell."), tries=3)
    report = annotate(open_questions(tmp_path, "7"), tmp_path / "set", plan)
    assert (report.num_annotated, report.num_refused, report.num_calls) == (0, 1, 3)
    (refusal,) = read_json_lines(tmp_path / "set" / "refusals.jsonl")
    assert refusal["reason"] == "the reply has no stages"
    assert refusal["reply"] == "I cannot tell."


def test_an_unreadable_verdict_is_asked_for_again_and_counted(tmp_path: Path) -> None:
    verdicts = iter(["Hard to say.", "valid", "Both valid and invalid.", "Hm."])

    def write(call: Call) -> AIMessage:
        return say(next(verdicts)) if is_validation(prompt_of(call)) else conclude("maroon")

    plan = plan_for(write, tries=2)
    first = annotate(open_questions(tmp_path, "dark red"), tmp_path / "set", plan, concurrency=1)
    assert (first.num_annotated, first.num_unreadable) == (1, 1)
    plan = plan_for(write, tries=2)
    verdicts = iter(["Hm."] * 4)
    second = annotate(open_questions(tmp_path / "b", "dark red"), tmp_path / "other", plan)
    assert (second.num_annotated, second.num_unreadable) == (0, 4)
    (refusal,) = read_json_lines(tmp_path / "other" / "refusals.jsonl")
    assert refusal["reason"] == "unreadable verdict: 'Hm.'"


def test_an_error_of_the_provider_refuses_one_question_and_is_tried_again_when_asked(tmp_path: Path) -> None:
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
    is_broken = False
    num_calls = len(model.calls)
    assert annotate(questions, folder, AnnotationPlan(name)).num_failed == 1
    assert len(model.calls) == num_calls
    report = annotate(questions, folder, AnnotationPlan(name), retry_refusals=True)
    assert (report.num_annotated, report.num_failed) == (3, 0)
    assert len(model.calls) == num_calls + 1
    assert read_json_lines(folder / "refusals.jsonl") == []


def test_errors_that_pass_are_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "_BACK_OFF", {"initial": 0.001, "max": 0.002})
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


def test_a_missing_picture_costs_nothing_but_its_question(tmp_path: Path) -> None:
    questions = open_questions(tmp_path, "7", "7")
    (tmp_path / "red.png").unlink()
    report = annotate(questions, tmp_path / "set", plan_for(lambda call: conclude("7")))
    assert (report.num_annotated, report.num_failed, report.num_calls) == (1, 1, 1)
    (refusal,) = read_json_lines(tmp_path / "set" / "refusals.jsonl")
    assert "red.png" in refusal["reason"]


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


def test_the_budget_stops_before_it_is_passed_and_a_larger_one_goes_on(tmp_path: Path) -> None:
    questions, folder = open_questions(tmp_path, *["7"] * 6), tmp_path / "set"
    prices = {"teacher": Price(input=1000, output=1000), "validator": Price()}
    usage = UsageMetadata(input_tokens=1990, output_tokens=10, total_tokens=2000)
    model, name = teach(lambda call: AIMessage(staged(conclusion="7"), usage_metadata=usage))
    plan = AnnotationPlan(name, budget=Budget(max_cost=9), prices=prices)
    report = annotate(questions, folder, plan, concurrency=1)
    assert (report.is_budget_reached, report.num_annotated) == (True, 4)
    assert report.cost == pytest.approx(8)
    plan = AnnotationPlan(name, budget=Budget(max_tokens=12_000))
    report = annotate(questions, folder, plan, concurrency=3)
    assert (report.is_budget_reached, report.num_annotated, len(model.calls)) == (False, 6, 6)
    assert report.num_calls == 6


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
    report = annotate(questions, folder, plan, retry_refusals=True)
    assert report.num_annotated == 1
    # Three stages of two candidates and a match are known; two candidates failed, and are alike now.
    assert num_before == 3 * 3 + 2
    assert len(model.calls) == num_before + 2
    assert "The standard answer is: 7" in prompt_of(model.calls[0])


def test_a_checkpoint_never_sees_the_answer(tmp_path: Path) -> None:
    plan = AnnotationPlan(ModelName("tiny"))
    assert not plan.is_reference_shown
    assert plan.validating_model is None
    model, name = teach(lambda call: conclude("8"))
    report = annotate(
        open_questions(tmp_path, "7", hint="It is 7."),
        tmp_path / "set",
        AnnotationPlan(name, shows_reference=False, validator="rule"),
    )
    assert report.num_refused == 1
    assert all("7" not in prompt_of(call) for call in model.calls)


def test_an_estimate_asks_nobody(tmp_path: Path) -> None:
    questions = open_questions(tmp_path, "7", "a bridge", "8")
    model, name = teach(lambda call: conclude("7"))
    plan = AnnotationPlan(name, prices={"teacher": Price(0, 10), "validator": Price()})
    estimate = estimate_annotation(questions, tmp_path / "set", plan)
    assert not model.calls
    assert not (tmp_path / "set").exists()
    assert estimate.num_questions == 3
    assert estimate.used["teacher"].input_tokens > 3000
    assert estimate.cost == pytest.approx(3 * 400 * 10 / 1e6)
    annotate(questions, tmp_path / "set", plan)
    assert estimate_annotation(questions, tmp_path / "set", plan).num_questions == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tries": 0}, "tries is 0"),
        ({"validator": "gpt"}, "The validator is 'gpt'"),
        ({"budget": Budget(max_cost=1)}, "there are no prices"),
    ],
)
def test_a_plan_that_cannot_work_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        AnnotationPlan(ModelName("self"), **options)


def test_repeated_ids_are_told_apart(tmp_path: Path) -> None:
    write_pictures(tmp_path, "red")
    row = {"id": "a", "image": "red.png", "question": "What?", "answer": "7"}
    questions = open_training_set(write_set(tmp_path / "questions.jsonl", row, row))
    annotate(questions, tmp_path / "set", plan_for(lambda call: conclude("7")))
    assert sorted(example.id for example in open_training_set(tmp_path / "set")) == ["a", "a-2"]


def test_the_budget_stops_a_search_in_its_middle_and_what_it_drew_is_used_later(tmp_path: Path) -> None:
    questions, folder = open_questions(tmp_path, "7", "7"), tmp_path / "set"
    strategy = Strategy("best-of-n", "generative", {"candidates": 4, "early_stop": True})
    model, name = teach(lambda call: AIMessage(staged(conclusion="7"), usage_metadata=THOUSAND))
    plan = AnnotationPlan(name, strategy=strategy, budget=Budget(max_tokens=6000))
    report = annotate(questions, folder, plan, concurrency=1)
    assert (report.is_budget_reached, report.num_annotated) == (True, 1)
    assert 4 < report.num_calls <= 6
    plan = AnnotationPlan(name, strategy=strategy)
    report = annotate(questions, folder, plan)
    assert (report.num_annotated, report.num_calls, len(model.calls)) == (2, 8, 8)


def test_pictures_may_stay_where_they_are(tmp_path: Path) -> None:
    questions = open_questions(tmp_path, "7")
    annotate(questions, tmp_path / "set", plan_for(lambda call: conclude("7")), copy_pictures=False)
    (example,) = open_training_set(tmp_path / "set", pictures=tmp_path)
    assert example.pictures == ("red.png",)
    assert not (tmp_path / "set" / "pictures").exists()


def test_a_question_without_a_reference_answer_costs_nothing(tmp_path: Path) -> None:
    write_pictures(tmp_path, "red")
    record = conversation("a", image="red.png", answer=staged(conclusion=" "))
    questions = open_training_set(write_set(tmp_path / "questions.jsonl", record))
    report = annotate(questions, tmp_path / "set", plan_for(lambda call: conclude("7")))
    assert (report.num_failed, report.num_calls) == (1, 0)
    (refusal,) = read_json_lines(tmp_path / "set" / "refusals.jsonl")
    assert "questions.jsonl:1 has no reference answer" in refusal["reason"]


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
