"""Models whose calls are recorded: a call that was answered before is answered from the record, unpaid."""

import asyncio
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    convert_to_messages,
    message_to_dict,
    messages_from_dict,
)
from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.base import RunnableBindingBase

from langchain_llava_o1.data.annotation.journal import RecordedReply
from langchain_llava_o1.data.annotation.spending import Spending, Usage, estimate_tokens, usage_of
from langchain_llava_o1.judges.chat_model import ChatModel, chat_model_of

TEACHER = "teacher"
VALIDATOR = "validator"

_UNRECORDED = ("score", "ascore")


class QuestionRecord:
    """The calls that are made for one question: those of earlier starts, and new ones.

    A call is known again by its try, its role, its messages and its parameters; of several that are alike,
    each has its own reply.
    """

    def __init__(
        self, question: str, known: Iterable[RecordedReply], keep: Callable[[RecordedReply], None]
    ) -> None:
        """Take the replies that are known, and what keeps new ones."""
        self.question = question
        self.attempt = 1
        self._keep = keep
        self._known: defaultdict[tuple[int, str], list[RecordedReply]] = defaultdict(list)
        for reply in known:
            self._known[reply.attempt, reply.key].append(reply)
        self._num_asked: Counter[tuple[int, str]] = Counter()

    @contextmanager
    def trying(self, attempt: int) -> Iterator[None]:
        """Record the calls that are made meanwhile as those of a try."""
        self.attempt = attempt
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    def recall(self, key: str) -> RecordedReply | None:
        """Return the reply of an earlier start to what is asked now; None where it was not asked."""
        place = (self.attempt, key)
        number = self._num_asked[place]
        self._num_asked[place] += 1
        known = self._known.get(place, ())
        return known[number] if number < len(known) else None

    def keep(self, reply: RecordedReply) -> None:
        """Keep a new reply."""
        self._keep(reply)


_current: ContextVar[QuestionRecord] = ContextVar("langchain_llava_o1_annotated_question")


class RecordedModel(RunnableBindingBase[LanguageModelInput, AIMessage]):
    """A chat model that counts what it spends, and asks nothing twice.

    Attributes:
        role: Which model it is, for prices.
        spending: What is spent.
        calls: Calls under way: once sent they are paid, so that they are recorded even where whoever asked
            waits no more.
    """

    role: str
    spending: Any
    calls: Any

    @classmethod
    def of(cls, model: ChatModel, role: str, spending: Spending) -> "RecordedModel":
        """Record the calls of a model."""
        return cls(bound=model, role=role, spending=spending, calls=set())

    async def ainvoke(
        self, input: LanguageModelInput, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AIMessage:
        """Answer from the record, or ask."""
        record, prompt = _current.get(), _messages_of(input)
        key = _digest(self.role, prompt, kwargs)
        if known := record.recall(key):
            return cast("AIMessage", messages_from_dict([dict(known.message)])[0])
        attempt = record.attempt
        self.spending.begin(self.role, Usage(1, estimate_tokens(prompt), 0))

        async def ask() -> AIMessage:
            try:
                reply = await super(RecordedModel, self).ainvoke(prompt, config, **kwargs)
                self._keep(record, attempt, key, prompt, reply)
                return reply
            finally:
                self.spending.end(self.role)

        call = asyncio.create_task(ask())
        self.calls.add(call)
        call.add_done_callback(self._forget)
        return await asyncio.shield(call)

    def invoke(
        self, input: LanguageModelInput, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AIMessage:
        """Answer from the record, or ask; as from a judge that knows no other way."""
        record, prompt = _current.get(), _messages_of(input)
        key = _digest(self.role, prompt, kwargs)
        if known := record.recall(key):
            return cast("AIMessage", messages_from_dict([dict(known.message)])[0])
        self.spending.begin(self.role, Usage(1, estimate_tokens(prompt), 0))
        try:
            reply = super().invoke(prompt, config, **kwargs)
            self._keep(record, record.attempt, key, prompt, reply)
            return reply
        finally:
            self.spending.end(self.role)

    async def astream(
        self, input: LanguageModelInput, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[AIMessage]:
        """Answer at once: a reply is recorded whole."""
        reply = await self.ainvoke(input, config, **kwargs)
        yield cast("AIMessage", AIMessageChunk(**reply.model_dump(exclude={"type"})))

    def __getattr__(self, name: str) -> Any:
        """Find what a model on this machine tells besides replies: how likely texts are. It costs nothing."""
        if name in _UNRECORDED:
            return getattr(chat_model_of(self.bound), name)
        return super().__getattr__(name)  # type: ignore[misc]  # pydantic has it, and tells no type checker

    async def finish(self) -> None:
        """Wait for the calls under way."""
        while self.calls:
            await asyncio.wait(list(self.calls))

    def _forget(self, call: "asyncio.Task[AIMessage]") -> None:
        self.calls.discard(call)
        # Looked at, so that asyncio does not complain where nobody waits for it any more.
        if not call.cancelled():
            call.exception()

    def _keep(
        self, record: QuestionRecord, attempt: int, key: str, prompt: list[BaseMessage], reply: AIMessage
    ) -> None:
        usage = usage_of(prompt, reply)
        self.spending.add(self.role, usage)
        record.keep(
            RecordedReply(
                question=record.question,
                attempt=attempt,
                role=self.role,
                key=key,
                message=message_to_dict(reply),
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
            )
        )


def _messages_of(given: LanguageModelInput) -> list[BaseMessage]:
    if isinstance(given, PromptValue):
        return given.to_messages()
    return convert_to_messages([given] if isinstance(given, str) else given)


def _digest(role: str, prompt: list[BaseMessage], parameters: dict[str, Any]) -> str:
    asked = [role, [[message.type, message.content] for message in prompt], parameters]
    text = json.dumps(asked, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()
