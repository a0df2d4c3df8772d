"""A chat model over a real checkpoint with random weights."""

import asyncio
import gc
import threading
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from langchain_llava_o1 import ChatLlavaO1, create_single_pass
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.errors import (
    ContextLengthError,
    ModelLoadError,
)
from tests.asking import add_up, picture_block, without_id


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


async def test_the_event_loop_goes_on_while_a_search_generates(
    random_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = Mllama.forward
    is_computing, may_go_on = threading.Event(), threading.Event()

    def forward_when_told(self: Mllama, *arguments: Any, **options: Any) -> Any:
        is_computing.set()
        # In the event loop this would wait for what only the event loop does.
        assert may_go_on.wait(60), "the event loop stood still while the model computed"
        return forward(self, *arguments, **options)

    monkeypatch.setattr(Mllama, "forward", forward_when_told)
    model = ChatLlavaO1(model=str(random_checkpoint), device="cpu", max_tokens=2, max_retries=0)
    search = asyncio.create_task(
        create_single_pass(model)
        .compile()
        .ainvoke({"question": "How many?"}, context={"needs_picture": False})
    )
    while not (is_computing.is_set() or search.done()):
        await asyncio.sleep(0.01)
    may_go_on.set()
    assert (await search)["messages"][-1].usage_metadata["output_tokens"] > 0


def test_an_unknown_model_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match="absent"):
        ChatLlavaO1(model=str(tmp_path / "absent")).invoke("a")


def test_a_prompt_that_does_not_fit_is_a_clear_error(random_checkpoint: Path) -> None:
    model = ChatLlavaO1(model=str(random_checkpoint), device="cpu")
    with pytest.raises(ContextLengthError):
        model.invoke("word " * 2000)


def test_a_model_that_is_closed_gives_its_weights_back_and_loads_them_again(random_checkpoint: Path) -> None:
    def count_networks() -> int:
        gc.collect()
        return sum(type(each) is Mllama for each in gc.get_objects())

    before = count_networks()
    # A setting of its own, so that no other test shares the weights.
    model = ChatLlavaO1(
        model=str(random_checkpoint), device="cpu", dtype="bfloat16", temperature=0, max_tokens=2
    )
    question = [HumanMessage([picture_block(8, 8), "What?"])]
    first = model.invoke(question).content
    assert count_networks() == before + 1
    model.close()
    assert not model.is_loaded
    assert count_networks() == before
    assert model.invoke(question).content == first
    model.close()
    model.close()
