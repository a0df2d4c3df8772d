"""Memory that runs out costs no answer: caches are emptied, and some rows go on later."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from langchain_llava_o1.engine import model_runner
from langchain_llava_o1.engine.cache.slots import Slots
from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.loading.checkpoint import load_checkpoint
from langchain_llava_o1.engine.mailbox import ThreadMailbox, Ticket
from langchain_llava_o1.engine.mllama.cuda_graphs import CudaGraphSteps
from langchain_llava_o1.engine.model_runner import ModelRunner
from langchain_llava_o1.engine.prefill import Prefiller
from langchain_llava_o1.engine.request import Request, Sampling, ScoreRequest, Turn
from langchain_llava_o1.engine.sampling import BatchSampler
from langchain_llava_o1.engine.settings import EngineSettings
from langchain_llava_o1.errors import GenerationError
from tests.engine.pictures import draw_noise
from tests.engine.traced_graphs import choose_traced_graphs

PICTURE = draw_noise(1)
FIRST = Request(
    (Turn("user", (PICTURE, "How many red circles?")),), Sampling(1.0, seed=3, max_tokens=16), n=5
)
# It begins as the first one does, so that its states are joined from two parts.
SECOND = Request(
    (Turn("user", (PICTURE, "How many red circles are there?")),),
    Sampling(1.0, top_p=0.9, seed=4, max_tokens=12),
    n=4,
)
THIRD = Request((Turn("user", (draw_noise(2), "Which?")),), Sampling(1.0, seed=5, max_tokens=3), n=2)
FOURTH = Request((Turn("user", ("Why?",)),), Sampling(max_tokens=5))

Place = Sequence[tuple[object, str]]
"""Functions, each by what holds it and its name."""

PLACES: dict[str, Place] = {
    "slots for new rows": [(Slots, "add")],
    "room in the slots": [(Slots, "reserve")],
    "the parts of a prompt": [(model_runner, "join_states")],
    "the layout": [(CudaGraphSteps, "lay_out"), (model_runner, "stack_states")],
    "what finished rows wrote": [(Slots, "states_of")],
    "settings of the choice": [(BatchSampler, "__init__")],
    "the choice": [(BatchSampler, "choose")],
}


@pytest.fixture(scope="module", params=["eager", "cuda graphs"])
def engine(request: pytest.FixtureRequest, tiled_checkpoint: Path) -> Iterator[Engine]:
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "cuda graphs":
            patch.setattr(model_runner, "choose_graph_capture", choose_traced_graphs)
        engine = Engine(load_checkpoint(EngineSettings(str(tiled_checkpoint), device="cpu")))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def expected(engine: Engine) -> list[list[str]]:
    return answer_all(engine)


def answer_all(engine: Engine) -> list[list[str]]:
    """Answer a request that two others join together, and another one later."""
    tickets = [Ticket(request, ThreadMailbox()) for request in (FIRST, SECOND, THIRD, FOURTH)]
    arriving = {2: tickets[1:3], 6: tickets[3:]}
    choose = ModelRunner.choose
    numbers = itertools.count()

    def choose_while_others_come(runner: ModelRunner) -> list[Any]:
        chosen = choose(runner)
        assert not any(sequence.is_finished for sequence, *_ in chosen)
        for ticket in arriving.get(next(numbers), ()):
            engine.submit(ticket)
        return chosen

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ModelRunner, "choose", choose_while_others_come)
        engine.submit(tickets[0])
        return [collect(ticket) for ticket in tickets]


def collect(ticket: Ticket) -> list[str]:
    assert isinstance(ticket.mailbox, ThreadMailbox)
    texts = [""] * ticket.request.n
    while ticket.num_open:
        delta = ticket.receive(ticket.mailbox.get(ticket))
        texts[delta.index] += delta.text
    return texts


def run_out_of_memory(
    patch: pytest.MonkeyPatch, place: Place, is_failing: Callable[[int], bool]
) -> list[int]:
    """Let some calls of the functions fail, chosen by their number; return the list of those that did."""
    numbers = itertools.count()
    failed: list[int] = []

    def failing_at_times(function: Callable[..., Any]) -> Callable[..., Any]:
        def fail_at_times(*arguments: Any, **settings: Any) -> Any:
            number = next(numbers)
            if is_failing(number):
                failed.append(number)
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB.")
            return function(*arguments, **settings)

        return fail_at_times

    for holder, name in place:
        patch.setattr(holder, name, failing_at_times(getattr(holder, name)))
    return failed


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
@pytest.mark.parametrize("numbers", [(0,), (2,), (1, 2, 3)], ids=["first", "later", "often"])
def test_running_out_of_memory_costs_no_answer(
    engine: Engine,
    expected: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    place: Place,
    numbers: tuple[int, ...],
) -> None:
    engine.forget()
    failed = run_out_of_memory(monkeypatch, place, numbers.__contains__)

    assert answer_all(engine) == expected
    assert tuple(failed) == numbers


def test_a_sequence_that_is_admitted_again_tells_what_was_known_at_first(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.forget()
    request = replace(FIRST, is_streamed=False, turns=(Turn("user", ("Why is the sky blue?",)),))
    failed = run_out_of_memory(monkeypatch, PLACES["the choice"], {3, 6}.__contains__)

    deltas = list(engine.generate(request))

    assert failed == [3, 6]
    assert [delta.num_cached_tokens for delta in deltas] == [0] * request.n


def test_a_choice_that_always_fails_is_an_error_and_the_engine_goes_on(
    engine: Engine, expected: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        run_out_of_memory(broken, PLACES["the choice"], lambda number: True)
        with pytest.raises(GenerationError, match=r"ran out of memory.*Send fewer requests"):
            list(engine.generate(FIRST))

    assert answer_all(engine) == expected


def test_scoring_alone_survives_it_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    request = ScoreRequest((Turn("user", (PICTURE, "How many red circles?")),), (" 3", " none"))
    expected = engine.score(request)
    failed = run_out_of_memory(monkeypatch, [(Prefiller, "score")], {0}.__contains__)

    scores = engine.score(request)

    assert failed == [0]
    assert [score.logprob_sum for score in scores] == pytest.approx(
        [score.logprob_sum for score in expected], abs=1e-4
    )


def test_scoring_that_always_fails_is_an_error(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = run_out_of_memory(monkeypatch, [(Prefiller, "score")], lambda number: True)
    with pytest.raises(GenerationError, match="ran out of memory"):
        engine.score(ScoreRequest((Turn("user", ("Why?",)),), (" 3",)))
    assert failed == [0, 1]
