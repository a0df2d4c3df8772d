"""``python -m recipes.new_question --out FOLDER``: annotate, train by LoRA and in full, and measure.

It prints a table: the share of right answers to the new kind of question, and to the kinds that the model
knew, before and after. Killed and started again, it goes on.
"""

import argparse
import asyncio
from pathlib import Path

from langchain_llava_o1.chat.model import ChatLlavaO1
from langchain_llava_o1.evaluation.accuracy import measure_accuracy
from langchain_llava_o1.evaluation.benchmark import open_benchmark
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.training.settings import LoraSettings
from recipes.new_question.benchmark import Colours
from recipes.new_question.teaching import CONCURRENCY, SEED, annotate_questions, train

WAYS = (("LoRA", LoraSettings(), 1e-3), ("all weights", None, 6e-5))
BENCHMARKS = (Colours(), open_benchmark("scenes"), open_benchmark("puzzles"))


async def measure(model: ChatLlavaO1, num_items: int) -> list[str]:
    """Measure all kinds greedily; each as a cell of the table."""
    cells = []
    for benchmark in BENCHMARKS:
        report = await measure_accuracy(
            model,
            benchmark=benchmark,
            strategy=Strategy("greedy"),
            items=num_items,
            seed=SEED,
            concurrency=CONCURRENCY,
        )
        cells.append(f"{report.accuracy:.1%} ({report.interval.low:.1%} to {report.interval.high:.1%})")
    model.close()
    return cells


def main() -> None:
    """Run all of it, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m recipes.new_question", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--new", type=int, default=2000, help="questions of the new kind")
    parser.add_argument("--known", type=int, default=700, help="known questions about scenes and charts")
    parser.add_argument("--counts", type=int, default=300, help="more of those that ask how many there are")
    parser.add_argument("--puzzles", type=int, default=500, help="known puzzles")
    parser.add_argument("--items", type=int, default=300, help="questions of each kind to measure with")
    parser.add_argument("--epochs", type=float, default=1.0)
    given = parser.parse_args()
    rows = [("as shipped", asyncio.run(measure(ChatLlavaO1(), given.items)))]
    data = annotate_questions(given.out, given.new, given.known, given.puzzles, given.counts)
    for name, lora, learning_rate in WAYS:
        model = train(given.out, data, lora, learning_rate=learning_rate, epochs=given.epochs)
        rows.append((name, asyncio.run(measure(model, given.items))))
    names = (f"{benchmark.name}, {given.items} items" for benchmark in BENCHMARKS)
    print(f"| trained | {' | '.join(names)} |\n|---|{'---|' * len(BENCHMARKS)}")
    for name, cells in rows:
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
