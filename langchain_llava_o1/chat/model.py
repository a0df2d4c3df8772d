"""ChatLlavaO1: LLaVA-o1 on this machine as a LangChain chat model."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Sequence
from contextlib import aclosing, closing
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from langchain_llava_o1.chat.call_options import read_call_options
from langchain_llava_o1.chat.local_engine import LocalEngineModel
from langchain_llava_o1.chat.messages import has_pictures, read_conversation
from langchain_llava_o1.chat.response import END_OF_ANSWER, Response, collect_message
from langchain_llava_o1.engine.request import (
    EmbeddingRequest,
    Pooling,
    Request,
    Sampling,
    ScoreRequest,
    TowerLayers,
)
from langchain_llava_o1.errors import GenerationError
from langchain_llava_o1.pictures.sources import open_picture

_SECONDS_BEFORE_RETRY = 0.1
_PICTURES_PER_REQUEST = 32


class _Call(NamedTuple):
    """One call, ready for the engine."""

    request: Request
    prefix: str
    stop: tuple[str, ...]
    tells_logprobs: bool


class ChatLlavaO1(LocalEngineModel):
    """A vision-language model that answers in stages and runs on this machine.

    It takes text and images, several of them and in any turn, and calls no tools. A conversation
    that ends in an ``AIMessage`` is continued. The content of an answer is its conclusion; the
    hidden stages are in ``additional_kwargs["reasoning_content"]``, or with ``output_version="v1"``
    in one ``reasoning`` block each, whose ``extras["stage"]`` names the stage. An answer that has no
    conclusion is given as the model wrote it, tags included, and ``response_metadata`` says why:
    ``finish_reason`` is ``"length"`` where it was cut off, ``"stop"`` where it met one of the
    caller's stop strings (then named in ``stop_sequence``), and ``"untagged"`` where it ended by
    itself. ``response_metadata["mean_logprob"]`` is the mean log-probability of the tokens written, under
    the full softmax at temperature 1; with ``logprobs=True``, ``response_metadata["logprobs"]["content"]``
    has that of each token.

    The model loads on first use, once per process and set of weights, and requests of one process are
    answered together in batches. ``ainvoke``, ``astream`` and ``abatch`` wait without a thread.

    With a LangChain cache (``cache=True`` or a global one) a repeated call returns the stored answer,
    also where a temperature above 0 would give another; set ``cache=False`` to sample.

    The parameters are those of ``ChatParameters``, LangChain's standard ones among them.

    Example:
        ```python
        from langchain_core.messages import HumanMessage
        from langchain_llava_o1 import ChatLlavaO1, image_block

        model = ChatLlavaO1()
        question = HumanMessage([image_block("scene.png"), {"type": "text", "text": "How many circles?"}])
        print(model.invoke([question]).content)
        ```
    """

    def get_num_tokens(self, text: str) -> int:
        """Count the tokens of a text; loads the model on first use."""
        return self._engine().count_tokens(text)

    def get_num_tokens_from_messages(
        self, messages: Sequence[BaseMessage], tools: Sequence[Any] | None = None
    ) -> int:
        """Count the tokens of the messages' text; turn headers and pictures are not counted."""
        return sum(self.get_num_tokens(str(message.text)) for message in messages)

    def score(self, messages: Sequence[BaseMessage], continuations: Sequence[str]) -> list[float]:
        """Tell how likely texts are to come next; nothing is generated.

        Args:
            messages: A conversation. After an ``AIMessage`` the texts continue it, else they begin a new one.
            continuations: The texts, at least one.

        Returns:
            For each text the sum of its tokens' log-probabilities at temperature 1.
        """
        request = self._score_request(messages, continuations)
        return [score.logprob_sum for score in self._engine().score(request)]

    async def ascore(self, messages: Sequence[BaseMessage], continuations: Sequence[str]) -> list[float]:
        """Tell how likely texts are to come next, as ``score`` does, without blocking the event loop."""
        request = await asyncio.to_thread(self._score_request, messages, continuations)
        engine = await self._aengine()
        return [score.logprob_sum for score in await engine.ascore(request)]

    def embed_images(
        self,
        pictures: Sequence[str | Path | bytes],
        *,
        pooling: Pooling = "max",
        layers: TowerLayers = "final",
    ) -> list[list[float]]:
        """Make a vector of each picture, out of what the model's vision tower sees; nothing is generated.

        ``VisionTowerEmbeddings`` gives them to vector stores.

        Args:
            pictures: Paths of one's own, data URLs, or the bytes of picture files.
            pooling: "max" or "mean": how the vectors of a picture's patches become one.
            layers: "final", "intermediate" or "all": which of the tower's layers they are taken from.

        Returns:
            A vector of length 1 for each picture.

        Raises:
            ImageError: If a picture is missing, broken or too large.
        """
        vectors: list[list[float]] = []
        for request in self._embedding_requests(pictures, pooling, layers):
            vectors += map(list, self._engine().embed(request))
        return vectors

    async def aembed_images(
        self,
        pictures: Sequence[str | Path | bytes],
        *,
        pooling: Pooling = "max",
        layers: TowerLayers = "final",
    ) -> list[list[float]]:
        """Make a vector of each picture, as ``embed_images`` does, without blocking the event loop."""
        vectors: list[list[float]] = []
        requests = self._embedding_requests(pictures, pooling, layers)
        while (request := await asyncio.to_thread(next, requests, None)) is not None:
            engine = await self._aengine()
            vectors += map(list, await engine.aembed(request))
        return vectors

    def _embedding_requests(
        self, pictures: Sequence[str | Path | bytes], pooling: Pooling, layers: TowerLayers
    ) -> Iterator[EmbeddingRequest]:
        """Read some pictures at a time: a folder's would not fit the memory all at once."""
        for start in range(0, len(pictures), _PICTURES_PER_REQUEST):
            chunk = pictures[start : start + _PICTURES_PER_REQUEST]
            read = tuple(open_picture(picture, self.image_policy) for picture in chunk)
            yield EmbeddingRequest(read, pooling, layers, self.timeout)

    def _score_request(self, messages: Sequence[BaseMessage], continuations: Sequence[str]) -> ScoreRequest:
        conversation = read_conversation(list(messages), self.image_policy)
        return ScoreRequest(conversation.turns, tuple(continuations), self.timeout)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        call = _unstreamed(self._prepare(messages, stop, kwargs))
        return _result(list(self._chunks(call)))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        call = _unstreamed(await self._aprepare(messages, stop, kwargs))
        return _result([chunk async for chunk in self._achunks(call)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        with closing(self._chunks(self._prepare(messages, stop, kwargs))) as chunks:
            for chunk in chunks:
                yield ChatGenerationChunk(message=chunk)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        async with aclosing(self._achunks(await self._aprepare(messages, stop, kwargs))) as chunks:
            async for chunk in chunks:
                yield ChatGenerationChunk(message=chunk)

    def _chunks(self, call: _Call) -> Generator[AIMessageChunk, None, None]:
        """Answer a call; a failure is retried as long as nothing has been given out."""
        num_failures = 0
        has_begun = False
        while True:
            response = self._response(call)
            try:
                # Closing the generator is what takes a request back.
                with closing(self._engine().generate(call.request)) as deltas:
                    for delta in deltas:
                        for chunk in response.feed(delta):
                            has_begun = True
                            yield chunk
                return
            except GenerationError:
                num_failures += 1
                if has_begun or num_failures > self.max_retries:
                    raise
                time.sleep(_SECONDS_BEFORE_RETRY * num_failures)

    async def _achunks(self, call: _Call) -> AsyncGenerator[AIMessageChunk, None]:
        num_failures = 0
        has_begun = False
        while True:
            response = self._response(call)
            engine = await self._aengine()
            try:
                async with aclosing(engine.agenerate(call.request)) as deltas:
                    async for delta in deltas:
                        for chunk in response.feed(delta):
                            has_begun = True
                            yield chunk
                return
            except GenerationError:
                num_failures += 1
                if has_begun or num_failures > self.max_retries:
                    raise
                await asyncio.sleep(_SECONDS_BEFORE_RETRY * num_failures)

    def _response(self, call: _Call) -> Response:
        return Response(
            model_name=self.model,
            prefix=call.prefix,
            stop=call.stop,
            is_v1=self.output_version == "v1",
            tells_logprobs=call.tells_logprobs,
        )

    def _prepare(self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]) -> _Call:
        chosen = read_call_options(stop, options)
        sampling = Sampling(
            temperature=self.temperature if chosen.temperature is None else chosen.temperature,
            top_p=self.top_p if chosen.top_p is None else chosen.top_p,
            max_tokens=self.max_tokens if chosen.max_tokens is None else chosen.max_tokens,
            seed=self.seed if chosen.seed is None else chosen.seed,
        )
        stop_strings = tuple((self.stop or []) if chosen.stop is None else chosen.stop)
        conversation = read_conversation(messages, self.image_policy)
        request = Request(
            turns=conversation.turns,
            sampling=sampling,
            stop=tuple(dict.fromkeys((*stop_strings, *END_OF_ANSWER))),
            timeout=self.timeout if chosen.timeout is None else chosen.timeout,
        )
        tells_logprobs = self.logprobs if chosen.logprobs is None else chosen.logprobs
        return _Call(request, conversation.prefix, stop_strings, tells_logprobs)

    async def _aprepare(
        self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]
    ) -> _Call:
        if not has_pictures(messages):
            return self._prepare(messages, stop, options)
        # Decoding a large picture, or fetching one, would hold up every other task of the loop.
        return await asyncio.to_thread(self._prepare, messages, stop, options)


def _result(chunks: list[AIMessageChunk]) -> ChatResult:
    return ChatResult(generations=[ChatGeneration(message=collect_message(chunks))])


def _unstreamed(call: _Call) -> _Call:
    """Ask for the answer in one piece.

    Handing out token by token can cost more than a small model does, and an answer that has not begun to
    be given out can be retried.
    """
    return call._replace(request=replace(call.request, is_streamed=False))
