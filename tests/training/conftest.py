"""Small models train fastest in one thread, above all where other tests run beside them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image

from langchain_llava_o1 import TrainingSetWriter
from langchain_llava_o1.data.example import Example, Turn
from tests.training.runs import COLOURS
from tests.training.sets import staged


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    num_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(num_threads)


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve questions about plain pictures, two of them in one conversation."""
    folder = tmp_path_factory.mktemp("colours")
    for colour in COLOURS:
        Image.new("RGB", (32, 24), colour).save(folder / f"{colour}.png")
    with TrainingSetWriter(folder / "colours.jsonl") as writer:
        for number in range(11):
            colour = COLOURS[number % len(COLOURS)]
            answer = staged("A colour.", "One area.", f"It is {colour}.", colour)
            turns = [Turn("human", "<image>\nWhich colour is it?"), Turn("gpt", answer)]
            if number == 0:
                turns += [Turn("human", "Sure?"), Turn("gpt", answer)]
            writer.append(Example(str(number), (f"{colour}.png",), tuple(turns)))
    return folder / "colours.jsonl"
