"""Calls of the tool, and the conversations that they are made in."""

import io
from typing import Any

from langchain_core.messages import HumanMessage, ToolCall
from PIL import Image

from langchain_llava_o1 import VisualReasoningTool, create_stage_beam, image_block
from tests.scripted_model import ScriptedModel


def picture(colour: str, size: int = 8) -> dict[str, Any]:
    buffer = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(buffer, "PNG")
    return image_block(buffer.getvalue())


RED, BLUE = picture("red"), picture("blue")


def asked(*content: dict[str, Any], question: str = "What is it?") -> HumanMessage:
    return HumanMessage([*content, {"type": "text", "text": question}])


def tool_over(model: ScriptedModel, **options: Any) -> VisualReasoningTool:
    return VisualReasoningTool(
        search=create_stage_beam(model), context={"candidates": 2, "seed": 1}, **options
    )


def called(**arguments: Any) -> ToolCall:
    return ToolCall(name="visual_reasoning", args=arguments, id="call_1", type="tool_call")


def seen_by(model: ScriptedModel) -> list[dict[str, Any]]:
    """Return the pictures that the first candidate was drawn for."""
    return [block for block in model.calls[0].messages[0].content_blocks if block["type"] == "image"]  # type: ignore[misc]
