import asyncio
import base64
import io
import math
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.load import dumpd, load
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, message_chunk_to_message
from langchain_tests.utils.stream_lifecycle import assert_valid_event_stream
from PIL import Image
from pydantic import ValidationError

from langchain_llava_o1 import ChatLlavaO1, chat_model
from langchain_llava_o1.engine.engine import EngineSettings
from langchain_llava_o1.engine.request import Request, Turn
from langchain_llava_o1.errors import (
    ConfigurationError,
    ContextLengthError,
    GenerationError,
    GenerationTimeout,
    MessageError,
    ModelLoadError,
)
from langchain_llava_o1.response import END_OF_ANSWER, Response, collect_message
from langchain_llava_o1.stages import STAGES
from tests.scripted_engine import NUM_PROMPT_TOKENS, ScriptedEngine

HIDDEN = "<SUMMARY>Count them.</SUMMARY>\n\n<CAPTION>Two dogs.</CAPTION>\n\n<REASONING>1 + 1</REASONING>"
ANSWER = HIDDEN.replace(">Count", "> \nCount").replace("dogs.<", "dogs. <") + (
    "\n\n<CONCLUSION> There are 2. </CONCLUSION>\nBye"
)

Script = Callable[..., ScriptedEngine]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    """Replace the engine by one that writes a given text."""

    def install(text: str, **options: Any) -> ScriptedEngine:
        engine = ScriptedEngine(text, **options)
        monkeypatch.setattr(chat_model, "load_engine", lambda settings: engine)
        return engine

    return install


def chat(**parameters: Any) -> ChatLlavaO1:
    return ChatLlavaO1(model="any", **parameters)


def add_up(chunks: list[AIMessageChunk]) -> AIMessage:
    message = message_chunk_to_message(chunks[0] + chunks[1:])
    assert isinstance(message, AIMessage)
    return message


def without_id(message: AIMessage) -> AIMessage:
    return message.model_copy(update={"id": None})


def test_the_content_is_the_conclusion(script: Script) -> None:
    script(ANSWER)
    message = chat().invoke("How many?")
    assert message.content == "There are 2."
    assert message.additional_kwargs["reasoning_content"] == HIDDEN
    assert message.response_metadata == {
        "finish_reason": "stop",
        "stop_sequence": None,
        "model_name": "any",
        "model_provider": "llava-o1",
    }
    assert [block["type"] for block in message.content_blocks] == ["reasoning", "text"]


def test_v1_content_has_a_block_for_each_stage(script: Script) -> None:
    script(ANSWER)
    message = chat(output_version="v1").invoke("How many?")
    assert message.content == [
        {"type": "reasoning", "reasoning": "Count them.", "index": 0, "extras": {"stage": "summary"}},
        {"type": "reasoning", "reasoning": "Two dogs.", "index": 1, "extras": {"stage": "caption"}},
        {"type": "reasoning", "reasoning": "1 + 1", "index": 2, "extras": {"stage": "reasoning"}},
        {"type": "text", "text": "There are 2.", "index": 3},
    ]
    assert message.text == "There are 2."
    assert "reasoning_content" not in message.additional_kwargs
    assert message.response_metadata["output_version"] == "v1"


TEXTS = {
    "answer": ANSWER,
    "cut off in a stage": "<SUMMARY>a</SUMMARY>\n<CAPTION>tw",
    "untagged": "Just two.",
    "empty": "",
    "preamble": "Sure! " + ANSWER,
    "forgotten closings": "<SUMMARY>a<CAPTION>b<CONCLUSION>c",
    "other spelling": "(Here begins the CAPTION stage) b (Here ends the CAPTION stage)"
    "(Here begins the CONCLUSION stage) c (Here ends the CONCLUSION stage)",
    "empty conclusion": "<SUMMARY>a</SUMMARY><CONCLUSION></CONCLUSION>",
    "two conclusions": "<CONCLUSION>a<SUMMARY>b</SUMMARY><CONCLUSION>c",
    "lone closing": "a</CONCLUSION>",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize("version", ["v0", "v1"])
@pytest.mark.parametrize("chunk_size", [1, 7, 1000])
async def test_streams_add_up_to_the_message(
    script: Script, text: str, version: str, chunk_size: int
) -> None:
    script(text, chunk_size=chunk_size)
    model = chat(output_version=version, max_tokens=2000)
    expected = without_id(model.invoke("How many?"))
    assert without_id(await model.ainvoke("How many?")) == expected
    streamed = list(model.stream("How many?"))
    assert without_id(add_up(streamed)) == expected
    assert streamed[-1].chunk_position == "last"
    assert without_id(add_up([chunk async for chunk in model.astream("How many?")])) == expected
    assert_valid_event_stream(model.stream_events("How many?", version="v3"))


@pytest.mark.parametrize(
    ("text", "options", "content", "finish_reason", "stop_sequence"),
    [
        (ANSWER, {}, "There are 2.", "stop", None),
        (ANSWER, {"stop": ["</CAPTION>"]}, ANSWER[: ANSWER.index("</CAPTION>")], "stop", "</CAPTION>"),
        (ANSWER, {"stop": ["</CONCLUSION>"]}, "There are 2.", "stop", "</CONCLUSION>"),
        (ANSWER, {"max_tokens": 10}, ANSWER[:40], "length", None),
        ("<CONCLUSION>There are two", {"max_tokens": 5}, "There ar", "length", None),
        ("Just two.", {}, "Just two.", "untagged", None),
        ("Just two.", {"stop": ["two"]}, "Just ", "stop", "two"),
        ("<SUMMARY>plan</SUMMARY>", {}, "<SUMMARY>plan</SUMMARY>", "untagged", None),
        ("plan</CONCLUSION>", {}, "plan</CONCLUSION>", "untagged", None),
        ("<CONCLUSION>Two.", {}, "Two.", "stop", None),
    ],
)
def test_the_end_is_explained(
    script: Script,
    text: str,
    options: dict[str, Any],
    content: str,
    finish_reason: str,
    stop_sequence: str | None,
) -> None:
    script(text)
    message = chat().invoke("How many?", **options)
    assert message.content == content
    assert message.response_metadata["finish_reason"] == finish_reason
    assert message.response_metadata["stop_sequence"] == stop_sequence


def test_a_stage_is_streamed_while_it_is_written(script: Script) -> None:
    script(ANSWER, chunk_size=3)
    chunks = list(chat().stream("How many?"))
    first = next(i for i, chunk in enumerate(chunks) if chunk.additional_kwargs.get("reasoning_content"))
    assert len(chunks) > 15
    assert first <= len("<SUMMARY>") / 3 + 1
    assert sum(bool(chunk.usage_metadata) for chunk in chunks) == 1


def test_reasoning_tokens_are_those_before_the_conclusion(script: Script) -> None:
    script(ANSWER, chunk_size=1)
    usage = chat(max_tokens=2000).invoke("How many?").usage_metadata
    num_tokens = ANSWER.index("</CONCLUSION>")
    assert usage == {
        "input_tokens": NUM_PROMPT_TOKENS,
        "output_tokens": num_tokens,
        "total_tokens": NUM_PROMPT_TOKENS + num_tokens,
        "output_token_details": {"reasoning": ANSWER.index("<CONCLUSION>")},
    }
    script("Just two.", chunk_size=1)
    usage = chat().invoke("How many?").usage_metadata
    assert usage is not None
    assert usage["output_token_details"] == {"reasoning": 0}


def test_a_partial_answer_is_continued(script: Script) -> None:
    engine = script("dogs.</CAPTION><CONCLUSION>2</CONCLUSION>")
    accepted = "<SUMMARY>plan</SUMMARY>\n\n<CAPTION>Two "
    message = chat().invoke([HumanMessage("How many?"), AIMessage(accepted)])
    assert engine.requests[0].turns[-1].role == "assistant"
    assert engine.requests[0].turns[-1].parts == (accepted,)
    assert message.content == "2"
    assert message.additional_kwargs["reasoning_content"] == "<CAPTION>dogs.</CAPTION>"


def test_a_cut_off_answer_can_be_sent_back(script: Script) -> None:
    text = HIDDEN + "\n\n<CONCLUSION>There are"
    script(text + " 2", chunk_size=len(text))
    question = HumanMessage("How many?")
    cut = chat(max_tokens=1).invoke([question])
    assert (cut.content, cut.response_metadata["finish_reason"]) == ("There are", "length")
    engine = script(" 2.</CONCLUSION>")
    message = chat().invoke([question, cut])
    assert engine.requests[0].turns[-1].parts == (text,)
    assert message.content == "2."


def test_a_questions_tags_are_not_the_models(script: Script) -> None:
    engine = script("<CONCLUSION>2</CONCLUSION>")
    message = chat().invoke("What is in <CAPTION>? Say </CONCLUSION>.")
    assert message.content == "2"
    assert engine.requests[0].turns[-1].parts == ("What is in <CAPTION>? Say </CONCLUSION>.",)


def test_settings_reach_the_engine_and_calls_override_them(script: Script) -> None:
    engine = script(ANSWER)
    model = chat(temperature=0.5, top_p=0.9, max_tokens=50, stop="end", seed=3, timeout=9)
    model.invoke("a")
    model.bind(stop=["x"], seed=4).invoke("a", temperature=0, top_p=1, max_tokens=7, timeout=2, stream=False)
    first, second = engine.requests
    assert first.sampling.__dict__ == {"temperature": 0.5, "top_p": 0.9, "max_tokens": 50, "seed": 3}
    assert (first.stop, first.timeout) == (("end", *END_OF_ANSWER), 9)
    assert second.sampling.__dict__ == {"temperature": 0, "top_p": 1, "max_tokens": 7, "seed": 4}
    assert (second.stop, second.timeout) == (("x", *END_OF_ANSWER), 2)


@pytest.mark.parametrize(
    "options",
    [
        {"tools": []},
        {"n": 2},
        {"model": "other"},
        {"response_format": {}},
        {"temperature": -1},
        {"temperature": math.nan},
        {"top_p": 0},
        {"max_tokens": 0},
        {"seed": "x"},
        {"timeout": 0},
        {"stop": [""]},
    ],
)
def test_bad_call_options_are_refused(script: Script, options: dict[str, Any]) -> None:
    engine = script(ANSWER)
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        chat().invoke("a", **options)
    assert engine.requests == []


@pytest.mark.parametrize(
    "parameters",
    [
        {"temperature": -0.1},
        {"temperature": math.inf},
        {"temperature": "hot"},
        {"top_p": 1.5},
        {"max_tokens": 0},
        {"stop": [""]},
        {"stop": [1]},
        {"timeout": -1},
        {"max_retries": -1},
        {"quantization": "2bit"},
        {"model": " "},
        {"dtype": "float7"},
        {"device": "cuda", "device_map": "auto"},
        {"model": "a", "model_name": "b"},
        {"temprature": 1},
        {"max_image_pixels": 0},
    ],
)
def test_bad_parameters_are_refused_at_construction(parameters: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ChatLlavaO1(**parameters)


def test_a_misspelt_parameter_gets_a_hint() -> None:
    parameters: dict[str, Any] = {"temprature": 1}
    with pytest.raises(ValidationError, match="Did you mean 'temperature'"):
        ChatLlavaO1(**parameters)


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLAVA_O1_MODEL", raising=False)
    unset: dict[str, Any] = dict.fromkeys(["temperature", "top_p", "max_tokens", "max_retries", "stop"])
    model = ChatLlavaO1(**unset)
    assert (model.model, model.temperature, model.top_p, model.max_tokens) == ("tiny", 0, 1, 1024)
    monkeypatch.setenv("LLAVA_O1_MODEL", "some/folder")
    assert ChatLlavaO1().model == "some/folder"
    synonym: dict[str, Any] = {"model_name": "other"}
    assert ChatLlavaO1(**synonym).model_name == "other"


async def test_many_calls_are_answered_at_once_without_threads(script: Script) -> None:
    engine = script(ANSWER)
    model = chat()
    await model.ainvoke("load")
    num_threads = threading.active_count()
    most_threads = 0

    async def watch() -> None:
        nonlocal most_threads
        while True:
            most_threads = max(most_threads, threading.active_count())
            await asyncio.sleep(0)

    watcher = asyncio.create_task(watch())
    answers = await model.abatch(["How many?"] * 40)
    watcher.cancel()
    assert {answer.content for answer in answers} == {"There are 2."}
    assert engine.most_active == 40
    assert most_threads <= num_threads


async def test_the_model_loads_off_the_event_loop_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    def load(settings: EngineSettings) -> ScriptedEngine:
        threads.append(threading.current_thread())
        return ScriptedEngine(ANSWER)

    monkeypatch.setattr(chat_model, "load_engine", load)
    model = chat()
    await model.ainvoke("a")
    await model.ainvoke("a")
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


def test_a_copy_with_other_settings_loads_its_own_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []

    def load(settings: EngineSettings) -> ScriptedEngine:
        loaded.append((settings.model, settings.dtype, settings.quantization))
        return ScriptedEngine(ANSWER)

    monkeypatch.setattr(chat_model, "load_engine", load)
    model = chat(dtype="float32")
    model.invoke("a")
    model.model_copy(update={"model": "other", "quantization": "4bit"}).invoke("a")
    assert loaded == [("any", "float32", None), ("other", "float32", "4bit")]


async def test_pictures_are_decoded_off_the_event_loop(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = script(ANSWER)
    threads = []
    original = Image.open

    def watched(*arguments: Any, **options: Any) -> Image.Image:
        threads.append(threading.current_thread())
        return original(*arguments, **options)

    block = picture_block(2, 2)
    monkeypatch.setattr(Image, "open", watched)
    await chat().ainvoke([HumanMessage([block, {"type": "text", "text": "What?"}])])
    assert isinstance(engine.requests[0].turns[0].parts[0], Image.Image)
    assert threads
    assert threading.main_thread() not in threads


def test_failures_of_the_engine_are_retried(script: Script) -> None:
    engine = script(ANSWER, failures={0: GenerationError("broke")})
    assert chat().invoke("a").content == "There are 2."
    assert len(engine.requests) == 2


@pytest.mark.parametrize("error", [GenerationTimeout("slow"), MessageError("no"), ValueError("bug")])
def test_other_failures_are_not_retried(script: Script, error: Exception) -> None:
    engine = script(ANSWER, failures={0: error})
    with pytest.raises(type(error)):
        chat().invoke("a")
    assert len(engine.requests) == 1


async def test_retries_end(script: Script) -> None:
    engine = script(ANSWER, failures=dict.fromkeys(range(9), GenerationError("broke")))
    with pytest.raises(GenerationError):
        await chat(max_retries=1).ainvoke("a")
    assert len(engine.requests) == 2


async def test_a_stream_is_retried_only_before_its_first_chunk(script: Script) -> None:
    engine = script(ANSWER, chunk_size=2, failures={0: GenerationError("broke")})
    assert add_up(list(chat().stream("a"))).content == "There are 2."
    assert add_up([chunk async for chunk in chat().astream("a")]).content == "There are 2."
    engine = script(ANSWER, chunk_size=20, failures={0: GenerationError("broke")})
    with pytest.raises(GenerationError):
        list(chat().stream("a"))
    assert len(engine.requests) == 1


async def test_a_stream_that_is_left_ends_the_request(script: Script) -> None:
    engine = script(ANSWER)
    stream = chat().stream("a")
    assert isinstance(stream, Generator)
    next(stream)
    stream.close()
    assert engine.num_closed == 1
    async_stream = chat().astream("a")
    assert isinstance(async_stream, AsyncGenerator)
    await anext(async_stream)
    await async_stream.aclose()
    assert engine.num_closed == 2


async def test_cancelling_a_call_ends_the_request(script: Script) -> None:
    engine = script(ANSWER, chunk_size=1)
    task = asyncio.create_task(chat().ainvoke("a"))
    while not engine.num_active:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (engine.num_active, engine.num_closed) == (0, 1)


def test_tracing_parameters() -> None:
    model = chat(temperature=0.5, max_tokens=9, stop=["x"])
    assert model._get_ls_params() == {
        "ls_provider": "llava-o1",
        "ls_model_type": "chat",
        "ls_model_name": "any",
        "ls_temperature": 0.5,
        "ls_max_tokens": 9,
        "ls_stop": ["x"],
    }
    assert model._get_ls_params(stop=["y"], temperature=1)["ls_stop"] == ["y"]


def test_the_profile_says_what_the_model_takes() -> None:
    profile = ChatLlavaO1(model="Xkev/Llama-3.2V-11B-cot").profile
    assert profile is not None
    assert profile["image_inputs"]
    assert profile["reasoning_output"]
    assert not profile["tool_calling"]
    assert profile["max_input_tokens"] == 131_072
    other = chat(allow_image_urls=True).profile
    assert other is not None
    assert other["image_url_inputs"]


@pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")
def test_serialization_round_trip() -> None:
    model = chat(temperature=0.5, stop=["x"], allowed_image_roots=["/tmp"], quantization="8bit")
    again = load(dumpd(model), valid_namespaces=["langchain_llava_o1"], allowed_objects=[ChatLlavaO1])
    assert isinstance(again, ChatLlavaO1)
    assert again == model


def test_tokens_are_counted_by_the_model(script: Script) -> None:
    script("")
    assert chat().get_num_tokens("one two") == 2
    assert chat().get_num_tokens_from_messages([HumanMessage("one two"), HumanMessage(["three"])]) == 3


@given(st.text(alphabet="ab <>/\n", max_size=30), st.integers(1, 9), st.booleans())
def test_a_response_never_loses_an_unstaged_text(text: str, chunk_size: int, is_v1: bool) -> None:
    response = Response(model_name="any", is_v1=is_v1)
    engine = ScriptedEngine(text, chunk_size)
    request = Request(turns=(Turn("user", ("a",)),))
    chunks = [chunk for delta in engine.generate(request) for chunk in response.feed(delta)]
    assert collect_message(chunks).text == text


@given(st.lists(st.text(alphabet="ab (<\n", max_size=9), min_size=4, max_size=4), st.integers(1, 30))
def test_a_response_gives_every_stage(bodies: list[str], chunk_size: int) -> None:
    wrapped = [f"{s.opening}{body}{s.closing}" for s, body in zip(STAGES, bodies, strict=True)]
    response = Response(model_name="any")
    request = Request(turns=(Turn("user", ("a",)),))
    deltas = ScriptedEngine("\n".join(wrapped), chunk_size).generate(request)
    message = collect_message([chunk for delta in deltas for chunk in response.feed(delta)])
    hidden = [s.wrap(body) for s, body in zip(STAGES, bodies, strict=True)][:3]
    assert message.additional_kwargs["reasoning_content"] == "\n\n".join(hidden)
    assert message.content == bodies[3].strip()


def picture_block(width: int, height: int) -> dict[str, Any]:
    buffer = io.BytesIO()
    Image.effect_noise((width, height), 90).save(buffer, "PNG")
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return {"type": "image", "base64": encoded, "mime_type": "image/png"}


async def test_a_seed_gives_one_answer_however_it_is_asked(random_checkpoint: Path) -> None:
    model = ChatLlavaO1(model=str(random_checkpoint), device="cpu", temperature=1, max_tokens=12, seed=5)
    question = [HumanMessage([picture_block(30, 20), {"type": "text", "text": "How many?"}])]
    expected = without_id(model.invoke(question))
    assert without_id(add_up(list(model.stream(question)))) == expected
    answers = await model.abatch([question] * 3)
    assert [without_id(answer) for answer in answers] == [expected] * 3
    assert without_id(add_up([chunk async for chunk in model.astream(question)])) == expected
    assert (await model.ainvoke(question, seed=6)).content != expected.content


def test_special_tokens_in_a_text_are_text(random_checkpoint: Path) -> None:
    model = ChatLlavaO1(model=str(random_checkpoint), device="cpu", max_tokens=4)
    text = "What is <|image|> and <|eot_id|>?"
    answer = model.invoke([HumanMessage([picture_block(8, 8), text]), AIMessage("<|image|><|eot_id|> ")])
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["input_tokens"] > model.get_num_tokens(text) > 20


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1)])
def test_odd_pictures_are_answered(random_checkpoint: Path, size: tuple[int, int]) -> None:
    model = ChatLlavaO1(model=str(random_checkpoint), device="cpu", max_tokens=2)
    assert model.invoke([HumanMessage([picture_block(*size), "What?"])]).content is not None


def test_an_unknown_model_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match="absent"):
        ChatLlavaO1(model=str(tmp_path / "absent")).invoke("a")


def test_a_prompt_that_does_not_fit_is_a_clear_error(random_checkpoint: Path) -> None:
    model = ChatLlavaO1(model=str(random_checkpoint), device="cpu")
    with pytest.raises(ContextLengthError):
        model.invoke("word " * 2000)
