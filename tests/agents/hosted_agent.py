"""An agent with a hosted model that looks at pictures, and conversations with it."""

import io
import json
import random
from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.store.memory import InMemoryStore
from PIL import Image
from pydantic import Field

from langchain_llava_o1 import (
    KeepPicturesMiddleware,
    image_block,
)
from langchain_llava_o1.chat.messages import image_blocks
from langchain_llava_o1.pictures.blocks import bytes_of
from langchain_llava_o1.search.kept_pictures import NAMESPACE
from tests.agents.calls import asked, tool_over
from tests.agents.tool_calling_model import ToolCallingModel, call_of
from tests.scripted_model import ScriptedModel

MAX_PIXELS = 640 * 480


def photo(seed: int = 0) -> dict[str, Any]:
    """Draw a picture that compresses badly: a JPEG of more than a megabyte."""
    width, height = 1280, 960
    noise = Image.frombytes("RGB", (width, height), random.Random(seed).randbytes(3 * width * height))
    file = io.BytesIO()
    noise.save(file, "JPEG", quality=92)
    return image_block(file.getvalue())


PHOTO = photo()


class AgentModel(ToolCallingModel):
    """A hosted model that refuses damaged pictures, and calls a tool once a turn."""

    tool_name: str
    arguments: dict[str, Any] = Field(default_factory=dict)

    @property
    def pictures(self) -> list[dict[str, Any]]:
        """What the last call showed."""
        return image_blocks(self.read[-1])

    def reply(self, messages: list[BaseMessage]) -> AIMessage:
        assert "llava_o1" not in json.dumps([message.content for message in messages])
        for block in image_blocks(messages):
            if data := bytes_of(block):
                Image.open(io.BytesIO(data)).load()
        if isinstance(messages[-1], ToolMessage):
            return AIMessage(str(messages[-1].text))
        return call_of(self.tool_name, self.arguments, messages)


@tool
def show() -> list[dict[str, Any]]:
    """Show a picture."""
    return [photo(1)]


class Thread:
    """A conversation with an agent, invoked or awaited."""

    def __init__(self, agent: Any, *, is_async: bool) -> None:
        self.updates = 0
        self._agent = agent
        self._is_async = is_async
        self._config: Any = {"configurable": {"thread_id": "1"}}

    async def say(self, *content: dict[str, Any], question: str = "What is it?") -> list[BaseMessage]:
        """Return the conversation after a turn."""
        given = {"messages": [asked(*content, question=question)]}
        options: Any = {"stream_mode": "updates", "subgraphs": True}
        if self._is_async:
            parts = [part async for part in self._agent.astream(given, self._config, **options)]
        else:
            parts = list(self._agent.stream(given, self._config, **options))
        self.updates += sum(len(json.dumps(update, default=repr)) for _, update in parts)
        messages: list[BaseMessage] = self._agent.get_state(self._config).values["messages"]
        return messages


def looking() -> AgentModel:
    return AgentModel(tool_name="visual_reasoning", arguments={"question": "What is it?"})


def agent_of(
    model: AgentModel,
    seeing: ScriptedModel,
    *,
    keeping: KeepPicturesMiddleware | None = None,
    reads_intake: bool = True,
    **options: Any,
) -> Any:
    keeping = keeping or KeepPicturesMiddleware(max_pixels=MAX_PIXELS)
    agent: Any = create_agent(model, tools=[tool_over(seeing), show], middleware=[keeping], **options)
    return keeping.on_intake(agent) if reads_intake else agent


def kept_in(store: InMemoryStore) -> list[bytes]:
    return [data for item in store.search(NAMESPACE) if (data := bytes_of({"type": "image", **item.value}))]
