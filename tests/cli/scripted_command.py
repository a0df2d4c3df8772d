"""`llava-o1` in a process of its own, with a scripted model that takes as long as the environment says.

Run as ``python -m tests.cli.scripted_command``. ``SECONDS_PER_REPLY`` is spent in a thread that cannot be
stopped, as reading a model's weights is.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_llava_o1.cli import answering, main
from tests.scripted_model import ScriptedModel


class SlowModel(ScriptedModel):
    """Blocks a thread before every reply."""

    async def _agenerate(self, messages: list[BaseMessage], *further: Any, **options: Any) -> ChatResult:
        await block_a_thread()
        return await super()._agenerate(messages, *further, **options)

    async def _astream(
        self, messages: list[BaseMessage], *further: Any, **options: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        await block_a_thread()
        yield ChatGenerationChunk(message=AIMessageChunk(content="note 1"))


async def block_a_thread() -> None:
    print("model: called", file=sys.stderr, flush=True)
    await asyncio.to_thread(time.sleep, float(os.environ.get("SECONDS_PER_REPLY", "0")))


if __name__ == "__main__":
    answering.create_model = lambda settings: SlowModel()
    main()
