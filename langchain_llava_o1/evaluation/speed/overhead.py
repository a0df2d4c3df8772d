"""What the graph and the chat model add to the time of the engine under them."""

import asyncio
import statistics
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import asdict, dataclass
from typing import Any, Self, cast

from langchain_core.messages import HumanMessage
from pydantic import PrivateAttr

from langchain_llava_o1.chat.model import ChatLlavaO1
from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.loading.short_lived_thread import run_in_short_lived_thread
from langchain_llava_o1.engine.request import Delta, Request
from langchain_llava_o1.evaluation.speed import Shape
from langchain_llava_o1.evaluation.speed.shapes import open_checkpoint
from langchain_llava_o1.evaluation.speed.workload import VERDICT_TOKENS, QuestionWork, make_work
from langchain_llava_o1.judges.generative import GenerativeJudge
from langchain_llava_o1.pictures.blocks import block_of
from langchain_llava_o1.pictures.picture import Picture
from langchain_llava_o1.search.stage_beam import StageBeamContext, create_stage_beam

_STAGE_TOKENS = 60


@dataclass(frozen=True)
class OverheadReport:
    """The same requests from a graph and without it.

    Attributes:
        graph_seconds: Median time of a stage-level search with ``ChatLlavaO1`` and ``GenerativeJudge``.
        engine_seconds: Median time of that search's requests, given to the engine directly.
        share: What the graph and the chat model add, relative to the engine's time.
    """

    graph_seconds: float
    engine_seconds: float
    share: float

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain JSON data."""
        return asdict(self)


def measure_overhead(
    source: Shape | str,
    *,
    candidates: int,
    repeats: int,
    device: str | None = None,
    report_run: Callable[[str, float], None] = lambda name, seconds: None,
) -> OverheadReport:
    """Answer a question through the graph, then give the same requests to the engine.

    Requests that were under way together are given together again. Both begin with empty caches.

    Args:
        source: A shape, a hub id or a checkpoint's folder.
        candidates: Candidates per stage.
        repeats: How often both are run, in turns; the medians count.
        device: As ``EngineSettings.device``.
        report_run: Called with a name and the seconds of each run.
    """
    engine = run_in_short_lived_thread(lambda: Engine(open_checkpoint(source, device=device, dtype=None)))
    try:
        # With other texts first: what is compiled or allocated once is no overhead.
        _run_graph(engine, 1, candidates)
        pairs = []
        for _ in range(repeats):
            recorder, in_graph = _run_graph(engine, 0, candidates)
            report_run("graph", in_graph)
            started = time.perf_counter()
            engine.forget()
            asyncio.run(recorder.replay())
            alone = time.perf_counter() - started
            report_run("engine alone", alone)
            pairs.append((in_graph, alone))
    finally:
        engine.close()
    graph_seconds, engine_seconds = map(statistics.median, zip(*pairs, strict=True))
    return OverheadReport(graph_seconds, engine_seconds, graph_seconds / engine_seconds - 1)


class _Recorder:
    """An engine that remembers what it is asked, in waves of requests that were under way together."""

    is_closed = False

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waves: list[list[Request]] = []
        self._num_under_way = 0

    async def agenerate(self, request: Request) -> AsyncGenerator[Delta]:
        if not self._num_under_way:
            self._waves.append([])
        self._waves[-1].append(request)
        self._num_under_way += 1
        try:
            async for delta in self._engine.agenerate(request):
                yield delta
        finally:
            self._num_under_way -= 1

    async def replay(self) -> None:
        for wave in self._waves:
            await asyncio.gather(*map(self._answer, wave))

    async def _answer(self, request: Request) -> None:
        async for _ in self._engine.agenerate(request):
            pass


class _RecordedModel(ChatLlavaO1):
    """The chat model on an engine that is given to it."""

    _given: _Recorder = PrivateAttr()

    @classmethod
    def on(cls, engine: _Recorder) -> Self:
        model = cls()
        model._given = engine
        return model

    async def _aengine(self) -> Engine:
        return cast("Engine", self._given)


def _run_graph(engine: Engine, number: int, candidates: int) -> tuple[_Recorder, float]:
    """Answer a question; return what the engine was asked, and the seconds."""
    recorder = _Recorder(engine)
    model = _RecordedModel.on(recorder)
    graph = create_stage_beam(model, judge=GenerativeJudge(model, max_tokens=VERDICT_TOKENS)).compile()
    context = StageBeamContext(candidates=candidates, max_tokens_per_stage=_STAGE_TOKENS, seed=number)
    question = _question(make_work(number + 1, candidates, engine.count_tokens)[number])
    started = time.perf_counter()
    engine.forget()
    asyncio.run(graph.ainvoke({"messages": [question]}, context=context))
    return recorder, time.perf_counter() - started


def _question(work: QuestionWork) -> HumanMessage:
    picture, text = work.stages[0].prompt[0].parts
    assert isinstance(picture, Picture), "a question begins with its picture"
    return HumanMessage([block_of(picture), {"type": "text", "text": text}])
