"""What a chat model makes of an engine's text: messages, streams, usage."""

from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_tests.utils.stream_lifecycle import assert_valid_event_stream

from tests.asking import add_up, chat, without_id
from tests.scripted_engine import ANSWER, HIDDEN, NUM_PROMPT_TOKENS, Script


def test_the_content_is_the_conclusion(script: Script) -> None:
    script(ANSWER)
    message = chat().invoke("How many?")
    assert message.content == "There are 2."
    assert message.additional_kwargs["reasoning_content"] == HIDDEN
    assert message.response_metadata == {
        "finish_reason": "stop",
        "stop_sequence": None,
        "mean_logprob": -1.0,
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
    told = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata]
    assert len(told) > 15
    assert sum(usage["output_tokens"] for usage in told) == (
        chat().invoke("How many?").usage_metadata or {}
    ).get("output_tokens")
    assert [bool(usage["input_tokens"]) for usage in told] == [True] + [False] * (len(told) - 1)


def test_reasoning_tokens_are_those_before_the_conclusion(script: Script) -> None:
    script(ANSWER, chunk_size=1)
    usage = chat(max_tokens=2000).invoke("How many?").usage_metadata
    num_tokens = ANSWER.index("</CONCLUSION>")
    assert usage == {
        "input_tokens": NUM_PROMPT_TOKENS,
        "output_tokens": num_tokens,
        "total_tokens": NUM_PROMPT_TOKENS + num_tokens,
        "input_token_details": {"cache_read": 0},
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


async def test_a_model_can_be_loaded_before_its_first_call(script: Script) -> None:
    script(ANSWER)
    model = chat()
    assert not model.is_loaded
    await model.aload()
    assert model.is_loaded
    assert not model.model_copy(update={"model": "another"}).is_loaded


def test_tokens_are_counted_by_the_model(script: Script) -> None:
    script("")
    assert chat().get_num_tokens("one two") == 2
    assert chat().get_num_tokens_from_messages([HumanMessage("one two"), HumanMessage(["three"])]) == 3


async def test_log_probabilities_of_tokens_on_request(script: Script) -> None:
    script("<SUMMARY>a</SUMMARY> and more", chunk_size=4)
    model = chat()
    assert "logprobs" not in model.invoke("How many?").response_metadata
    told = model.invoke("How many?", logprobs=True).response_metadata["logprobs"]["content"]
    assert "".join(token["token"] for token in told) == "<SUMMARY>a</SUMMARY> and more"
    assert [token["logprob"] for token in told] == [-1.0] * len(told)
    streamed = add_up([chunk async for chunk in chat(logprobs=True).astream("How many?")])
    assert streamed.response_metadata["logprobs"]["content"] == told
