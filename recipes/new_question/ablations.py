"""What the parts of the method are worth: ``python -m recipes.new_question.ablations --out runs/ablations``.

Each variant is fine-tuned from the embedded checkpoint, with as many steps, on the same annotated questions,
whose answers are written in another way or of which there are fewer; all are then asked the same questions.
``--variant NAME`` takes one of them alone. ``ablations.md`` in the folder holds what came out with the losses
on held-out questions, and each variant's folder its whole log. Killed and started again, it goes on.
"""

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from langchain_llava_o1.chat.model import ChatLlavaO1
from langchain_llava_o1.data.example import ASSISTANT, Example
from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.data.writer import TrainingSetWriter
from langchain_llava_o1.evaluation.accuracy import measure_accuracy, wilson_interval
from langchain_llava_o1.evaluation.answers import Asked, Reply, answer_items
from langchain_llava_o1.evaluation.benchmark import Benchmark, open_benchmark
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.staging.transcript import parse_transcript
from recipes.new_question.benchmark import Colours
from recipes.new_question.teaching import CONCURRENCY, SEED, annotate_questions, train

LEARNING_RATE = 2e-4

SEARCH = Strategy("stage-beam", None, {"candidates": 4})
"""What is searched with; the model judges, as it does by default."""


def keep(texts: Sequence[str]) -> str:
    """Write all stages in their tags."""
    return _tagged(texts, range(len(STAGES)))


def leave_tags_out(texts: Sequence[str]) -> str:
    """Write the stages one after another, without tags."""
    return "\n\n".join(texts)


def answer_alone(texts: Sequence[str]) -> str:
    """Write the conclusion and nothing else, as the original short answers are."""
    return texts[-1]


def reason_before_seeing(texts: Sequence[str]) -> str:
    """Write the reasoning before the caption that it would follow from."""
    return _tagged(texts, (0, 2, 1, 3))


def _tagged(texts: Sequence[str], order: Sequence[int]) -> str:
    return "\n\n".join(STAGES[index].wrap(texts[index]) for index in order)


@dataclass(frozen=True)
class Variant:
    """One way to train.

    Attributes:
        name: In the table and the folder.
        write: Writes the texts of the stages as one answer.
        share_of_data: How much of the data there is; it is gone through more often.
        is_searched: Whether its answers have the stages that a search goes by, in their order.
    """

    name: str
    write: Callable[[Sequence[str]], str] = keep
    share_of_data: float = 1.0
    is_searched: bool = True


VARIANTS = (
    Variant("as it is"),
    Variant("answers alone", answer_alone, is_searched=False),
    Variant("without tags", leave_tags_out, is_searched=False),
    Variant("reasoning before caption", reason_before_seeing, is_searched=False),
    Variant("half of the data", share_of_data=0.5),
    Variant("a quarter of the data", share_of_data=0.25),
)


def rewrite(annotated: Path, variant: Variant, target: Path) -> Path:
    """Write the annotated questions as a variant learns them; of fewer, each kind keeps its share."""
    path = target / "train.jsonl"
    if path.exists():
        return path
    training_set = open_training_set(annotated)
    unfinished = path.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    with TrainingSetWriter(unfinished) as writer:
        # Annotated in whatever order, they are sorted: the same ones are left out in every run.
        examples = sorted(training_set, key=lambda example: example.id)
        for example in examples[:: round(1 / variant.share_of_data)]:
            files = [training_set.pictures.read(reference) for reference in example.pictures]
            writer.append(_rewritten(example, variant.write), files)
    return unfinished.rename(path)


def _rewritten(example: Example, write: Callable[[Sequence[str]], str]) -> Example:
    turns = [
        turn._replace(text=write([stage.body for stage in parse_transcript(turn.text).stages]))
        if turn.speaker == ASSISTANT
        else turn
        for turn in example.turns
    ]
    return replace(example, turns=tuple(turns))


async def answer_greedily(items: int, model: ChatLlavaO1, benchmark: Benchmark) -> int:
    """Return how many of the first items of a benchmark are answered right."""

    async def answer(asked: Asked) -> Reply:
        reply = await model.ainvoke(list(asked.conversation), temperature=0.0)
        # Without tags the conclusion is the last paragraph.
        reply.content = str(reply.text).split("\n\n")[-1]
        return Reply(reply)

    outcomes = await answer_items(
        answer,
        benchmark,
        range(items),
        concurrency=CONCURRENCY,
        report=lambda outcome: None,
        report_damage=lambda damage: None,
    )
    return round(sum(outcome.score for outcome in outcomes))


async def search(items: int, model: ChatLlavaO1, benchmark: Benchmark) -> int:
    """Return how many of the first items of a benchmark are right after a stage-level beam search."""
    report = await measure_accuracy(
        model, benchmark=benchmark, strategy=SEARCH, items=items, seed=SEED, concurrency=CONCURRENCY
    )
    return round(report.accuracy * items)


class Results:
    """How often each variant is right on each benchmark, kept in a file."""

    def __init__(self, path: Path) -> None:
        """Read what an earlier start measured."""
        self._path = path
        self._found: dict[str, list[int]] = json.loads(path.read_text()) if path.exists() else {}

    async def add(self, variant: str, column: str, items: int, measure: Callable[[], Awaitable[int]]) -> None:
        """Measure, unless it was measured with as many items."""
        key = f"{variant}; {column}"
        if key not in self._found or self._found[key][1] != items:
            self._found[key] = [await measure(), items]
            self._path.write_text(json.dumps(self._found, indent=1))

    def cell(self, variant: str, column: str) -> str:
        """Write a result as a share of all, with its interval."""
        if (found := self._found.get(f"{variant}; {column}")) is None:
            return "–"
        right, items = found
        low, high = wilson_interval(right, items)
        return f"{right / items:.1%} ({low:.1%} to {high:.1%})"


def table(results: Results, columns: Sequence[str]) -> str:
    """Write the results as Markdown."""
    lines = [f"| variant | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    for variant in VARIANTS:
        cells = " | ".join(results.cell(variant.name, column) for column in columns)
        lines.append(f"| {variant.name} | {cells} |")
    return "\n".join(lines) + "\n"


def loss_table(folder: Path) -> str:
    """Write the loss on held-out questions from the variants' logs, as it went."""
    losses: dict[str, dict[int, float]] = {}
    for variant in VARIANTS:
        log = _folder_of(folder, variant) / "full" / "log.jsonl"
        lines = map(json.loads, log.read_text().splitlines()) if log.exists() else ()
        losses[variant.name] = {line["step"]: line["eval_loss"] for line in lines if "eval_loss" in line}
    steps = sorted({step for of_variant in losses.values() for step in of_variant})
    head = ["variant", *(f"step {step}" for step in steps)]
    rows = [
        [name, *(f"{found[step]:.4f}" if step in found else "–" for step in steps)]
        for name, found in losses.items()
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows]) + "\n"


def _folder_of(folder: Path, variant: Variant) -> Path:
    return folder / variant.name.replace(" ", "-")


def main() -> None:
    """Train what is missing and measure all; what is searched comes last."""
    parser = argparse.ArgumentParser(prog="python -m recipes.new_question.ablations", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    names = [variant.name for variant in VARIANTS]
    parser.add_argument("--variant", choices=names, action="append", help="alone; may be repeated")
    parser.add_argument("--new", type=int, default=2000, help="questions of the new kind")
    parser.add_argument("--known", type=int, default=1000, help="questions of the known kinds")
    parser.add_argument("--items", type=int, default=400, help="questions of each benchmark, greedily")
    parser.add_argument("--searched", type=int, default=200, help="questions of each benchmark, searched")
    parser.add_argument("--steps", type=int, default=370, help="of training, eight questions each")
    given = parser.parse_args()
    annotated = annotate_questions(given.out, given.new, given.known)
    benchmarks = (Colours(), open_benchmark("scenes"), open_benchmark("puzzles"))
    ways = ((answer_greedily, "greedy", given.items), (search, "stage beam N=4", given.searched))
    columns = [f"{benchmark.name}, {way}" for benchmark in benchmarks for _, way, _ in ways]
    results = Results(given.out / "results.json")
    for measure, way, items in ways:
        for variant in VARIANTS:
            if variant.name not in (given.variant or names) or (
                measure is search and not variant.is_searched
            ):
                continue
            folder = _folder_of(given.out, variant)
            data = rewrite(annotated, variant, folder / "set")
            model = train(
                folder, data, None, learning_rate=LEARNING_RATE, max_steps=given.steps, any_answers=True
            )
            for benchmark in benchmarks:
                column, ask = f"{benchmark.name}, {way}", partial(measure, items, model, benchmark)
                asyncio.run(results.add(variant.name, column, items, ask))
            # The weights of twelve models would not fit into memory.
            model.close()
            written = f"{table(results, columns)}\n{loss_table(given.out)}"
            (given.out / "ablations.md").write_text(written)
    print(written)


if __name__ == "__main__":
    main()
