"""Measure ways of running the search side by side."""

import platform
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
import transformers

from langchain_llava_o1.engine.chat_format import ChatFormat
from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.loading import Checkpoint, choose_device, choose_dtype
from langchain_llava_o1.engine.prefix_tree import count_alike
from langchain_llava_o1.engine.request import Turn
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.prompts import VERDICT_PREFIX
from langchain_llava_o1.speed import Shape
from langchain_llava_o1.speed.baselines import GenerateSearch
from langchain_llava_o1.speed.engine_search import EngineSearch
from langchain_llava_o1.speed.shapes import open_checkpoint
from langchain_llava_o1.speed.workload import QuestionWork, make_work

NAMES = ("one-at-a-time", "generate-batched", "engine-generated-verdicts", "engine-default")
_SECONDS_BETWEEN_SAMPLES = 0.02


@dataclass(frozen=True)
class SpeedRow:
    """What one way took.

    Attributes:
        name: One of ``NAMES``.
        dtype: What it computed in.
        seconds: Median over the repeats.
        ratio: How many times faster than the first way.
        num_generated: Tokens generated.
        num_pictures: Pictures that went through the vision tower.
        num_read: Tokens of prompts that went through the model.
        fewest_read: Fewest that have to: each beginning of a prompt once.
        num_steps: Passes in which tokens were generated.
        peak_bytes: Most memory in use: of the device, or of the whole process on a CPU.
        seconds_at_bandwidth: Time that reading the weights would take at the measured memory bandwidth,
            once for each step and each pass over a prompt.
        roofline_ratio: ``seconds`` over that.
    """

    name: str
    dtype: str
    seconds: float
    ratio: float
    num_generated: int
    num_pictures: int
    num_read: int
    fewest_read: int
    num_steps: int
    peak_bytes: int
    seconds_at_bandwidth: float
    roofline_ratio: float


@dataclass(frozen=True)
class SpeedReport:
    """All rows of one run, and where it ran."""

    checkpoint: str
    candidates: int
    questions: int
    repeats: int
    device: str
    bytes_per_second: float
    torch: str
    transformers: str
    rows: tuple[SpeedRow, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain JSON data."""
        return asdict(self)


def measure_speed(
    source: Shape | str,
    *,
    candidates: int,
    questions: int,
    repeats: int,
    names: Iterable[str] = NAMES,
    device: str | None = None,
    report_run: Callable[[str, float], None] = lambda name, seconds: None,
) -> SpeedReport:
    """Run the search in several ways on the same weights, prompts and lengths.

    The first way and those that it is compared with compute in float32 on a CPU; the last one, the
    engine as it comes, in what it chooses itself. On a GPU all compute in bfloat16.

    Args:
        source: A shape, a hub id or a checkpoint's folder.
        candidates: Candidates per stage.
        questions: Questions, under way at once where a way can do that.
        repeats: How often each way runs; the median counts.
        names: The ways to measure, of ``NAMES``.
        device: As ``EngineSettings.device``.
        report_run: Called with the name and the seconds of each run.
    """
    if repeats < 1:
        raise ConfigurationError(f"repeats must be 1 or more, got {repeats}.")
    place = choose_device(device)
    base_dtype = torch.float32 if place.type == "cpu" else torch.bfloat16
    checkpoint = open_checkpoint(source, device=device, dtype=base_dtype)
    chat_format = ChatFormat(checkpoint.tokenizer, checkpoint.chat_template, checkpoint.image_token_id)
    work = make_work(questions, candidates, chat_format.count_tokens)
    bandwidth = measure_bandwidth(place)
    rows: list[SpeedRow] = []
    for name in names:
        used = checkpoint
        is_default = name == "engine-default"
        own_dtype = choose_dtype(place, checkpoint.model.config.text_config) if is_default else base_dtype
        if name.startswith("engine") and place.type == "cpu":
            # The engine lays its weights out anew, and the ways before it must not run on those.
            used = open_checkpoint(source, device=device, dtype=own_dtype)
        text_bytes = _text_bytes(used)
        seconds = []
        with _peak_memory(place) as peak, _open_search(name, used) as search:
            for _ in range(repeats):
                before = search.statistics
                started = time.perf_counter()
                search.run(work, candidates)
                seconds.append(time.perf_counter() - started)
                report_run(name, seconds[-1])
            counts = search.statistics.since(before)
        median = statistics.median(seconds)
        num_passes = counts.num_steps + counts.num_prompt_passes
        at_bandwidth = num_passes * text_bytes / bandwidth
        rows.append(
            SpeedRow(
                name=name,
                dtype=str(own_dtype).removeprefix("torch."),
                seconds=median,
                ratio=rows[0].seconds / median if rows else 1.0,
                num_generated=counts.num_generated,
                num_pictures=counts.num_pictures,
                num_read=counts.num_read,
                fewest_read=_fewest_read(work, chat_format, is_scored=name == "engine-default"),
                num_steps=counts.num_steps,
                peak_bytes=peak.bytes,
                seconds_at_bandwidth=at_bandwidth,
                roofline_ratio=median / at_bandwidth,
            )
        )
    return SpeedReport(
        checkpoint=str(source),
        candidates=candidates,
        questions=questions,
        repeats=repeats,
        device=_describe(place),
        bytes_per_second=bandwidth,
        torch=torch.__version__,
        transformers=transformers.__version__,
        rows=tuple(rows),
    )


@contextmanager
def _open_search(name: str, checkpoint: Checkpoint) -> Iterator[GenerateSearch | EngineSearch]:
    if name in ("one-at-a-time", "generate-batched"):
        yield GenerateSearch(checkpoint, is_batched=name == "generate-batched")
        return
    engine = Engine(checkpoint)
    try:
        yield EngineSearch(engine, is_scored=name == "engine-default")
    finally:
        engine.close()


def measure_bandwidth(device: torch.device) -> float:
    """Measure how fast weights come from memory: bytes a second, the best of a few tries."""
    num_columns = 4096
    num_rows = (2**30 if device.type == "cpu" else 2**32) // (4 * num_columns)
    matrix = torch.ones(num_rows, num_columns, device=device)
    vector = torch.ones(num_columns, device=device)
    best = float("inf")
    for _ in range(6):
        _wait_for(device)
        started = time.perf_counter()
        torch.mv(matrix, vector)
        _wait_for(device)
        best = min(best, time.perf_counter() - started)
    return matrix.nbytes / best


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _text_bytes(checkpoint: Checkpoint) -> int:
    """Bytes of the weights that every pass over text reads."""
    layers: Any = checkpoint.model.model.language_model.layers
    head: Any = checkpoint.model.lm_head
    return sum(weight.nbytes for module in (layers, head) for weight in module.parameters())


def _fewest_read(work: Sequence[QuestionWork], chat_format: ChatFormat, *, is_scored: bool) -> int:
    """Count the tokens of all prompts, what several of them begin with once."""
    prompts: list[tuple[Turn, ...]] = []
    for stage in (stage for question in work for stage in question.stages):
        prompts.append(stage.prompt)
        for match in (match for matches in stage.rounds for match in matches):
            if is_scored:
                prompts += (
                    (*prompt, Turn("assistant", (VERDICT_PREFIX,))) for prompt in match.choice_prompts
                )
            else:
                prompts.append(match.prompt)
    # In order, each text shares most with the one before it; questions differ in their first words.
    texts = sorted(chat_format.encode(prompt).token_ids for prompt in prompts)
    shared = [count_alike(one, other) for one, other in pairwise(texts)]
    return sum(map(len, texts)) - sum(shared)


class _Peak:
    """Watches the memory of the process, which grows and shrinks."""

    def __init__(self) -> None:
        self.bytes = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._is_over.wait(_SECONDS_BETWEEN_SAMPLES):
            self.bytes = max(self.bytes, _resident_bytes())

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join()


def _resident_bytes() -> int:
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[1]) * 4096 if status.exists() else 0


@contextmanager
def _peak_memory(device: torch.device) -> Iterator[_Peak]:
    peak = _Peak()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        yield peak
        peak.bytes = torch.cuda.max_memory_allocated(device)
        return
    peak.start()
    try:
        yield peak
    finally:
        peak.stop()


def _describe(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} {device.type}, {torch.get_num_threads()} threads"
