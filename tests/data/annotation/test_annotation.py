"""Annotating a set: what is kept, what is refused, and what is asked again."""

from pathlib import Path

from langchain_core.messages import AIMessage

from langchain_llava_o1.chat.model_name import ModelName
from langchain_llava_o1.data.annotation.annotation import annotate
from langchain_llava_o1.data.annotation.plan import AnnotationPlan
from langchain_llava_o1.data.annotation.survey import LineProblems
from langchain_llava_o1.data.checking import check_set, default_checks
from langchain_llava_o1.data.checks.lengths import LengthCheck
from langchain_llava_o1.data.opening import open_training_set
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
from tests.scripted_model import Call


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


def test_a_missing_picture_costs_nothing_but_its_question(tmp_path: Path) -> None:
    questions = open_questions(tmp_path, "7", "7")
    (tmp_path / "red.png").unlink()
    report = annotate(questions, tmp_path / "set", plan_for(lambda call: conclude("7")))
    assert (report.num_annotated, report.num_failed, report.num_calls) == (1, 1, 1)
    (refusal,) = read_json_lines(tmp_path / "set" / "refusals.jsonl")
    assert "red.png" in refusal["reason"]


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


def test_repeated_ids_are_told_apart(tmp_path: Path) -> None:
    write_pictures(tmp_path, "red")
    row = {"id": "a", "image": "red.png", "question": "What?", "answer": "7"}
    questions = open_training_set(write_set(tmp_path / "questions.jsonl", row, row))
    annotate(questions, tmp_path / "set", plan_for(lambda call: conclude("7")))
    assert sorted(example.id for example in open_training_set(tmp_path / "set")) == ["a", "a-2"]


def test_pictures_may_stay_where_they_are(tmp_path: Path) -> None:
    questions = open_questions(tmp_path, "7")
    annotate(questions, tmp_path / "set", plan_for(lambda call: conclude("7")), copy_pictures=False)
    (example,) = open_training_set(tmp_path / "set", pictures=tmp_path)
    assert example.pictures == ("red.png",)
    assert not (tmp_path / "set" / "pictures").exists()


def test_a_reference_answer_with_two_conclusions_is_told(tmp_path: Path) -> None:
    twice = f"{staged(conclusion='4')}\n\n<CONCLUSION>5</CONCLUSION>"
    records = [conversation("a", answer=staged(conclusion="4")), conversation("b", answer=twice)]
    questions = open_training_set(write_set(tmp_path / "questions.jsonl", *records))
    told: list[LineProblems] = []
    annotate(questions, tmp_path / "set", plan_for(lambda call: conclude("4")), report_problems=told.append)
    (problem,) = told[0].first
    assert (problem.line, problem.kind, problem.field) == (2, "repeated stage", "conversations[1].value")
    assert "conclusion is opened 2 times, and the first one is taken as the reference" in problem.found


def test_a_reply_with_two_conclusions_is_asked_for_again(tmp_path: Path) -> None:
    replies = iter([f"{staged(conclusion='7')}\n\n<CONCLUSION>8</CONCLUSION>", staged(conclusion="7")])
    plan = plan_for(lambda call: say(next(replies)))
    report = annotate(open_questions(tmp_path, "7"), tmp_path / "set", plan)
    assert (report.num_annotated, report.num_calls) == (1, 2)


def test_a_question_without_a_reference_answer_costs_nothing(tmp_path: Path) -> None:
    write_pictures(tmp_path, "red")
    record = conversation("a", image="red.png", answer=staged(conclusion=" "))
    questions = open_training_set(write_set(tmp_path / "questions.jsonl", record))
    report = annotate(questions, tmp_path / "set", plan_for(lambda call: conclude("7")))
    assert (report.num_failed, report.num_calls) == (1, 0)
    (refusal,) = read_json_lines(tmp_path / "set" / "refusals.jsonl")
    assert "questions.jsonl:1 has no reference answer" in refusal["reason"]
