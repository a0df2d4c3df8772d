"""The steps that make the embedded checkpoint.

Every step leaves its result in a folder; a step whose result is there is not run again, and one that was
killed goes on from its last saved state.
"""

import json
import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch.utils.data import DataLoader, IterableDataset
from transformers import AutoProcessor, MllamaForConditionalGeneration, MllamaProcessor

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.captions import captions
from langchain_llava_o1.drawn.charts import MOST_VALUE
from langchain_llava_o1.drawn.items import make_item, make_puzzle
from langchain_llava_o1.drawn.sum_questions import ADDED
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.staging.parts.answer import WHOLE_ANSWER
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.prompts import comparison_prompt
from langchain_llava_o1.staging.stages import STAGES
from recipes.tiny.batches import Batch, BatchSize, GeneratedBatches, Shares
from recipes.tiny.corruption import corrupt
from recipes.tiny.model import fastest_training_dtype, make_model, move
from recipes.tiny.sampling import JudgingBatches, sample_stages
from recipes.tiny.sequences import reference_stages
from recipes.tiny.start import carry_over
from recipes.tiny.tokenizer import make_processor, train_tokenizer
from recipes.tiny.training import train_text
from recipes.tiny.training_state import TrainingState
from recipes.tiny.verdicts import judge_pair
from recipes.tiny.vision import train_vision

SEED = 0
ON_PROCESSOR = BatchSize(pictures=11, parts=6, workers=1)
ON_GPU = BatchSize(pictures=36, parts=1, workers=max(1, (os.cpu_count() or 1) - 2))
"""Where what is computed takes less time than asking for it."""

ANSWERS = Shares(
    puzzles=0.5, comparisons=0.4, conversations=0.15, descriptions=0.08, easy=0.3, choices=0.5, sums=0.15
)
JUDGING = Shares(
    puzzles=0.5, comparisons=0.4, conversations=0.12, descriptions=0.08, easy=0.25, choices=0.5, sums=0.08
)


def tokenizer_texts() -> Iterator[str]:
    """Write what the tokenizer learns its words from."""
    rng = random.Random(SEED)
    for number in range(4000):
        make = make_puzzle if number % 4 == 0 else make_item
        item = make(number, Difficulty.HARD if number % 2 else Difficulty.EASY)
        texts = reference_stages(item, rng)
        yield "\n\n".join(("system", "user", "assistant", item.prompt, *texts, captions(item.content)[0]))
        index = number % len(STAGES)
        part = StagePart(STAGES[index])
        yield comparison_prompt(part, texts[index], texts[index], with_reason=number % 3 > 0)
        spoiled = corrupt(item, STAGES[index].name, rng)
        verdict = judge_pair(item, STAGES[index].name, texts[:index], texts[index], spoiled, rng)
        if verdict is not None:
            yield verdict.text(with_reason=True)
    for _ in range(40):
        # Every number that a sum may come to is a token.
        yield " ".join(map(str, range(ADDED * MOST_VALUE + 1)))
    yield comparison_prompt(WHOLE_ANSWER, "", "")


def stream(dataset: IterableDataset[Batch], workers: int) -> DataLoader[Batch]:
    """Prepare batches in processes of their own."""
    return DataLoader(dataset, batch_size=None, num_workers=workers, prefetch_factor=8)


class Recipe:
    """The steps, each with its result in a folder."""

    def __init__(self, folder: Path, device: str, scale: float, start: Path | None = None) -> None:
        """Work in ``folder``.

        Args:
            folder: Where the steps leave their results.
            device: What is trained on.
            scale: Multiplies the number of training steps.
            start: A checkpoint of this shape whose weights to begin with; None begins untrained.

        Raises:
            ConfigurationError: If the folder holds results that were made with another scale or start.
        """
        self._folder = folder
        self._start = start
        self._device = device
        self._scale = scale
        self._is_on_gpu = torch.device(device).type != "cpu"
        self._size = ON_GPU if self._is_on_gpu else ON_PROCESSOR
        if self._is_on_gpu:
            torch.set_float32_matmul_precision("high")
        folder.mkdir(parents=True, exist_ok=True)
        self.dtype = self._begin_or_go_on()

    def run(self) -> MllamaForConditionalGeneration:
        """Run all steps that are not done."""
        self._step("vision", self._train_vision)
        self._step("answers", self._train_answers, after="vision")
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
                puzzle_share=0.4,
                seed=SEED,
                log=self.log,
            )
            unfinished.rename(pairs)
            self._took("sampling", started)
        self._step("judging", self._train_judging, after="answers")
        return self.load("judging")[0]

    def _step(
        self,
        name: str,
        train: Callable[[MllamaForConditionalGeneration, MllamaProcessor, TrainingState], None],
        after: str | None = None,
    ) -> None:
        """Run one step on the result of another one and save what it leaves."""
        target = self._folder / name
        if target.exists():
            return
        model, processor = self.load(after) if after else self._untrained()
        if not self._is_on_gpu:
            # Written-out attention: its backward pass is several times faster on a CPU at these sizes.
            model.set_attn_implementation("eager")
        started = time.monotonic()
        state = TrainingState(self._folder / f"{name}.state")
        train(model, processor, state)
        unfinished = target.with_suffix(".part")
        model.save_pretrained(unfinished)
        processor.save_pretrained(unfinished)
        unfinished.rename(target)
        state.remove()
        self._took(name, started)

    def load(self, name: str) -> tuple[MllamaForConditionalGeneration, MllamaProcessor]:
        """Load the result of a step."""
        model = MllamaForConditionalGeneration.from_pretrained(self._folder / name, dtype=torch.float32)
        return move(model, self._device), AutoProcessor.from_pretrained(self._folder / name)

    def _begin_or_go_on(self) -> torch.dtype:
        """Return what is computed in, in all steps: a run goes on as it began."""
        path = self._folder / "settings.json"
        asked = {"scale": self._scale, "start": str(self._start) if self._start else None}
        if not path.exists():
            dtype = str(fastest_training_dtype(self._device)).removeprefix("torch.")
            path.write_text(json.dumps({**asked, "dtype": dtype}))
        begun = json.loads(path.read_text())
        for name, value in asked.items():
            if begun[name] != value:
                raise ConfigurationError(
                    f"What is in {self._folder} was begun with {name} {begun[name]}, not {value}. "
                    "Name another folder, or the same value."
                )
        found = getattr(torch, begun["dtype"])
        assert isinstance(found, torch.dtype)
        return found

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
        model = make_model(processor.tokenizer, SEED)
        if self._start:
            source = MllamaForConditionalGeneration.from_pretrained(self._start, dtype=torch.float32)
            source_tokenizer = AutoProcessor.from_pretrained(self._start).tokenizer
            known = carry_over(source, source_tokenizer, model, processor.tokenizer)
            self.log(
                f"begun from {self._start}: {known} of {len(processor.tokenizer)} tokens are known to it"
            )
        return move(model, self._device), processor

    def _train_vision(
        self, model: MllamaForConditionalGeneration, processor: MllamaProcessor, state: TrainingState
    ) -> None:
        """Teach the vision tower what each patch shows."""
        train_vision(
            model,
            processor,
            steps=self._steps(1100),
            seed=SEED + 1,
            dtype=self.dtype,
            log=self.log,
            workers=self._size.workers,
            state=state,
        )

    def _train_answers(
        self, model: MllamaForConditionalGeneration, processor: MllamaProcessor, state: TrainingState
    ) -> None:
        """Teach the whole model answers, and judging of corrupted candidates."""
        torch.manual_seed(SEED + 2)
        steps = self._steps(3000)
        batches = GeneratedBatches(
            processor,
            ANSWERS,
            seed=SEED,
            size=self._size,
            ramp=steps // 3,
            first=state.num_done,
        )
        train_text(
            model,
            stream(batches, self._size.workers),
            steps=steps,
            name="answers",
            rate=1.5e-3,
            vision_rate=1.5e-4,
            decay_from=0.5,
            dtype=self.dtype,
            log=self.log,
            state=state,
        )

    def _train_judging(
        self, model: MllamaForConditionalGeneration, processor: MllamaProcessor, state: TrainingState
    ) -> None:
        torch.manual_seed(SEED + 3)
        batches = JudgingBatches(
            processor,
            self._folder / "pairs.jsonl",
            JUDGING,
            seed=SEED,
            size=self._size,
            kinds=("highest", "lowest", "relation"),
            first=state.num_done,
        )
        train_text(
            model,
            stream(batches, self._size.workers),
            steps=self._steps(2400),
            name="judging",
            rate=8e-4,
            vision_rate=8e-5,
            decay_from=0.4,
            dtype=self.dtype,
            log=self.log,
            state=state,
        )
