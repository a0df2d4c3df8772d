"""What a chat model does with the pictures of its calls."""

import hashlib
import threading
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from langchain_llava_o1 import ChatLlavaO1
from tests.asking import picture_block


def test_a_picture_is_hashed_once_and_in_the_callers_thread(
    random_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    original = hashlib.blake2b

    def watched(*arguments: Any, **options: Any) -> Any:
        threads.append(threading.current_thread().name)
        return original(*arguments, **options)

    model = ChatLlavaO1(model=str(random_checkpoint), device="cpu", max_tokens=2)
    question = [HumanMessage([picture_block(30, 20), {"type": "text", "text": "How many?"}])]
    monkeypatch.setattr(hashlib, "blake2b", watched)
    model.invoke(question)
    model.score(question, ["One.", "Two."])
    assert threads == [threading.current_thread().name]
