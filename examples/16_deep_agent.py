"""Give a deep agent the search as a sub-agent that looks at pictures.

Needs `pip install "langchain-llava-o1[agent]" deepagents`. A deep agent hands its sub-agents a task in words
and no picture. So the task names a file, and the sub-agent reads it from the one folder that it may read.
The agent's model is scripted, so that this runs with no key; a model that calls tools belongs in its place.
"""

from deepagents import CompiledSubAgent, create_deep_agent
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.graph import END, START, MessagesState, StateGraph

from langchain_llava_o1 import ChatLlavaO1, create_stage_beam
from langchain_llava_o1.errors import LlavaO1Error
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path

FOLDER = demo_picture_path().parent
search = create_stage_beam(ChatLlavaO1(allowed_image_roots=[FOLDER])).compile()


def look(state: MessagesState) -> dict[str, list[AIMessage]]:
    """Answer a task such as "scene.png: How many stars are there?"."""
    name, _, question = str(state["messages"][-1].text).partition(": ")
    try:
        asked = {"question": question, "image": str(FOLDER / name)}
        answer = search.invoke(asked, context={"candidates": 4, "seed": 1})["messages"][-1].text
    except LlavaO1Error as error:
        answer = f"I cannot look at {name}: {error}"
    return {"messages": [AIMessage(answer)]}


viewer = StateGraph(MessagesState).add_node("look", look).add_edge(START, "look").add_edge("look", END)
subagent = CompiledSubAgent(
    name="viewer",
    description="Answers a question about a picture. Write the task as `<file name>: <question>`.",
    runnable=viewer.compile(),
)


class ScriptedModel(GenericFakeChatModel):
    """Says what it was given to say; takes tools, and knows nothing of them."""

    def bind_tools(self, *args: object, **kwargs: object) -> "ScriptedModel":
        """Take tools."""
        return self


task = {"description": f"{demo_picture_path().name}: {DEMO_QUESTION}", "subagent_type": "viewer"}
call = {"name": "task", "args": task, "id": "1"}
replies = iter([AIMessage("", tool_calls=[call]), AIMessage("The viewer has looked.")])
agent = create_deep_agent(ScriptedModel(messages=replies), subagents=[subagent])
for message in agent.invoke({"messages": [HumanMessage("What is in the picture?")]})["messages"]:
    print(f"{message.type}: {message.text or message.tool_calls}")
