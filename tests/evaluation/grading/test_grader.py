"""A grader: nothing is asked twice, errors that pass are waited for, and all is counted."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.exceptions import ModelInvalidRequestError, ModelRateLimitError
from langchain_core.globals import set_llm_cache

from langchain_llava_o1.data.annotation import models
from langchain_llava_o1.data.annotation.spending import Budget, BudgetReached, Price, Spending, Usage
from langchain_llava_o1.errors import GenerationError
from langchain_llava_o1.evaluation.grading.grader import GRADING, Grader, Reading
from langchain_llava_o1.evaluation.grading.reply_cache import CachedReply, ReplyCache
from tests.evaluation.grading.graders import cached_in, scripted
from tests.scripted_model import Call


def read_number(told: str) -> int | None:
    return int(told) if told.isdecimal() else None


def ask(grader: Grader, prompt: str = "How many?", tries: int = 3) -> Reading:
    return asyncio.run(grader.ask(prompt, read_number, tries=tries))


def test_it_is_asked_until_a_reply_can_be_read() -> None:
    replies = ["well", "7"]
    model = scripted(lambda call: replies.pop(0))
    assert ask(Grader(model, "it")) == Reading(7, "7")
    replies = ["a", "b"]
    assert ask(Grader(model, "it"), tries=2) == Reading(None, "b")


def test_nothing_is_asked_twice(tmp_path: Path) -> None:
    path = tmp_path / "run" / "grader.jsonl"
    replies = ["well", "7", "8", "9"]
    model = scripted(lambda call: replies.pop(0))
    assert ask(cached_in(path, model)) == Reading(7, "7")
    spending = Spending()
    again = cached_in(path, model, spending=spending)
    assert ask(again) == Reading(7, "7")
    assert ask(again) == Reading(7, "7")
    assert len(model.calls) == 2
    assert spending.used == {}
    assert again.cache.used == Usage(2, 20, 6)
    assert ask(again, "Why?") == Reading(8, "8")


def test_another_model_is_asked_itself(tmp_path: Path) -> None:
    path = tmp_path / "grader.jsonl"
    ask(Grader(scripted(lambda call: "7"), "one", cache=ReplyCache(path)))
    assert ask(Grader(scripted(lambda call: "8"), "another", cache=ReplyCache(path))) == Reading(8, "8")


def test_the_cache_of_langchain_is_left_out() -> None:
    """It would give every try the same reply."""
    set_llm_cache(InMemoryCache())
    try:
        replies = ["a", "b", "7"]
        grader = Grader(scripted(lambda call: replies.pop(0)), "it")
        reading = asyncio.run(grader.ask("How many?", read_number, temperatures=(0.0,)))
    finally:
        set_llm_cache(None)
    assert reading == Reading(7, "7")


def test_who_asks_the_same_at_the_same_time_waits(tmp_path: Path) -> None:
    model = scripted(lambda call: "7")
    model.delay = 0.01
    grader = cached_in(tmp_path / "grader.jsonl", model)

    async def ask_many() -> list[Reading]:
        return await asyncio.gather(*(grader.ask("How many?", read_number) for _ in range(8)))

    assert asyncio.run(ask_many()) == [Reading(7, "7")] * 8
    assert len(model.calls) == 1


def test_a_line_that_was_cut_off_costs_its_own_reply_alone(tmp_path: Path) -> None:
    path = tmp_path / "grader.jsonl"
    for number in range(3):
        ReplyCache(path).keep(CachedReply(str(number), "it", "ü" * 10))
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        ReplyCache(path).keep(CachedReply("new", "it", "told"))
        cache = ReplyCache(path)
        assert cache.find("new") == CachedReply("new", "it", "told")
        num_kept = sum(cache.find(str(number)) is not None for number in range(3))
        assert num_kept >= whole[:length].count(b"}")


def test_several_processes_write_to_one_file(tmp_path: Path) -> None:
    path = tmp_path / "grader.jsonl"
    program = (
        "import sys; from pathlib import Path\n"
        "from langchain_llava_o1.evaluation.grading.reply_cache import CachedReply, ReplyCache\n"
        "cache = ReplyCache(Path(sys.argv[1]))\n"
        "for number in range(200):\n"
        "    cache.keep(CachedReply(f'{sys.argv[2]} {number}', 'it', 'x' * 3000))\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program, str(path), name]) for name in ("one", "two", "three")
    ]
    assert [process.wait(timeout=120) for process in processes] == [0, 0, 0]
    assert ReplyCache(path).used.num_calls == 600
    assert all(json.loads(line) for line in path.read_bytes().splitlines() if line)


def test_half_characters_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "grader.jsonl"
    model = scripted(lambda call: "\ud800 7")
    asyncio.run(cached_in(path, model).ask("\ud800?", lambda told: told))
    assert ReplyCache(path).used.num_calls == 1


def test_calls_are_counted_and_limited() -> None:
    spending = Spending(Budget(max_cost=0.05), {GRADING: Price(1000, 2000)})
    grader = Grader(scripted(lambda call: "7"), "it", spending=spending)
    for number in range(3):
        ask(grader, f"How many {number}?")
    assert spending.used == {GRADING: Usage(3, 30, 9)}
    assert spending.cost == pytest.approx(3 * (10 * 1000 + 3 * 2000) / 1e6)
    with pytest.raises(BudgetReached):
        ask(grader, "One more?")
    # What is known costs nothing.
    assert ask(grader, "How many 0?") == Reading(7, "7")


def test_errors_that_pass_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "BACK_OFF", {"initial": 0.001, "max": 0.002})
    num_asked = 0

    def write(call: Call) -> str:
        nonlocal num_asked
        num_asked += 1
        if num_asked < 3:
            raise ModelRateLimitError("slow down")
        return "7"

    assert ask(Grader(scripted(write), "it", attempts=3)) == Reading(7, "7")
    num_asked = -9
    with pytest.raises(GenerationError, match="The grader it failed: ModelRateLimitError: slow down"):
        ask(Grader(scripted(write), "it", attempts=3))
    assert num_asked == -6


def test_a_grader_that_fails_for_good_is_named() -> None:
    def write(call: Call) -> str:
        raise ValueError("no such deployment")

    grader = Grader(scripted(write), "openai:gpt-4o-mini")
    with pytest.raises(GenerationError, match=r"openai:gpt-4o-mini failed: ValueError: no such deployment"):
        ask(grader)
    # A call that failed is over, for the budget.
    assert grader.spending.total == Usage()
    grader.spending.begin(GRADING, Usage(1, 1, 1))


def test_a_model_without_a_temperature_is_asked_without_one() -> None:
    def write(call: Call) -> str:
        if "temperature" in call.parameters:
            raise ModelInvalidRequestError("Unsupported value: 'temperature' does not support 0.0")
        return "7"

    model = scripted(write)
    grader = Grader(model, "it")
    assert ask(grader) == ask(grader, "Again?") == Reading(7, "7")
    assert ["temperature" in call.parameters for call in model.calls] == [True, False, False]


def test_another_request_that_is_refused_is_an_error() -> None:
    def write(call: Call) -> str:
        raise ModelInvalidRequestError("prompt too long")

    with pytest.raises(GenerationError, match="prompt too long"):
        ask(Grader(scripted(write), "it"))
