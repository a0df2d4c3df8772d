from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoProcessor

from langchain_llava_o1.engine.answer import Answer, StopScanner, Vocabulary
from langchain_llava_o1.engine.request import Delta, Request, Turn
from langchain_llava_o1.errors import GenerationError

STOPS = ("</CAPTION>", "(Here ends the CAPTION stage)")


@pytest.fixture(scope="module")
def tokenizer(random_checkpoint: Path) -> Any:
    processor: Any = AutoProcessor.from_pretrained(random_checkpoint)
    return processor.tokenizer


@pytest.fixture(scope="module")
def vocabulary(tokenizer: Any) -> Vocabulary:
    return Vocabulary(tokenizer)


def run_answer(
    tokenizer: Any,
    vocabulary: Vocabulary,
    token_ids: list[int],
    *,
    max_tokens: int = 100,
    **settings: Any,
) -> list[Delta]:
    answer = Answer(
        0,
        Request((Turn("user", ("?",)),), **settings),
        vocabulary=vocabulary,
        end_ids=frozenset([tokenizer.eos_token_id]),
        max_tokens=max_tokens,
        num_prompt_tokens=7,
    )
    deltas = []
    for token_id in token_ids:
        delta = answer.accept(token_id, -0.5)
        if delta is not None:
            deltas.append(delta)
            if delta.finish_reason:
                break
    return deltas


def scan(stops: tuple[str, ...], pieces: list[str]) -> tuple[str, str | None]:
    scanner = StopScanner(stops)
    text = ""
    for piece in pieces:
        found = scanner.feed(piece)
        text += found.text
        if found.stop is not None:
            return text, found.stop
    return text + scanner.finish(), None


@given(
    text=st.text(alphabet="abc", max_size=30),
    stops=st.lists(st.text(alphabet="abc", min_size=1, max_size=4), max_size=3).map(tuple),
    cuts=st.lists(st.integers(0, 30), max_size=10),
)
def test_stop_strings_are_found_however_the_text_arrives(
    text: str, stops: tuple[str, ...], cuts: list[int]
) -> None:
    bounds = [0, *sorted(cuts), len(text)]
    pieces = [text[start:end] for start, end in pairwise(bounds)]
    assert scan(stops, pieces) == scan(stops, list(text))
    found_text, stop = scan(stops, pieces)
    if stop is None:
        assert found_text == text
        assert not any(each in text for each in stops)
    else:
        assert text.startswith(found_text + stop)


def test_text_that_may_begin_a_stop_string_is_held_back() -> None:
    scanner = StopScanner(STOPS)
    assert scanner.feed("A star.</CAP").text == "A star."
    assert scanner.feed("TAIN>").text == "</CAPTAIN>"
    assert scanner.feed("</CAPTION").text == ""
    assert scanner.feed(">").stop == "</CAPTION>"


def test_a_stop_string_is_left_out_of_the_text(tokenizer: Any, vocabulary: Vocabulary) -> None:
    token_ids = tokenizer.encode("a star</CAPTION> more", add_special_tokens=False)
    deltas = run_answer(tokenizer, vocabulary, token_ids, stop=STOPS)
    assert "".join(delta.text for delta in deltas) == "a star"
    assert (deltas[-1].finish_reason, deltas[-1].stop) == ("stop", "</CAPTION>")


def test_held_back_text_comes_when_the_model_ends(tokenizer: Any, vocabulary: Vocabulary) -> None:
    token_ids = [*tokenizer.encode("a </CAP", add_special_tokens=False), tokenizer.eos_token_id]
    deltas = run_answer(tokenizer, vocabulary, token_ids, stop=STOPS)
    assert "".join(delta.text for delta in deltas) == "a </CAP"
    assert (deltas[-1].finish_reason, deltas[-1].stop) == ("stop", None)


def test_every_token_is_accounted_for(tokenizer: Any, vocabulary: Vocabulary) -> None:
    token_ids = [*tokenizer.encode("dé\U0001f600jà <CAP", add_special_tokens=False), tokenizer.eos_token_id]
    deltas = run_answer(tokenizer, vocabulary, token_ids, stop=STOPS)
    assert "".join(delta.text for delta in deltas) == "dé\U0001f600jà <CAP"
    assert all("\ufffd" not in delta.text for delta in deltas)
    assert sum(delta.num_tokens for delta in deltas) == len(token_ids)
    assert [logprob for delta in deltas for logprob in delta.logprobs] == [-0.5] * len(token_ids)


def test_special_tokens_write_nothing(tokenizer: Any, vocabulary: Vocabulary) -> None:
    image_id = tokenizer.convert_tokens_to_ids("<|image|>")
    letter_ids = tokenizer.encode("a", add_special_tokens=False)
    deltas = run_answer(
        tokenizer, vocabulary, [image_id, *letter_ids, image_id, 10**6, tokenizer.eos_token_id]
    )
    assert "".join(delta.text for delta in deltas) == "a"


def test_a_cut_off_answer_drops_half_a_character(tokenizer: Any, vocabulary: Vocabulary) -> None:
    token_ids = tokenizer.encode("a\U0001f600", add_special_tokens=False)[:-1]
    deltas = run_answer(tokenizer, vocabulary, token_ids, max_tokens=len(token_ids))
    assert "".join(delta.text for delta in deltas) == "a"
    assert deltas[-1].finish_reason == "length"


def test_an_unwatched_answer_comes_in_one_delta(tokenizer: Any, vocabulary: Vocabulary) -> None:
    token_ids = [*tokenizer.encode("How many red circles?", add_special_tokens=False), tokenizer.eos_token_id]
    (delta,) = run_answer(tokenizer, vocabulary, token_ids, is_streamed=False)
    lengths = [len(tokenizer.decode([token_id])) for token_id in token_ids[:-1]]
    assert delta == Delta(
        index=0,
        text="How many red circles?",
        token_ends=(*accumulate(lengths), sum(lengths)),
        finish_reason="stop",
        stop=None,
        logprobs=(-0.5,) * len(token_ids),
        num_prompt_tokens=7,
    )


def test_probabilities_that_are_no_numbers_are_an_error(tokenizer: Any, vocabulary: Vocabulary) -> None:
    answer = Answer(
        0,
        Request((Turn("user", ("?",)),)),
        vocabulary=vocabulary,
        end_ids=frozenset(),
        max_tokens=1,
        num_prompt_tokens=1,
    )
    with pytest.raises(GenerationError, match="float16"):
        answer.accept(1, float("nan"))
