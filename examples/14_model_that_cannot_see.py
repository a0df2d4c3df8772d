"""Let a model that takes text alone talk about pictures: the search looks at them for it.

Needs `pip install "langchain-llava-o1[agent]"`. The model here only repeats what it was sent, so that this
runs with no key; name one in its place: `python 14_model_that_cannot_see.py deepseek:deepseek-chat`.
"""

import sys
from typing import Any

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from langchain_llava_o1 import ChatLlavaO1, VisualReasoningMiddleware, create_stage_beam, image_block
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path


class TextModel(BaseChatModel):
    """Repeats the last message, and refuses pictures."""

    @property
    def _llm_type(self) -> str:
        return "text"

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        if any(block["type"] == "image" for message in messages for block in message.content_blocks):
            raise ValueError("This model takes text alone.")
        reply = AIMessage(f"I was sent: {messages[-1].text}")
        return ChatResult(generations=[ChatGeneration(message=reply)])


middleware = VisualReasoningMiddleware(create_stage_beam(ChatLlavaO1()), context={"candidates": 4, "seed": 1})
agent = create_agent(sys.argv[1] if sys.argv[1:] else TextModel(), middleware=[middleware])

question = HumanMessage([image_block(demo_picture_path()), {"type": "text", "text": DEMO_QUESTION}])
state = agent.invoke({"messages": [question]})
print(state["messages"][-1].text)
print("The conversation still has:", [block["type"] for block in state["messages"][0].content])
