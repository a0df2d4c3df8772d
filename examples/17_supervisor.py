"""Let a supervisor ask an agent that looks at pictures, and hand it the pictures of its own conversation.

Needs `pip install "langchain-llava-o1[agent]"`. A supervisor calls its agents as tools. What it writes is
text, so the tool takes the pictures from the supervisor's state and sends them along. Both models are
scripted, so that this runs with no key; models that call tools belong in their place.
"""

from langchain.agents import create_agent
from langchain.tools import ToolRuntime, tool
from langchain_core.messages import HumanMessage

from langchain_llava_o1 import ChatLlavaO1, VisualReasoningTool, create_stage_beam, image_block
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path
from langchain_llava_o1.tiny.agent_model import ScriptedAgentModel

look = VisualReasoningTool(search=create_stage_beam(ChatLlavaO1()), context={"candidates": 4, "seed": 1})
viewer = create_agent(ScriptedAgentModel(), tools=[look], name="viewer")


@tool
def ask_viewer(question: str, runtime: ToolRuntime) -> str:
    """Have the viewer answer a question about the pictures of the conversation."""
    pictures = [
        block
        for message in runtime.state["messages"]
        for block in message.content_blocks
        if block["type"] == "image"
    ]
    asked = HumanMessage([*pictures, {"type": "text", "text": question}])
    answered = viewer.invoke({"messages": [asked]})
    return str(answered["messages"][-1].text)


supervisor = create_agent(ScriptedAgentModel(), tools=[ask_viewer], name="supervisor")
question = HumanMessage([image_block(demo_picture_path()), {"type": "text", "text": DEMO_QUESTION}])

for message in supervisor.invoke({"messages": [question]})["messages"]:
    print(f"{message.type}: {message.text or message.tool_calls}")
