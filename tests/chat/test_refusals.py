"""What this model does not do, and what it says to do instead."""

from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from pydantic import BaseModel

from langchain_llava_o1 import ChatLlavaO1


class Count(BaseModel):
    number: int


@tool
def add(first: int, second: int) -> int:
    """Add two numbers."""
    return first + second


def test_tools_are_refused_with_what_to_use_instead() -> None:
    with pytest.raises(NotImplementedError, match=r"calls no tools.*VisualReasoningTool\(\)"):
        ChatLlavaO1().bind_tools([add])


def test_an_agent_with_tools_says_so() -> None:
    agent: Any = create_agent(ChatLlavaO1(), tools=[add])
    with pytest.raises(NotImplementedError, match="calls no tools"):
        agent.invoke({"messages": [HumanMessage("Add 1 and 2.")]})


def test_structured_output_is_refused_with_what_to_do_instead() -> None:
    with pytest.raises(NotImplementedError, match=r"no structured output.*output parser"):
        ChatLlavaO1().with_structured_output(Count)
