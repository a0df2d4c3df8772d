"""What the parts of the method are worth: ``python -m recipes.tiny.ablations --folder runs/ablations``.

Each variant is trained from the same vision tower with the same budget, on answers alone, and asked the same
questions. Their weights stay in the folder; ``ablations.md`` and ``log.txt`` in it hold what came out.
"""

import argparse
import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from transformers import MllamaForConditionalGeneration, MllamaProcessor

from langchain_llava_o1.chat.model import ChatLlavaO1
from langchain_llava_o1.evaluation.accuracy import measure_accuracy, wilson_interval
from langchain_llava_o1.evaluation.answers import Asked, Reply, answer_items
from langchain_llava_o1.evaluation.benchmark import Benchmark, open_benchmark
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.staging.stages import STAGES
from recipes.tiny.recipe import ANSWERS, Recipe
from recipes.tiny.sequences import join_stages
from recipes.tiny.training_state import TrainingState

# What is left out has tags of its own, or is no whole answer.
_SHARES = replace(ANSWERS, comparisons=0.0, descriptions=0.0, choices=0.0)
_CONCURRENCY = 48
SEARCH = Strategy("stage-beam", "confidence", {"candidates": 4})
"""What is searched with: no variant learns to judge."""


def leave_tags_out(texts: Sequence[str]) -> str:
    """Write the stages one after another, without tags."""
    return "\n\n".join(texts)


def answer_alone(texts: Sequence[str]) -> str:
    """Write the conclusion and nothing else, as the original short answers are."""
    return texts[-1]


def reason_before_seeing(texts: Sequence[str]) -> str:
    """Write the reasoning before the caption that it would follow from."""
    summary, caption, reasoning, conclusion = (
        stage.wrap(text) for stage, text in zip(STAGES, texts, strict=False)
    )
    return "\n\n".join((summary, reasoning, caption, conclusion))


@dataclass(frozen=True)
class Variant:
    """One way to train.

    Attributes:
        name: In the table and the folder.
        write: Writes the texts of the stages as one answer.
        share_of_data: How much of the data there is.
        is_searched: Whether its answers have the stages that a search goes by, in their order.
    """

    name: str
    write: Callable[[Sequence[str]], str] = join_stages
    share_of_data: float = 1.0
    is_searched: bool = True


VARIANTS = (
    Variant("as it is"),
    Variant("without tags", leave_tags_out, is_searched=False),
    Variant("answers alone", answer_alone, is_searched=False),
    Variant("reasoning before caption", reason_before_seeing, is_searched=False),
    Variant("half of the data", share_of_data=0.5),
    Variant("a quarter of the data", share_of_data=0.25),
)


@dataclass(frozen=True)
class Result:
    """How often a variant is right on a benchmark; the search only where it is defined."""

    greedy: float
    searched: float | None


async def measure(model: ChatLlavaO1, variant: Variant, benchmark: Benchmark, items: int) -> Result:
    """Answer the first items of a benchmark, greedily and by stage-level beam search."""

    async def answer(asked: Asked) -> Reply:
        reply = await model.ainvoke(list(asked.conversation), temperature=0.0)
        # Without tags the conclusion is the last paragraph.
        reply.content = str(reply.text).split("\n\n")[-1]
        return Reply(reply)

    outcomes = await answer_items(
        answer,
        benchmark,
        range(items),
        concurrency=_CONCURRENCY,
        report=lambda answered: None,
        report_damage=lambda damage: None,
    )
    searched = None
    if variant.is_searched:
        report = await measure_accuracy(
            model, benchmark=benchmark, strategy=SEARCH, items=items, seed=0, concurrency=_CONCURRENCY
        )
        searched = report.accuracy
    return Result(sum(outcome.score for outcome in outcomes) / items, searched)


def copy_vision(
    source: Path, model: MllamaForConditionalGeneration, processor: MllamaProcessor, state: TrainingState
) -> None:
    """Take the vision tower of a checkpoint of this shape, in the place of training one."""
    known = MllamaForConditionalGeneration.from_pretrained(source, dtype=torch.float32)
    model.model.vision_model.load_state_dict(known.model.vision_model.state_dict())


def table(rows: Sequence[tuple[Variant, Sequence[Result]]], benchmarks: Sequence[str], items: int) -> str:
    """Write the results as Markdown."""
    columns = [f"{name}, {way}" for name in benchmarks for way in ("greedy", "stage beam N=4")]
    lines = [f"| variant | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    for variant, results in rows:
        shares = [share for result in results for share in (result.greedy, result.searched)]
        lines.append(f"| {variant.name} | {' | '.join(_percent(share, items) for share in shares)} |")
    return "\n".join(lines) + "\n"


def _percent(share: float | None, items: int) -> str:
    if share is None:
        return "–"
    low, high = wilson_interval(round(share * items), items)
    return f"{share:.1%} ({low:.1%} to {high:.1%})"


def main() -> None:
    """Read the command line, train what is missing and measure all."""
    parser = argparse.ArgumentParser(
        description="Train variants of the embedded checkpoint and compare them."
    )
    parser.add_argument("--folder", type=Path, default=Path("runs/ablations"))
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--scale", type=float, default=0.25, help="of the recipe's training steps")
    parser.add_argument("--items", type=int, default=500, help="questions of each benchmark")
    parser.add_argument("--vision", type=Path, help="a checkpoint whose vision tower to take")
    arguments = parser.parse_args()
    recipe = Recipe(arguments.folder, arguments.device, arguments.scale)
    make_vision = partial(copy_vision, arguments.vision) if arguments.vision else recipe.train_vision
    recipe.step("vision", make_vision)
    benchmarks = ("scenes", "puzzles")
    rows = []
    for variant in VARIANTS:
        folder = variant.name.replace(" ", "-")
        train = partial(
            recipe.train_answers, shares=_SHARES, write=variant.write, share_of_data=variant.share_of_data
        )
        recipe.step(folder, train, after="vision")
        model = ChatLlavaO1(model=str(arguments.folder / folder), device=arguments.device)
        results = [
            asyncio.run(measure(model, variant, open_benchmark(name), arguments.items)) for name in benchmarks
        ]
        rows.append((variant, results))
        recipe.log(f"{variant.name}: {results}")
        (arguments.folder / "ablations.md").write_text(table(rows, benchmarks, arguments.items))
    print(table(rows, benchmarks, arguments.items))


if __name__ == "__main__":
    main()
