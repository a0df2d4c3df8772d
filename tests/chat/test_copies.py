"""Copies of a model that has answered: in this process they share the engine, in others they load it."""

import copy
import multiprocessing
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import pytest

from langchain_llava_o1 import ChatLlavaO1

Copy = Callable[[ChatLlavaO1], ChatLlavaO1]
WAYS: dict[str, Copy] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "model_copy": lambda model: model.model_copy(),
    "deep model_copy": lambda model: model.model_copy(deep=True),
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
}


def answer(model: ChatLlavaO1) -> str:
    return str(model.invoke("How many?").text)


@pytest.fixture(scope="module")
def used() -> ChatLlavaO1:
    model = ChatLlavaO1(max_tokens=8, timeout=600)
    answer(model)
    return model


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_answers_alike_with_the_same_engine(used: ChatLlavaO1, way: str) -> None:
    copied = WAYS[way](used)
    assert copied is not used
    assert copied.model_dump() == used.model_dump()
    assert answer(copied) == answer(used)
    # Text that one of them has read is known to the other.
    usage = copied.invoke("How many?").usage_metadata
    assert usage
    assert usage["input_token_details"]["cache_read"] > 0


def test_other_settings_of_a_copy_leave_the_model_as_it_is(used: ChatLlavaO1) -> None:
    copied = copy.deepcopy(used)
    copied.max_tokens = 3
    assert used.max_tokens == 8


def test_a_pickle_holds_no_weights(used: ChatLlavaO1) -> None:
    assert len(pickle.dumps(used)) < 10_000


@pytest.mark.long
def test_a_copy_works_in_another_process(used: ChatLlavaO1) -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as processes:
        assert processes.submit(answer, used).result(600) == answer(used)
