import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.mailbox import ThreadMailbox, Ticket
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.model_runner import ModelRunner
from langchain_llava_o1.engine.request import Request, Sampling, Turn
from langchain_llava_o1.errors import ContextLengthError
from tests.engine.answering import QUESTION, answer, answer_async, text_of
from tests.engine.pictures import draw_noise


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
    choose = ModelRunner.choose
    num_rows: list[int] = []

    def choose_while_another_comes_and_goes(runner: ModelRunner) -> list[Any]:
        chosen = choose(runner)
        num_rows.append(len(chosen))
        if len(num_rows) == 3:
            own_engine.submit(visitor)
        if len(num_rows) == 4 and is_cancelled:
            visitor.cancel()
        return chosen

    monkeypatch.setattr(ModelRunner, "choose", choose_while_another_comes_and_goes)
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


def test_modules_that_callers_import_load_no_torch() -> None:
    code = (
        "import sys, langchain_llava_o1.engine.registry, langchain_llava_o1.engine.request;"
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
