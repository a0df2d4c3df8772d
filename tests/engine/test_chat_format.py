import copy
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoProcessor

from langchain_llava_o1.engine.chat_format import ChatFormat
from langchain_llava_o1.engine.request import Turn
from langchain_llava_o1.errors import MessageError, ModelLoadError
from tests.checkpoints import CHAT_TEMPLATE, SPECIAL_TOKENS
from tests.engine.pictures import draw_noise
from tests.engine.reference import Reference

REFUSES_SYSTEM_BESIDE_PICTURES = (
    "{%- for message in messages %}{%- for item in message['content'] %}"
    "{%- if item['type'] == 'image' and messages[0]['role'] == 'system' %}"
    "{{- raise_exception('no system message beside pictures') }}"
    "{%- endif %}{%- endfor %}{%- endfor %}"
) + CHAT_TEMPLATE


@pytest.fixture(scope="module")
def tokenizer(random_checkpoint: Path) -> Any:
    processor: Any = AutoProcessor.from_pretrained(random_checkpoint)
    return processor.tokenizer


@pytest.fixture(scope="module")
def chat_format(tokenizer: Any) -> ChatFormat:
    return make_format(tokenizer)


def make_format(tokenizer: Any, template: str | None = CHAT_TEMPLATE) -> ChatFormat:
    return ChatFormat(tokenizer, template, tokenizer.convert_tokens_to_ids("<|image|>"))


@pytest.mark.parametrize(
    "turns",
    [
        (Turn("user", ("How many red circles?",)),),
        (Turn("user", ("  How many?\n\n",)),),
        (Turn("user", ("\n",)),),
        (Turn("system", (" Count. ",)), Turn("user", (draw_noise(1), "How", " many?"))),
        (Turn("user", ("One", draw_noise(1), draw_noise(2))), Turn("user", ("Two",))),
        (Turn("user", ("How many?",)), Turn("assistant", ("The answer is",))),
        (Turn("user", ("<SUMMARY>é\U0001f600</SUMMARY>",)), Turn("assistant", ("x",)), Turn("user", ("y",))),
    ],
)
def test_ordinary_conversations_are_tokenized_as_the_processor_does(
    chat_format: ChatFormat, reference: Reference, turns: tuple[Turn, ...]
) -> None:
    expected = reference.inputs(turns)["input_ids"][0].tolist()
    assert list(chat_format.encode(turns).token_ids) == expected


@pytest.mark.parametrize("token", SPECIAL_TOKENS)
@pytest.mark.parametrize("role", ["system", "user", "assistant"])
def test_text_never_becomes_special_tokens(
    chat_format: ChatFormat, tokenizer: Any, token: str, role: Any
) -> None:
    def encode(text: str) -> list[int]:
        turns = (Turn(role, (text,)), Turn("user", ("?",)))
        return list(chat_format.encode(turns).token_ids)

    token_ids = encode(f"a{token}b")
    special_ids = set(tokenizer.all_special_ids)
    assert [i for i in token_ids if i in special_ids] == [i for i in encode("ab") if i in special_ids]
    assert f"a{token}b" in tokenizer.decode(token_ids)


def test_placeholders_in_a_text_stay_text(chat_format: ChatFormat, tokenizer: Any) -> None:
    turns = (Turn("user", ("\ue0001\ue001",)), Turn("user", ("second",)))
    text = tokenizer.decode(chat_format.encode(turns).token_ids)
    assert text.count("second") == 1
    assert "\ue0001\ue001" in text


def test_text_begins_once(tokenizer: Any) -> None:
    begin_id = tokenizer.bos_token_id
    for template in (
        CHAT_TEMPLATE,
        CHAT_TEMPLATE.replace("{{- bos_token }}", "", 1),
        "{{ bos_token }}" + CHAT_TEMPLATE,
    ):
        token_ids = make_format(tokenizer, template).encode((Turn("user", ("Hello",)),)).token_ids
        assert token_ids[0] == begin_id
        assert token_ids.count(begin_id) == 1


def test_a_continued_text_keeps_its_last_space(chat_format: ChatFormat, tokenizer: Any) -> None:
    turns = (Turn("user", ("Hello",)), Turn("assistant", ("The answer is ",)))
    assert tokenizer.decode(chat_format.encode(turns).token_ids).endswith("\n\nThe answer is ")


def test_an_empty_last_turn_opens_an_answer(chat_format: ChatFormat) -> None:
    question = (Turn("user", ("Hello",)),)
    for empty in ((), ("",)):
        assert chat_format.encode((*question, Turn("assistant", empty))) == chat_format.encode(question)


def test_a_refused_system_message_moves_into_the_question(tokenizer: Any) -> None:
    turns = (Turn("system", ("Count.",)), Turn("user", (draw_noise(1), "How many?")))
    prompt = make_format(tokenizer, REFUSES_SYSTEM_BESIDE_PICTURES).encode(turns)
    text = tokenizer.decode(prompt.token_ids)
    assert "user<|end_header_id|>\n\n<|image|>Count.\n\nHow many?<|eot_id|>" in text
    assert "system" not in text
    assert len(prompt.pictures) == 1


def test_pictures_keep_their_order_when_a_system_message_moves(tokenizer: Any) -> None:
    first, second = draw_noise(1), draw_noise(2)
    turns = (Turn("system", (first, "Count.")), Turn("user", (second, "How many?")))
    prompt = make_format(tokenizer, REFUSES_SYSTEM_BESIDE_PICTURES).encode(turns)
    assert prompt.pictures == (first, second)


def test_what_a_template_refuses_or_drops_is_an_error(tokenizer: Any) -> None:
    strict = "{{- raise_exception('roles must alternate') }}"
    with pytest.raises(MessageError, match="roles must alternate"):
        make_format(tokenizer, strict).encode((Turn("user", ("Hello",)),))
    forgetful = "{{- bos_token }}{{- messages[-1]['content'][0]['text'] }}"
    with pytest.raises(MessageError, match="1 of 2 texts"):
        make_format(tokenizer, forgetful).encode((Turn("user", ("Hello",)), Turn("user", ("there",))))


def test_a_checkpoint_without_template_is_refused(tokenizer: Any) -> None:
    silent = copy.deepcopy(tokenizer)
    silent.chat_template = None
    with pytest.raises(ModelLoadError, match="no chat template"):
        make_format(silent, None)


def test_count_tokens_counts_plain_text(chat_format: ChatFormat) -> None:
    assert chat_format.count_tokens("") == 0
    assert chat_format.count_tokens("<|image|>") > 1
