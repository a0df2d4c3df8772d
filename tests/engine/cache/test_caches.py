"""What is remembered saves work and changes nothing."""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from langchain_llava_o1.engine import model_runner
from langchain_llava_o1.engine.chat_format import ChatFormat
from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.loading.checkpoint import load_checkpoint
from langchain_llava_o1.engine.request import Delta, Request, Sampling, Turn
from langchain_llava_o1.engine.settings import EngineSettings
from tests.engine.conftest import DEVICES
from tests.engine.pictures import draw_noise
from tests.engine.reference import Reference
from tests.engine.traced_graphs import choose_traced_graphs

NUM_TOKENS = 12
PICTURE, OTHER_PICTURE = draw_noise(1), draw_noise(2, (90, 30))
SUMMARY = "<SUMMARY>I will count the shapes.</SUMMARY>"


def asked(*parts: object) -> Turn:
    return Turn("user", tuple(parts))  # type: ignore[arg-type]


CONVERSATIONS: tuple[tuple[Turn, ...], ...] = (
    (asked("How many red circles?"),),
    (asked(PICTURE, "How many red circles?"),),
    (asked(OTHER_PICTURE, "How many red circles?"),),
    (asked(PICTURE, "How many red circles?"), Turn("assistant", (SUMMARY,))),
    (asked(PICTURE, "How many red circles?"), Turn("assistant", (SUMMARY,)), asked("Which one? " * 4 + "1")),
    (asked(PICTURE, "How many red circles?"), Turn("assistant", (SUMMARY,)), asked("Which one? " * 4 + "2")),
    (asked(PICTURE, OTHER_PICTURE, "How many red circles?"),),
    (asked(PICTURE, "How many?"), Turn("assistant", ("Two.",)), asked(OTHER_PICTURE, "And here?")),
)


@pytest.fixture(scope="module")
def expected(tiled_reference: Reference, tiled_engine: Engine) -> dict[float, list[str]]:
    """The answers by temperature: those of ``generate``, and those that are sampled alone."""
    greedy = [
        tiled_reference.decode(tiled_reference.generate(turns, NUM_TOKENS)).rstrip("\ufffd")
        for turns in CONVERSATIONS
    ]
    sampled = [asyncio.run(answer(tiled_engine, turns, temperature=1.0)) for turns in CONVERSATIONS]
    return {0.0: greedy, 1.0: sampled}


def open_engine(folder: Path, cache_bytes: int | None, device: str = "cpu") -> Engine:
    checkpoint = load_checkpoint(EngineSettings(str(folder), device=device, dtype="float32"))
    return Engine(checkpoint, cache_bytes=cache_bytes)


async def answer(
    engine: Engine, turns: tuple[Turn, ...], temperature: float = 0.0, max_tokens: int = NUM_TOKENS
) -> str:
    request = Request(turns, Sampling(temperature, seed=7, max_tokens=max_tokens))
    return text_of([delta async for delta in engine.agenerate(request)])


def text_of(deltas: Sequence[Delta]) -> str:
    return "".join(delta.text for delta in deltas).rstrip("\ufffd")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((None, "eager", "cpu"), id="roomy"),
        pytest.param((20_000, "eager", "cpu"), id="tight"),
        pytest.param((0, "eager", "cpu"), id="none"),
        pytest.param((20_000, "traced graphs", "cpu"), id="graphs", marks=pytest.mark.long),
        *(pytest.param((20_000, "cuda graphs", device), id=device) for device in DEVICES[1:]),
    ],
)
def cached_engine(request: pytest.FixtureRequest, tiled_checkpoint: Path) -> Iterator[Engine]:
    cache_bytes, steps, device = request.param
    with pytest.MonkeyPatch.context() as patch:
        if steps == "traced graphs":
            patch.setattr(model_runner, "choose_graph_capture", choose_traced_graphs)
        engine = open_engine(tiled_checkpoint, cache_bytes, device)
    yield engine
    engine.close()


async def wait_for_step(engine: Engine, step: int, under_way: Collection[object]) -> None:
    """Wait until the engine has come to a step, or no answer is under way."""
    await asyncio.sleep(0)
    while engine.statistics.num_steps < step and under_way:
        await asyncio.sleep(0.0005)


arrivals = st.lists(
    st.tuples(
        st.integers(0, len(CONVERSATIONS) - 1),
        st.sampled_from((0.0, 1.0)),
        st.integers(0, 8),
        st.sampled_from(("wait", "cancel", "forget", "leave")),
    ),
    min_size=1,
    max_size=16,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(arrivals)
@example([(1, 1.0, 0, "wait"), (3, 1.0, 0, "wait"), (0, 0.0, 4, "leave"), (2, 1.0, 6, "cancel")])
def test_answers_are_those_given_alone_whoever_comes_and_goes(
    cached_engine: Engine,
    expected: dict[float, list[str]],
    arrivals: list[tuple[int, float, int, str]],
) -> None:
    first_step = cached_engine.statistics.num_steps
    under_way: set[asyncio.Task[str]] = set()

    async def arrive(number: int, temperature: float, delay: int, then: str) -> None:
        whole = expected[temperature][number]
        await wait_for_step(cached_engine, first_step + delay, under_way)
        max_tokens = 1 if then == "leave" else NUM_TOKENS
        task = asyncio.create_task(answer(cached_engine, CONVERSATIONS[number], temperature, max_tokens))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        if then == "leave":
            assert whole.startswith(await task)
            return
        if then == "cancel":
            await wait_for_step(cached_engine, first_step + delay + 1, under_way)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return
        if then == "forget":
            cached_engine.forget()
        assert await task == whole

    async def arrive_all() -> None:
        await asyncio.gather(*(arrive(*arrival) for arrival in arrivals))

    asyncio.run(arrive_all())


async def test_pictures_and_beginnings_are_read_once(tiled_checkpoint: Path) -> None:
    checkpoint = load_checkpoint(EngineSettings(str(tiled_checkpoint), device="cpu"))
    chat_format = ChatFormat(checkpoint.tokenizer, checkpoint.chat_template, checkpoint.image_token_id)
    engine = Engine(checkpoint)
    shown, judged_one, judged_other = CONVERSATIONS[3:6]

    await answer(engine, shown)
    first = engine.statistics
    await asyncio.gather(answer(engine, judged_one), answer(engine, judged_other), answer(engine, shown))
    second = engine.statistics
    engine.close()

    prompts = [chat_format.encode(turns).token_ids for turns in (shown, judged_one, judged_other)]
    assert first.num_pictures == second.num_pictures == 1
    assert first.num_read == len(prompts[0])
    distinct = {tokens[: end + 1] for tokens in prompts for end in range(len(tokens))}
    # A prompt's last token is read again, since what may follow it is not remembered.
    assert second.num_read == len(distinct) + 1
    assert second.num_generated == 4 * NUM_TOKENS


def test_a_delta_says_how_much_of_the_prompt_was_known(tiled_checkpoint: Path) -> None:
    engine = open_engine(tiled_checkpoint, None)
    request = Request(CONVERSATIONS[3], Sampling(max_tokens=2), is_streamed=False)

    (first,), (second,) = list(engine.generate(request)), list(engine.generate(request))
    engine.close()

    assert first.num_cached_tokens == 0
    assert second.num_cached_tokens == second.num_prompt_tokens - 1
