import asyncio
import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.loading.checkpoint import load_checkpoint
from langchain_llava_o1.engine.mailbox import ThreadMailbox, Ticket
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.prefill import Prefiller
from langchain_llava_o1.engine.request import Delta, Request, Sampling, Turn
from langchain_llava_o1.engine.settings import EngineSettings
from langchain_llava_o1.errors import (
    ContextLengthError,
    GenerationError,
    GenerationTimeout,
    QueueFullError,
)
from tests.engine.pictures import draw_noise

QUESTION = (Turn("user", (draw_noise(1), "How many red circles?")),)
ENDLESS = 400


def text_of(deltas: Sequence[Delta], index: int = 0) -> str:
    return "".join(delta.text for delta in deltas if delta.index == index)


def answer(engine: Engine, turns: tuple[Turn, ...] = QUESTION, **settings: Any) -> list[Delta]:
    request_settings = {
        key: settings.pop(key) for key in ("stop", "n", "timeout", "is_streamed") if key in settings
    }
    sampling = Sampling(**{"max_tokens": 16, **settings})
    return list(engine.generate(Request(turns, sampling, **request_settings)))


async def answer_async(engine: Engine, request: Request) -> list[Delta]:
    return [delta async for delta in engine.agenerate(request)]


@pytest.fixture
def own_engine(random_checkpoint: Path) -> Any:
    """An engine that a test may break or close."""
    engine = Engine(load_checkpoint(EngineSettings(str(random_checkpoint), device="cpu")))
    yield engine
    engine.close()


def slow_down(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Make every model call take time."""
    read = Mllama.forward

    def read_slowly(self: Mllama, *arguments: Any, **settings: Any) -> Any:
        time.sleep(seconds)
        return read(self, *arguments, **settings)

    monkeypatch.setattr(Mllama, "forward", read_slowly)


def test_pictures_change_the_answer(engine: Engine) -> None:
    other = (Turn("user", (draw_noise(2), "How many red circles?")),)
    assert text_of(answer(engine)) != text_of(answer(engine, other))


def test_the_same_seed_gives_the_same_text_in_any_company(engine: Engine) -> None:
    alone = text_of(answer(engine, temperature=1.0, seed=3))
    with ThreadPoolExecutor(8) as pool:
        others = [
            pool.submit(answer, engine, temperature=1.0, seed=seed, max_tokens=5 + seed, top_p=0.8)
            for seed in range(10, 20)
        ]
        again = pool.submit(answer, engine, temperature=1.0, seed=3)
        assert text_of(again.result()) == alone
        assert len({text_of(other.result()) for other in others}) == len(others)


@pytest.mark.parametrize("is_cancelled", [False, True], ids=["one token", "cancelled"])
def test_a_row_that_leaves_at_its_first_token_costs_no_sampled_answer(
    own_engine: Engine, monkeypatch: pytest.MonkeyPatch, is_cancelled: bool
) -> None:
    settings = {"temperature": 1.0, "seed": 3, "n": 4}
    expected = [text_of(answer(own_engine, **settings), index) for index in range(4)]
    max_tokens = 16 if is_cancelled else 1
    visitor = Ticket(Request(QUESTION, Sampling(1.0, max_tokens=max_tokens)), ThreadMailbox())
    choose = own_engine._runner.choose
    num_rows: list[int] = []

    def choose_while_another_comes_and_goes() -> list[Any]:
        chosen = choose()
        num_rows.append(len(chosen))
        if len(num_rows) == 3:
            own_engine._inbox.put(visitor)
        if len(num_rows) == 4 and is_cancelled:
            visitor.cancel()
        return chosen

    monkeypatch.setattr(own_engine._runner, "choose", choose_while_another_comes_and_goes)
    rows = answer(own_engine, **settings)

    assert num_rows[:5] == [4, 4, 4, 5, 4]
    assert [text_of(rows, index) for index in range(4)] == expected


def test_seeds_and_rows_differ(engine: Engine) -> None:
    rows = answer(engine, temperature=1.0, seed=3, n=4)
    texts = [text_of(rows, index) for index in range(4)]
    assert len(set(texts)) == 4
    assert text_of(answer(engine, temperature=1.0, seed=3)) == texts[0]
    assert text_of(answer(engine, temperature=1.0, seed=4)) not in texts


def test_without_a_seed_answers_differ(engine: Engine) -> None:
    texts = {text_of(answer(engine, temperature=1.0)) for _ in range(4)}
    assert len(texts) > 1


def test_more_rows_than_a_batch_holds(engine: Engine) -> None:
    rows = answer(engine, temperature=1.0, seed=0, n=70, max_tokens=3)
    assert {delta.index for delta in rows if delta.finish_reason} == set(range(70))


def test_a_stop_string_ends_the_row(engine: Engine) -> None:
    whole = text_of(answer(engine, temperature=1.0, seed=5))
    stop = whole[6:8]
    deltas = answer(engine, temperature=1.0, seed=5, stop=(stop, "never"))
    assert text_of(deltas) == whole[: whole.index(stop)]
    assert (deltas[-1].finish_reason, deltas[-1].stop) == ("stop", stop)


def test_stop_strings_in_the_prompt_stop_nothing(engine: Engine) -> None:
    turns = (Turn("user", ("</CAPTION>",)), Turn("assistant", ("</CAPTION>",)))
    assert answer(engine, turns, stop=("</CAPTION>",))[-1].stop is None


def test_max_tokens_ends_the_row(engine: Engine) -> None:
    deltas = answer(engine, max_tokens=1)
    assert deltas[-1].finish_reason == "length"
    assert sum(delta.num_tokens for delta in deltas) == 1


def test_the_context_window_ends_the_row(engine: Engine) -> None:
    room = 10
    text = "\x00" * (engine.context_length - room - 28)
    deltas = answer(engine, (Turn("user", (text,)),), max_tokens=1000, is_streamed=False)
    num_prompt_tokens = deltas[0].num_prompt_tokens
    assert engine.context_length - 60 < num_prompt_tokens < engine.context_length
    assert deltas[0].finish_reason == "length"
    assert deltas[0].num_tokens == engine.context_length - num_prompt_tokens


def test_a_prompt_over_the_context_window_is_refused_with_numbers(engine: Engine) -> None:
    with pytest.raises(ContextLengthError, match=r"has \d+ tokens; the model's context window holds 512"):
        answer(engine, (Turn("user", ("\x00" * 600,)),))


def test_log_probabilities_add_up(engine: Engine) -> None:
    streamed = answer(engine, temperature=1.0, seed=1)
    (whole,) = answer(engine, temperature=1.0, seed=1, is_streamed=False)
    assert [logprob for delta in streamed for logprob in delta.logprobs] == pytest.approx(
        whole.logprobs, abs=1e-4
    )
    assert max(whole.logprobs) < 0
    assert text_of(streamed) == whole.text


async def test_async_and_sync_agree(engine: Engine) -> None:
    request = Request(QUESTION, Sampling(temperature=1.0, seed=2, max_tokens=16), n=2)
    deltas = await answer_async(engine, request)
    assert [text_of(deltas, index) for index in range(2)] == [
        text_of(list(engine.generate(request)), index) for index in range(2)
    ]


async def test_concurrent_requests_share_batches(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Mllama.forward
    num_rows = []

    def read_and_count(self: Mllama, token_ids: Any, *arguments: Any, **settings: Any) -> Any:
        num_rows.append(token_ids.shape[0])
        return read(self, token_ids, *arguments, **settings)

    monkeypatch.setattr(Mllama, "forward", read_and_count)
    threads_before = threading.active_count()
    requests = [Request(QUESTION, Sampling(temperature=1.0, seed=seed, max_tokens=12)) for seed in range(16)]
    await asyncio.gather(*(answer_async(engine, request) for request in requests))
    assert threading.active_count() == threads_before
    assert num_rows[0] == 1  # the sixteen share a prompt, which is read once
    assert max(num_rows) > 4
    assert len(num_rows) < 100  # one at a time, they would take 208 calls


def test_closing_the_iterator_cancels(own_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    slow_down(monkeypatch, 0.01)
    stream = own_engine.generate(
        Request(QUESTION, Sampling(temperature=1.0, seed=0, max_tokens=ENDLESS), n=8)
    )
    next(stream)
    stream.close()
    check_that_nothing_else_is_generated(own_engine)


async def test_cancelling_the_task_cancels(own_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    slow_down(monkeypatch, 0.01)
    request = Request(QUESTION, Sampling(temperature=1.0, seed=0, max_tokens=ENDLESS), n=8)
    is_answering = asyncio.Event()

    async def answer_on() -> None:
        async for _ in own_engine.agenerate(request):
            is_answering.set()

    task = asyncio.create_task(answer_on())
    await is_answering.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    check_that_nothing_else_is_generated(own_engine)


def check_that_nothing_else_is_generated(engine: Engine) -> None:
    # Before it has answered this, the engine has seen what was cancelled.
    answer(engine, max_tokens=1)
    before = engine.statistics.num_generated
    deltas = answer(engine, max_tokens=8)
    assert engine.statistics.num_generated - before == sum(delta.num_tokens for delta in deltas)


async def test_a_timeout_is_an_error(own_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    slow_down(monkeypatch, 0.05)
    request = Request(QUESTION, Sampling(max_tokens=ENDLESS), timeout=0.2)
    with pytest.raises(GenerationTimeout, match=r"timeout of 0\.2 s"):
        list(own_engine.generate(request))
    with pytest.raises(GenerationTimeout, match=r"timeout of 0\.2 s"):
        await answer_async(own_engine, request)
    check_that_nothing_else_is_generated(own_engine)


def test_more_requests_than_the_engine_takes_are_refused(random_checkpoint: Path) -> None:
    checkpoint = load_checkpoint(EngineSettings(str(random_checkpoint), device="cpu"))
    engine = Engine(checkpoint, max_requests=2)
    request = Request(QUESTION, Sampling(max_tokens=16), is_streamed=True)
    under_way = [engine.generate(request) for _ in range(2)]
    first = [next(deltas) for deltas in under_way]

    with pytest.raises(QueueFullError, match=r"2 requests under way and takes no more than max_requests=2"):
        next(engine.generate(request))
    whole = [[delta, *rest] for delta, rest in zip(first, under_way, strict=True)]

    assert text_of(whole[0]) == text_of(whole[1]) == text_of(answer(engine))
    engine.close()


async def test_a_bad_request_hurts_no_other(engine: Engine) -> None:
    lost = draw_noise(99)  # one that the engine has not seen
    lost.image.close()
    pictureless = (Turn("user", (lost, "?")),)
    too_long = (Turn("user", ("\x00" * 600,)),)
    outcomes = await asyncio.gather(
        *(
            answer_async(engine, Request(turns, Sampling(max_tokens=8)))
            for turns in (QUESTION, pictureless, too_long)
        ),
        return_exceptions=True,
    )
    assert isinstance(outcomes[0], list)
    assert isinstance(outcomes[1], GenerationError)
    assert isinstance(outcomes[2], ContextLengthError)


def run_out_of_memory(monkeypatch: pytest.MonkeyPatch, is_failing: Callable[[int, int], bool]) -> None:
    """Let model calls fail, chosen by their number and by how many tokens they read."""
    read = Mllama.forward
    numbers = itertools.count()

    def fail_at_times(self: Mllama, token_ids: Any, *arguments: Any, **settings: Any) -> Any:
        if is_failing(next(numbers), len(token_ids)):
            raise RuntimeError("CUDA out of memory. Tried to allocate 20 GiB.")
        return read(self, token_ids, *arguments, **settings)

    monkeypatch.setattr(Mllama, "forward", fail_at_times)


def test_a_model_that_always_fails_is_an_error_and_the_engine_goes_on(
    own_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        run_out_of_memory(broken, lambda number, num_tokens: True)
        with pytest.raises(GenerationError, match=r"ran out of memory.*Send fewer requests"):
            answer(own_engine, n=2)
    assert answer(own_engine)[-1].finish_reason


def test_running_out_of_memory_costs_no_answer(own_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"temperature": 1.0, "seed": 3, "n": 8}
    expected = [text_of(answer(own_engine, **settings), index) for index in range(8)]

    run_out_of_memory(monkeypatch, lambda number, num_tokens: number % 5 == 0 or 2 < num_tokens <= 8)
    rows = answer(own_engine, **settings)

    assert [text_of(rows, index) for index in range(8)] == expected


def test_a_prompt_that_fails_leaves_running_rows_alone(
    own_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = text_of(answer(own_engine, temperature=1.0, seed=0, max_tokens=60))
    slow_down(monkeypatch, 0.005)
    running = own_engine.generate(Request(QUESTION, Sampling(temperature=1.0, seed=0, max_tokens=60)))
    first = next(running)
    monkeypatch.setattr(Prefiller, "read", lambda self, prompts: 1 / 0)
    with pytest.raises(GenerationError, match="ZeroDivisionError"):
        answer(own_engine)
    assert text_of([first, *running]) == expected


def test_a_closed_engine_fails_what_waits_and_refuses_more(
    own_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_down(monkeypatch, 0.02)
    stream = own_engine.generate(Request(QUESTION, Sampling(temperature=1.0, seed=0, max_tokens=ENDLESS)))
    next(stream)
    own_engine.close()
    with pytest.raises(GenerationError, match="closed before it had answered"):
        list(stream)
    with pytest.raises(GenerationError, match="engine is closed"):
        answer(own_engine)


def test_modules_that_callers_import_load_no_torch() -> None:
    code = (
        "import sys, langchain_llava_o1.engine.registry, langchain_llava_o1.engine.request;"
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_interpreter_exits_promptly_in_mid_answer(random_checkpoint: Path) -> None:
    code = (
        "import sys, time\n"
        "from langchain_llava_o1.engine.mllama.network import Mllama\n"
        "from langchain_llava_o1.engine.settings import EngineSettings\n"
        "from langchain_llava_o1.engine.registry import load_engine\n"
        "from langchain_llava_o1.engine.request import Request, Sampling, Turn\n"
        "engine = load_engine(EngineSettings(sys.argv[1], device='cpu'))\n"
        "request = Request((Turn('user', ('?',)),), Sampling(1.0, seed=0, max_tokens=400), n=60)\n"
        "next(stream := engine.generate(request))\n"
        "read = Mllama.forward\n"
        "def read_slowly(*arguments, **options):\n"
        "    time.sleep(5)\n"
        "    return read(*arguments, **options)\n"
        "Mllama.forward = read_slowly\n"
    )
    # To its end the answer would take more than half an hour.
    done = subprocess.run(
        [sys.executable, "-c", code, str(random_checkpoint)],
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    assert "Traceback" not in done.stderr
