"""Measure ways of running the search side by side."""

import gc
import platform
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
import transformers

from langchain_llava_o1.engine.chat_format import ChatFormat
from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.loading.checkpoint import Checkpoint
from langchain_llava_o1.engine.loading.placement import choose_device
from langchain_llava_o1.engine.loading.short_lived_thread import run_in_short_lived_thread
from langchain_llava_o1.engine.request import Statistics
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.speed import Shape, Way
from langchain_llava_o1.evaluation.speed.baselines import GenerateSearch
from langchain_llava_o1.evaluation.speed.decoding import DecodeStep, measure_decode_steps
from langchain_llava_o1.evaluation.speed.engine_search import EngineSearch
from langchain_llava_o1.evaluation.speed.roofline import (
    Call,
    MemoryTraffic,
    calls,
    fewest_read,
    measure_bandwidth,
)
from langchain_llava_o1.evaluation.speed.shapes import open_checkpoint
from langchain_llava_o1.evaluation.speed.workload import QuestionWork, make_work

_SECONDS_BETWEEN_SAMPLES = 0.02


@dataclass(frozen=True)
class SpeedRow:
    """What one way took.

    Attributes:
        name: Which way.
        dtype: What it computed in.
        seconds: Median over the repeats.
        ratio: How many times faster than the first way.
        num_generated: Tokens generated.
        num_pictures: Pictures that went through the vision tower.
        num_read: Tokens of prompts that went through the model.
        fewest_read: Fewest that have to: each beginning of a prompt once.
        num_steps: Passes in which tokens were generated.
        peak_bytes: Most memory in use: of the device, or of the whole process on a CPU.
        seconds_at_bandwidth: Time that reading what must be read would take at the measured memory bandwidth:
            the weights in each step and each pass over a prompt, and in each step the states of pictures and
            text that the rows attend to, what they share once.
        roofline_ratio: ``seconds`` over that.
        seconds_of_one: Median for one of the questions alone; the same as ``seconds`` for one question, None
            for the ways that answer questions one after the other.
    """

    name: Way
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
    seconds_of_one: float | None


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
    decode_steps: tuple[DecodeStep, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain JSON data."""
        return asdict(self)


def measure_speed(
    source: Shape | str,
    *,
    candidates: int,
    questions: int,
    repeats: int,
    ways: Iterable[Way] = tuple(Way),
    decode_rows: Sequence[int] = (),
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
        ways: The ways to measure.
        decode_rows: Sizes of the batches whose decode steps are measured alone.
        device: As ``EngineSettings.device``.
        report_run: Called with the name and the seconds of each run.
    """
    if repeats < 1:
        raise ConfigurationError(f"repeats must be 1 or more, got {repeats}.")
    if min(decode_rows, default=1) < 1:
        raise ConfigurationError(f"decode_rows must each be 1 or more, got {list(decode_rows)}.")
    place = choose_device(device)
    bandwidth = run_in_short_lived_thread(partial(measure_bandwidth, place))
    rows: list[SpeedRow] = []
    for way in ways:
        row = run_in_short_lived_thread(
            partial(_measure, way, source, candidates, questions, repeats, place, bandwidth, report_run)
        )
        # A large model must be gone before the next one is made.
        gc.collect()
        rows.append(replace(row, ratio=rows[0].seconds / row.seconds if rows else 1.0))
    measure_decoding = partial(measure_decode_steps, source, rows=decode_rows, repeats=repeats)
    decode_steps = run_in_short_lived_thread(
        partial(measure_decoding, place=place, bandwidth=bandwidth, report_run=report_run)
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
        decode_steps=decode_steps,
    )


def _measure(
    way: Way,
    source: Shape | str,
    candidates: int,
    questions: int,
    repeats: int,
    place: torch.device,
    bandwidth: float,
    report_run: Callable[[str, float], None],
) -> SpeedRow:
    is_default = way is Way.ENGINE_DEFAULT
    # The engine lays its weights out anew: each way has weights of its own, equal to those of the others.
    base_dtype = torch.float32 if place.type == "cpu" else torch.bfloat16
    dtype = None if is_default and place.type == "cpu" else base_dtype
    checkpoint = run_in_short_lived_thread(partial(open_checkpoint, source, device=str(place), dtype=dtype))
    chat_format = ChatFormat(checkpoint.tokenizer, checkpoint.chat_template, checkpoint.image_token_id)
    work = make_work(questions, candidates, chat_format.count_tokens)
    traffic = MemoryTraffic(checkpoint)
    with _peak_memory(place) as peak, _open_search(way, checkpoint) as search:
        runs = _run(search, work, candidates, repeats, partial(report_run, way))
        alone = runs.seconds if way.uses_engine else None
        if alone is not None and questions > 1:
            report_alone = partial(report_run, f"{way}, one question")
            alone = _run(search, work[:1], candidates, repeats, report_alone).seconds
    counts = runs.counts
    at_bandwidth = (
        (counts.num_steps + counts.num_prompt_passes) * traffic.weight_bytes
        + sum(map(traffic.cache_bytes, _calls(way, work, candidates)))
    ) / bandwidth
    return SpeedRow(
        name=way,
        dtype=str(checkpoint.model.dtype).removeprefix("torch."),
        seconds=runs.seconds,
        ratio=1.0,
        num_generated=counts.num_generated,
        num_pictures=counts.num_pictures,
        num_read=counts.num_read,
        fewest_read=fewest_read(work, chat_format, is_scored=is_default),
        num_steps=counts.num_steps,
        peak_bytes=peak.bytes,
        seconds_at_bandwidth=at_bandwidth,
        roofline_ratio=runs.seconds / at_bandwidth,
        seconds_of_one=alone,
    )


@contextmanager
def _open_search(way: Way, checkpoint: Checkpoint) -> Iterator[GenerateSearch | EngineSearch]:
    if not way.uses_engine:
        yield GenerateSearch(checkpoint, is_batched=way is Way.GENERATE_BATCHED)
        return
    engine = run_in_short_lived_thread(partial(Engine, checkpoint))
    try:
        yield EngineSearch(engine, is_scored=way is Way.ENGINE_DEFAULT)
    finally:
        engine.close()


class _Runs(NamedTuple):
    """The median of the seconds that some runs took, and what the last of them did."""

    seconds: float
    counts: Statistics


def _run(
    search: GenerateSearch | EngineSearch,
    work: Sequence[QuestionWork],
    num_candidates: int,
    repeats: int,
    report_seconds: Callable[[float], None],
) -> _Runs:
    seconds = []
    for _ in range(repeats):
        before = search.statistics
        started = time.perf_counter()
        search.run(work, num_candidates)
        seconds.append(time.perf_counter() - started)
        report_seconds(seconds[-1])
    return _Runs(statistics.median(seconds), search.statistics.since(before))


def _calls(way: Way, work: Sequence[QuestionWork], num_candidates: int) -> Iterator[Call]:
    """List the calls that a way makes; one at a time, every row is a call of its own."""
    for question in work:
        for call in calls(question, num_candidates, is_scored=way is Way.ENGINE_DEFAULT):
            if way is Way.ONE_AT_A_TIME:
                yield from (Call([prompt], call.num_tokens) for prompt in call.prompts)
            else:
                yield call


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
