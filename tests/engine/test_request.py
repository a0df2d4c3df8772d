from collections.abc import Callable
from typing import Any

import pytest

from langchain_llava_o1.engine.request import Request, Sampling, Turn
from langchain_llava_o1.errors import ConfigurationError

TURNS = (Turn("user", ("Hello",)),)


def untyped(value: Any) -> Any:
    """Pass what a type checker would refuse."""
    return value


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Turn(untyped("tool"), ()), "role must be one of system, user, assistant, got 'tool'"),
        (lambda: Turn("user", (untyped(b"png"),)), "got bytes"),
        (lambda: Sampling(temperature=-0.1), "temperature must be 0 or more, got -0.1"),
        (lambda: Sampling(temperature=float("nan")), "got nan"),
        (lambda: Sampling(top_p=0.0), "top_p must be above 0"),
        (lambda: Sampling(top_p=1.1), "got 1.1"),
        (lambda: Sampling(max_tokens=0), "max_tokens must be at least 1, got 0"),
        (lambda: Request(()), "at least one turn"),
        (lambda: Request(TURNS, stop=("",)), "non-empty strings"),
        (lambda: Request(TURNS, stop=untyped("stop")), "non-empty strings"),
        (lambda: Request(TURNS, n=0), "n must be at least 1, got 0"),
        (lambda: Request(TURNS, timeout=0), "timeout must be above 0"),
    ],
)
def test_refuses_what_cannot_work(build: Callable[[], object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        build()
