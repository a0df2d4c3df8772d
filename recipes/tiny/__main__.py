"""Make the embedded checkpoint: ``python -m recipes.tiny --folder runs/tiny``.

Every step leaves its result in the folder; a step whose result is there is not run again, so
an interrupted run goes on where it stopped.
"""

import argparse
import json
import platform
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
import transformers
from torch.utils.data import DataLoader, IterableDataset
from transformers import AutoProcessor, MllamaForConditionalGeneration, MllamaProcessor

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.items import make_item
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.prompts import comparison_prompt
from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.tiny import checkpoint_path
from recipes.tiny.batches import Batch, GeneratedBatches
from recipes.tiny.card import write_card
from recipes.tiny.model import fastest_training_dtype, make_model, move
from recipes.tiny.pairs import corrupt, judge_pair
from recipes.tiny.sampling import JudgingBatches, sample_stages
from recipes.tiny.sequences import reference_stages
from recipes.tiny.tokenizer import make_processor, train_tokenizer
from recipes.tiny.training import train_text
from recipes.tiny.vision import train_vision

SEED = 0
EASY_SHARE = 0.3
PICTURES = 11
"""In a batch, three sequences about each."""


def tokenizer_texts() -> Iterator[str]:
    """Write what the tokenizer learns its words from."""
    rng = random.Random(SEED)
    for number in range(3000):
        item = make_item(number, Difficulty.HARD if number % 2 else Difficulty.EASY)
        texts = reference_stages(item, rng)
        yield "\n\n".join(("system", "user", "assistant", item.prompt, *texts))
        index = number % len(STAGES)
        part = StagePart(STAGES[index])
        yield comparison_prompt(part, texts[index], texts[index], with_reason=number % 3 > 0)
        verdict = judge_pair(
            item, STAGES[index].name, texts[1], texts[index], corrupt(item, STAGES[index].name, rng), rng
        )
        if verdict is not None:
            yield verdict.text(with_reason=True)


def stream(dataset: IterableDataset[Batch]) -> DataLoader[Batch]:
    """Prepare batches in a process of their own."""
    return DataLoader(dataset, batch_size=None, num_workers=1, prefetch_factor=8)


class Recipe:
    """The steps, each with its result in a folder."""

    def __init__(self, folder: Path, device: str, scale: float) -> None:
        """Work in ``folder``; ``scale`` multiplies the number of training steps."""
        self._folder = folder
        self._device = device
        self._scale = scale
        folder.mkdir(parents=True, exist_ok=True)
        self.dtype = self._choose_dtype()

    def run(self) -> MllamaForConditionalGeneration:
        """Run all steps that are not done."""
        self.step("vision", self._train_vision)
        self.step("answers", self._train_answers, after="vision")
        pairs = self._folder / "pairs.jsonl"
        if not pairs.exists():
            model, processor = self.load("answers")
            started = time.monotonic()
            unfinished = pairs.with_suffix(".part")
            sample_stages(
                model,
                processor,
                unfinished,
                items=self._steps(2400),
                candidates=4,
                temperature=1.0,
                easy_share=0.25,
                seed=SEED,
                log=self.log,
            )
            unfinished.rename(pairs)
            self._took("sampling", started)
        self.step("judging", self._train_judging, after="answers")
        return self.load("judging")[0]

    def step(
        self,
        name: str,
        train: Callable[[MllamaForConditionalGeneration, MllamaProcessor], None],
        after: str | None = None,
    ) -> None:
        """Run one step on the result of another one and save what it leaves."""
        target = self._folder / name
        if target.exists():
            return
        model, processor = self.load(after) if after else self._untrained()
        # Written-out attention: its backward pass is several times faster on a CPU at these sizes.
        model.set_attn_implementation("eager")
        started = time.monotonic()
        train(model, processor)
        unfinished = target.with_suffix(".part")
        model.save_pretrained(unfinished)
        processor.save_pretrained(unfinished)
        unfinished.rename(target)
        self._took(name, started)

    def load(self, name: str) -> tuple[MllamaForConditionalGeneration, MllamaProcessor]:
        """Load the result of a step."""
        model = MllamaForConditionalGeneration.from_pretrained(self._folder / name, dtype=torch.float32)
        return move(model, self._device), AutoProcessor.from_pretrained(self._folder / name)

    def _choose_dtype(self) -> torch.dtype:
        """Choose what to compute in once for all steps: a run goes on in what it began with."""
        path = self._folder / "dtype.txt"
        if not path.exists():
            path.write_text(str(fastest_training_dtype(self._device)).removeprefix("torch."))
        dtype = getattr(torch, path.read_text())
        assert isinstance(dtype, torch.dtype)
        return dtype

    @property
    def seconds(self) -> dict[str, int]:
        """How long each step took, in whatever run it was done."""
        path = self._folder / "seconds.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def _took(self, name: str, started: float) -> None:
        seconds = {**self.seconds, name: round(time.monotonic() - started)}
        (self._folder / "seconds.json").write_text(json.dumps(seconds))
        self.log(f"{name} took {seconds[name]} s")

    def log(self, line: str) -> None:
        """Show a line and keep it."""
        print(line, flush=True)
        with (self._folder / "log.txt").open("a") as file:
            file.write(line + "\n")

    def _steps(self, number: int) -> int:
        return max(2, round(number * self._scale))

    def _untrained(self) -> tuple[MllamaForConditionalGeneration, MllamaProcessor]:
        processor = make_processor(train_tokenizer(list(tokenizer_texts())))
        return move(make_model(processor.tokenizer, SEED), self._device), processor

    def _train_vision(self, model: MllamaForConditionalGeneration, processor: MllamaProcessor) -> None:
        train_vision(model, processor, steps=self._steps(1100), seed=SEED + 1, dtype=self.dtype, log=self.log)

    def _train_answers(self, model: MllamaForConditionalGeneration, processor: MllamaProcessor) -> None:
        torch.manual_seed(SEED + 2)
        steps = self._steps(3000)
        batches = GeneratedBatches(
            processor,
            seed=SEED,
            pictures=PICTURES,
            judging_share=0.4,
            easy_share=EASY_SHARE,
            ramp=steps // 3,
        )
        train_text(
            model,
            stream(batches),
            steps=steps,
            name="answers",
            rate=1.5e-3,
            vision_rate=1.5e-4,
            decay_from=0.5,
            dtype=self.dtype,
            log=self.log,
        )

    def _train_judging(self, model: MllamaForConditionalGeneration, processor: MllamaProcessor) -> None:
        torch.manual_seed(SEED + 3)
        batches = JudgingBatches(
            processor,
            self._folder / "pairs.jsonl",
            seed=SEED,
            pictures=PICTURES,
            kinds=("highest", "lowest", "relation"),
        )
        train_text(
            model,
            stream(batches),
            steps=self._steps(2400),
            name="judging",
            rate=1e-3,
            vision_rate=1e-4,
            decay_from=0.4,
            dtype=self.dtype,
            log=self.log,
        )


def main() -> None:
    """Read the command line and make the checkpoint."""
    parser = argparse.ArgumentParser(description="Make the embedded checkpoint.")
    parser.add_argument(
        "--folder", type=Path, default=Path("runs/tiny"), help="where the steps leave their results"
    )
    parser.add_argument("--output", type=Path, default=checkpoint_path(), help="where the checkpoint goes")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the number of training steps")
    arguments = parser.parse_args()
    recipe = Recipe(arguments.folder, arguments.device, arguments.scale)
    recipe.run()
    model, processor = recipe.load("judging")
    move(model, torch.float16).save_pretrained(arguments.output)
    processor.save_pretrained(arguments.output)
    record = {
        "seed": SEED,
        "scale": arguments.scale,
        "device": arguments.device,
        "dtype": str(recipe.dtype).removeprefix("torch."),
        "seconds": sum(recipe.seconds.values()),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }
    (arguments.output / "recipe.json").write_text(json.dumps(record, indent=2) + "\n")
    write_card(arguments.output, [])
    recipe.log(json.dumps(record))


if __name__ == "__main__":
    main()
