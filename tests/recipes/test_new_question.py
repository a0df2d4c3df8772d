"""The new kind of question, and the teacher that knows its answers."""

import asyncio
import sys
from pathlib import Path

import pytest

from langchain_llava_o1.chat.model_name import ModelName
from langchain_llava_o1.data.annotation.annotation import aannotate
from langchain_llava_o1.data.annotation.plan import AnnotationPlan
from langchain_llava_o1.data.checking import check_set
from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.drawn.captions import read_caption
from langchain_llava_o1.drawn.scenes import Scene
from langchain_llava_o1.staging.transcript import parse_transcript
from recipes.new_question import __main__ as recipe
from recipes.new_question.questions import colour_question, evaluation_questions, write_questions
from recipes.new_question.teacher import ScriptedTeacher
from recipes.new_question.teaching import annotate_questions


def test_the_answer_is_the_number_of_colours_in_the_caption() -> None:
    for seed in range(20):
        question = colour_question(seed)
        caption = parse_transcript(question.answer).find("caption")
        assert caption is not None
        scene = read_caption(caption.body)
        assert isinstance(scene, Scene)
        assert question.conclusion == str(len({thing.colour for thing in scene.things}))
        assert f" {question.conclusion}. The answer is {question.conclusion}." in question.stages[2]


def test_questions_to_measure_with_are_none_of_those_learned() -> None:
    learned = {colour_question(seed).picture for seed in range(20)}
    assert not learned & {question.picture for question in evaluation_questions(20)}


def test_the_teacher_writes_what_is_right_and_complete(tmp_path: Path) -> None:
    questions = open_training_set(write_questions(tmp_path / "questions", 3, 3, 2, 2))
    plan = AnnotationPlan(ModelName.of(ScriptedTeacher()))
    report = asyncio.run(aannotate(questions, tmp_path / "annotated", plan))
    assert report.num_annotated == 10
    annotated = open_training_set(tmp_path / "annotated")
    assert "no stages" not in check_set(annotated).num_problems
    answers = {example.id: example.answers[0] for example in annotated}
    assert answers["colours-2"] == colour_question(2).answer
    counting = [example for example in annotated if example.id.startswith("count-")]
    assert len(counting) == 2
    assert all("count" in example.answers[0].lower() for example in counting)


def test_all_runs_learn_in_the_order_of_the_questions(tmp_path: Path) -> None:
    annotated = open_training_set(annotate_questions(tmp_path, 12, 2, 1, 1))
    asked = open_training_set(tmp_path / "questions" / "questions.csv")
    assert [example.id for example in annotated] == [example.id for example in asked]


@pytest.mark.long
def test_adapters_and_all_weights_are_trained_and_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = ["--new", "60", "--known", "20", "--counts", "4", "--puzzles", "8", "--items", "2"]
    monkeypatch.setattr(sys, "argv", ["new_question", "--out", str(tmp_path), *sizes])
    recipe.main()
    lines = capsys.readouterr().out.splitlines()
    assert "92 of 92 questions annotated" in lines
    _, _, *rows = (line.strip("| ").split(" | ") for line in lines if line.startswith("|"))
    assert [row[0] for row in rows] == ["as shipped", "LoRA", "all weights"]
    assert {cell.split("%")[0] for row in rows for cell in row[1:]} <= {"0.0", "50.0", "100.0"}
    # What is done is not done again.
    recipe.main()
    assert "step" not in capsys.readouterr().out
