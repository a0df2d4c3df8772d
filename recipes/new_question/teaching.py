"""Having the questions annotated, and training on them."""

from pathlib import Path

from langchain_llava_o1.chat.model import ChatLlavaO1
from langchain_llava_o1.chat.model_name import ModelName
from langchain_llava_o1.data.annotation.annotation import annotate
from langchain_llava_o1.data.annotation.plan import AnnotationPlan
from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.tiny import checkpoint_path
from langchain_llava_o1.training.settings import LoraSettings, TrainingSettings
from langchain_llava_o1.training.sft import train_sft
from recipes.new_question.questions import write_questions
from recipes.new_question.teacher import ScriptedTeacher

CONCURRENCY = 32
SEED = 0


def annotate_questions(
    folder: Path, num_new: int, num_known: int, num_puzzles: int = 0, num_counts: int = 0
) -> Path:
    """Write the questions, and have the teacher answer them in their order, which all runs then learn in."""
    path = write_questions(folder / "questions", num_new, num_known, num_puzzles, num_counts)
    questions = open_training_set(path)
    report = annotate(
        questions,
        folder / "annotated",
        AnnotationPlan(ModelName.of(ScriptedTeacher())),
        concurrency=1,
    )
    print(f"{report.num_annotated:,} of {report.num_questions:,} questions annotated", flush=True)
    return folder / "annotated"


def train(
    folder: Path,
    data: Path,
    lora: LoraSettings | None,
    *,
    learning_rate: float,
    epochs: float = 1.0,
    max_steps: int | None = None,
    any_answers: bool = False,
) -> ChatLlavaO1:
    """Train on the annotated questions, and load the result."""
    model = str(checkpoint_path())
    out = folder / ("full" if lora is None else "lora")
    settings = TrainingSettings(
        model,
        lora=lora,
        epochs=epochs,
        max_steps=max_steps,
        any_answers=any_answers,
        learning_rate=learning_rate,
        batch_size=8,
        held_out=40,
        evaluate_every=100,
        seed=SEED,
    )
    train_sft(
        settings, open_training_set(data), out, tell=lambda line: print(f"{out.name}: {line}", flush=True)
    )
    return ChatLlavaO1(model=str(out)) if lora is None else ChatLlavaO1(model=model, adapter=str(out))
