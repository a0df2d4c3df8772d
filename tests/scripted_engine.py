"""An engine that writes what a test tells it to, for what a random model never writes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from itertools import accumulate

from langchain_llava_o1.engine.request import Delta, Request

NUM_PROMPT_TOKENS = 7
HIDDEN = "<SUMMARY>Count them.</SUMMARY>\n\n<CAPTION>Two dogs.</CAPTION>\n\n<REASONING>1 + 1</REASONING>"
ANSWER = HIDDEN.replace(">Count", "> \nCount").replace("dogs.<", "dogs. <") + (
    "\n\n<CONCLUSION> There are 2. </CONCLUSION>\nBye"
)
"""An answer in four stages, with more white space than there should be."""


class ScriptedEngine:
    """Answers every request with the same text, ``chunk_size`` characters to a token and delta.

    Attributes:
        requests: The requests in the order they came.
        num_active: How many requests are being answered.
        most_active: The most that were answered at the same time.
        num_closed: How many answers were given up before their end.
    """

    is_closed = False

    def __init__(self, text: str, chunk_size: int = 4, failures: dict[int, Exception] | None = None) -> None:
        """Prepare the engine; request ``i`` fails with ``failures[i]`` after its first tokens."""
        self.text = text
        self.chunk_size = chunk_size
        self.failures = failures or {}
        self.requests: list[Request] = []
        self.num_active = 0
        self.most_active = 0
        self.num_closed = 0

    def generate(self, request: Request) -> Iterator[Delta]:
        """Answer a request."""
        number = len(self.requests)
        self.requests.append(request)
        is_done = False
        try:
            deltas = self._deltas(request)
            if request.is_streamed:
                yield next(deltas)
            if number in self.failures:
                raise self.failures[number]
            yield from deltas if request.is_streamed else [_join(list(deltas))]
            is_done = True
        finally:
            self.num_closed += not is_done

    async def agenerate(self, request: Request) -> AsyncIterator[Delta]:
        """Answer a request, giving way to others after every delta."""
        self.num_active += 1
        self.most_active = max(self.most_active, self.num_active)
        deltas = self.generate(request)
        try:
            for delta in deltas:
                yield delta
                await asyncio.sleep(0)
        finally:
            deltas.close()  # type: ignore[attr-defined]
            self.num_active -= 1

    def count_tokens(self, text: str) -> int:
        """Count words."""
        return len(text.split())

    def _deltas(self, request: Request) -> Iterator[Delta]:
        found = [(self.text.index(stop), stop) for stop in request.stop if stop in self.text]
        end, stop = min(found) if found else (len(self.text), None)
        starts = range(0, end, self.chunk_size) or range(1)
        for count, start in enumerate(starts, 1):
            is_cut = count == request.sampling.max_tokens and count < len(starts)
            is_last = is_cut or count == len(starts)
            text = self.text[start : min(start + self.chunk_size, end)]
            yield Delta(
                index=0,
                text=text,
                token_ends=(len(text),),
                finish_reason=("length" if is_cut else "stop") if is_last else None,
                stop=stop if is_last and not is_cut else None,
                logprobs=(-1.0,),
                num_prompt_tokens=NUM_PROMPT_TOKENS,
            )
            if is_last:
                return


def _join(deltas: list[Delta]) -> Delta:
    """Put an answer's deltas together."""
    return replace(
        deltas[-1],
        text="".join(delta.text for delta in deltas),
        token_ends=tuple(accumulate(len(delta.text) for delta in deltas)),
        logprobs=tuple(logprob for delta in deltas for logprob in delta.logprobs),
    )


Script = Callable[..., ScriptedEngine]
"""Makes every model's engine write a given text: the fixture `script`."""
