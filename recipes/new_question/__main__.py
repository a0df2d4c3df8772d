"""``python -m recipes.new_question --out FOLDER``: annotate, train by LoRA and in full, and measure.

It prints a table: the share of right answers to the new kind of question, and to the kinds that the model
knew, before and after. Killed and started again, it goes on.
"""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from langchain_core.messages import HumanMessage

from langchain_llava_o1.chat.model import ChatLlavaO1
from langchain_llava_o1.chat.model_name import ModelName
from langchain_llava_o1.data.annotation.annotation import annotate
from langchain_llava_o1.data.annotation.plan import AnnotationPlan
from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.evaluation.accuracy import Interval, measure_accuracy, wilson_interval
from langchain_llava_o1.evaluation.benchmark import open_benchmark
from langchain_llava_o1.pictures.blocks import image_block
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.staging.meaning import normalize
from langchain_llava_o1.tiny import checkpoint_path
from langchain_llava_o1.training.settings import LoraSettings, TrainingSettings
from langchain_llava_o1.training.sft import train_sft
from recipes.new_question.questions import evaluation_questions, write_questions
from recipes.new_question.teacher import ScriptedTeacher

_CONCURRENCY = 32
_SEED = 0


def annotate_questions(folder: Path, num_new: int, num_known: int) -> Path:
    """Write the questions, and have the teacher answer them."""
    questions = open_training_set(write_questions(folder / "questions", num_new, num_known))
    report = annotate(
        questions,
        folder / "annotated",
        AnnotationPlan(ModelName.of(ScriptedTeacher())),
        concurrency=_CONCURRENCY,
    )
    print(f"{report.num_annotated:,} of {report.num_questions:,} questions annotated", flush=True)
    return folder / "annotated"


def train(folder: Path, data: Path, lora: LoraSettings | None, epochs: float) -> ChatLlavaO1:
    """Train on the annotated questions, and load the result."""
    model = str(checkpoint_path())
    out = folder / ("full" if lora is None else "lora")
    settings = TrainingSettings(
        model,
        lora=lora,
        epochs=epochs,
        learning_rate=2e-4 if lora is None else 1e-3,
        batch_size=8,
        held_out=40,
        evaluate_every=100,
        seed=_SEED,
    )
    train_sft(
        settings, open_training_set(data), out, tell=lambda line: print(f"{out.name}: {line}", flush=True)
    )
    return ChatLlavaO1(model=str(out)) if lora is None else ChatLlavaO1(model=model, adapter=str(out))


async def measure(model: ChatLlavaO1, num_items: int) -> list[str]:
    """Measure both kinds greedily; each as a cell of the table."""
    questions = list(evaluation_questions(num_items))
    asked: list[Any] = [
        [HumanMessage([image_block(question.picture), {"type": "text", "text": question.prompt}])]
        for question in questions
    ]
    replies = await model.abatch(asked, config={"max_concurrency": _CONCURRENCY})
    right = sum(
        normalize(str(reply.text)) == normalize(question.conclusion)
        for reply, question in zip(replies, questions, strict=True)
    )
    known = await measure_accuracy(
        model,
        benchmark=open_benchmark("scenes"),
        strategy=Strategy("greedy"),
        items=num_items,
        seed=_SEED,
        concurrency=_CONCURRENCY,
    )
    return [
        _cell(right / num_items, wilson_interval(right, num_items)),
        _cell(known.accuracy, known.interval),
    ]


def _cell(share: float, interval: Interval) -> str:
    return f"{share:.1%} ({interval.low:.1%} to {interval.high:.1%})"


def main() -> None:
    """Run all of it, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m recipes.new_question", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--new", type=int, default=2000, help="questions of the new kind")
    parser.add_argument("--known", type=int, default=1000, help="questions of the known kinds")
    parser.add_argument("--items", type=int, default=500, help="questions of each kind to measure with")
    parser.add_argument("--epochs", type=float, default=1.0)
    given = parser.parse_args()
    rows = [("as shipped", asyncio.run(measure(ChatLlavaO1(), given.items)))]
    data = annotate_questions(given.out, given.new, given.known)
    for lora in (LoraSettings(), None):
        model = train(given.out, data, lora, given.epochs)
        rows.append(("all weights" if lora is None else "LoRA", asyncio.run(measure(model, given.items))))
    print(f"| trained | how many colours, {given.items} items | scenes (hard), {given.items} items |")
    print("|---|---|---|")
    for name, cells in rows:
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
