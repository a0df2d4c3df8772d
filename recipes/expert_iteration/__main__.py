"""``python -m recipes.expert_iteration --out FOLDER``: search, learn what was found, search again.

Each round has the model answer new questions by stage-level beam search, pairs what the searches that came
to a right answer chose at every stage with what they did not, and trains it by DPO to prefer the former. It
prints a table of what one pass, greedy and sampled, gets right after each round, and draws it. Killed and
started again, it goes on.
"""

import argparse
import asyncio
import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langchain_llava_o1.chat.model import ChatLlavaO1
from langchain_llava_o1.chat.model_name import ModelName
from langchain_llava_o1.data.annotation.plan import RULE, AnnotationPlan
from langchain_llava_o1.data.annotation.preference_pairs import draw_preference_pairs
from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.canvas import as_png
from langchain_llava_o1.drawn.items import Form, Item, make_item, make_puzzle
from langchain_llava_o1.evaluation.accuracy import measure_accuracy
from langchain_llava_o1.evaluation.benchmark import open_benchmark
from langchain_llava_o1.evaluation.plot import check_plotting
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.tiny import checkpoint_path
from langchain_llava_o1.training.dpo import train_dpo
from langchain_llava_o1.training.settings import TrainingSettings

_CONCURRENCY = 32
_BENCHMARKS = ("scenes", "puzzles")
_PASSES = ("greedy", "single")
_EXPERT = Strategy("stage-beam", None, {"candidates": 4})


def write_questions(folder: Path, first: int, number: int) -> Path:
    """Write a table of questions, half of them puzzles, whose short answers a rule can compare.

    Args:
        folder: Where to.
        first: Seed that they begin at; none of a training seed is measured with.
        number: How many.
    """
    folder.mkdir(parents=True, exist_ok=True)
    items: list[Item] = []
    seed = first
    while len(items) < number:
        item = (make_puzzle if len(items) % 2 else make_item)(seed, Difficulty.HARD)
        if item.form in (Form.SHORT, Form.OPTIONS):
            items.append(item)
        seed += 1
    path = folder / "questions.csv"
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "image", "question", "answer"])
        for number, item in enumerate(items):
            name = f"{number}-{item.seed}"
            (folder / f"{name}.png").write_bytes(as_png(item.picture))
            table.writerow([name, f"{name}.png", item.prompt, item.answer])
    return path


def improve(model: str, folder: Path, first: int, given: argparse.Namespace) -> str:
    """Have a model search, and train it on what it found; the folder of the better model."""
    questions = open_training_set(write_questions(folder / "questions", first, given.questions))
    plan = AnnotationPlan(ModelName(model), validator=RULE, strategy=_EXPERT, seed=first)
    pairs = folder / "pairs.jsonl"
    report = asyncio.run(
        draw_preference_pairs(
            questions,
            pairs,
            plan,
            num_answers=1,
            max_pairs=given.pairs,
            form="stage",
            concurrency=_CONCURRENCY,
        )
    )
    print(f"{folder.name}: {report.num_pairs} pairs of {report.num_questions} questions", flush=True)
    settings = TrainingSettings(
        model,
        epochs=given.epochs,
        learning_rate=given.rate,
        batch_size=4,
        accumulation=2,
        evaluate_every=1000,
    )
    result = train_dpo(
        settings, pairs, folder / "model", beta=given.beta, tell=lambda line: print(line, flush=True)
    )
    return str(result.folder)


async def measure(model: str, items: int) -> dict[str, dict[str, Any]]:
    """Measure one pass on the benchmarks, greedy and sampled."""
    found = {}
    chat = ChatLlavaO1(model=model)
    for name in _BENCHMARKS:
        for search in _PASSES:
            report = await measure_accuracy(
                chat,
                benchmark=open_benchmark(name),
                strategy=Strategy(search),
                items=items,
                seed=0,
                concurrency=_CONCURRENCY,
            )
            found[f"{name}, {search}"] = {"accuracy": report.accuracy, "interval": list(report.interval)}
    chat.close()
    return found


def measured(path: Path, model: str, items: int) -> dict[str, dict[str, Any]]:
    """Measure, unless an earlier start did."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asyncio.run(measure(model, items))))
    found: dict[str, dict[str, Any]] = json.loads(path.read_text())
    return found


def plot(rounds: Sequence[dict[str, dict[str, Any]]], path: Path) -> None:
    """Draw what is right after each round, with its intervals."""
    check_plotting()
    from matplotlib import pyplot, rcParams, ticker

    rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "langchain-llava-o1"})
    figure, axes = pyplot.subplots(figsize=(8, 4.5))
    for name in rounds[0]:
        shares = [each[name]["accuracy"] for each in rounds]
        lows = [each[name]["accuracy"] - each[name]["interval"][0] for each in rounds]
        highs = [each[name]["interval"][1] - each[name]["accuracy"] for each in rounds]
        axes.errorbar(range(len(rounds)), shares, yerr=[lows, highs], marker="o", capsize=3, label=name)
    axes.set(xlabel="rounds", ylabel="accuracy of one pass (95 % interval)", ylim=(0, 1))
    axes.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(ticker.PercentFormatter(1.0))
    axes.grid(visible=True, alpha=0.3)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def main() -> None:
    """Run all rounds, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m recipes.expert_iteration", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--questions", type=int, default=240, help="questions of each round")
    parser.add_argument("--pairs", type=int, default=2, help="most pairs of a stage of a search")
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--rate", type=float, default=1e-5, help="learning rate")
    parser.add_argument("--beta", type=float, default=0.1, help="what going far from the reference costs")
    parser.add_argument("--items", type=int, default=400, help="items of each benchmark to measure with")
    given = parser.parse_args()
    model = str(checkpoint_path())
    rounds = [measured(given.out / "round-0.json", model, given.items)]
    for number in range(1, given.rounds + 1):
        # Each round has questions of its own.
        model = improve(model, given.out / f"round-{number}", number * 1_000_000, given)
        rounds.append(measured(given.out / f"round-{number}.json", model, given.items))
        plot(rounds, given.out / "expert-iteration.svg")
    names = list(rounds[0])
    print(f"| rounds | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
    for number, each in enumerate(rounds):
        cells = (f"{each[name]['accuracy']:.1%}" for name in names)
        print(f"| {number} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
