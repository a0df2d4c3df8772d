"""Give an agent the tool, and look at how its answer came about.

Needs `pip install "langchain-llava-o1[agent]"`. The scripted model hands the question to the tool and repeats
its answer, so that this runs with no key; name any model that calls tools to have it drive the tool instead:
`python 08_tool_in_an_agent.py openai:gpt-5.2`.
"""

import sys

from langchain.agents import create_agent
from langchain_core.messages import HumanMessage

from langchain_llava_o1 import ChatLlavaO1, SearchResult, VisualReasoningTool, create_stage_beam, image_block
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path
from langchain_llava_o1.tiny.agent_model import ScriptedAgentModel

tool = VisualReasoningTool(search=create_stage_beam(ChatLlavaO1()), context={"candidates": 4, "seed": 1})
agent = create_agent(sys.argv[1] if sys.argv[1:] else ScriptedAgentModel(), tools=[tool])

picture = image_block(demo_picture_path())
question = HumanMessage([picture, {"type": "text", "text": DEMO_QUESTION}])

messages = []
for mode, data in agent.stream({"messages": [question]}, stream_mode=["custom", "values"]):
    if mode == "values":
        messages = data["messages"]
    elif data["type"] == "winner":
        print(f"  {data['stage']} is settled")

for message in messages:
    print(f"{message.type}: {message.text or message.tool_calls}")

told = messages[
    -2
]  # the tool's message: its content is the conclusion, its artifact the record of the search
result = SearchResult.from_record(told.artifact, pictures=[picture])
print(
    result.num_calls,
    "calls of the visual model,",
    result.usage["output_tokens"],
    "tokens,",
    result.seconds,
    "s",
)

refused = tool.invoke({"type": "tool_call", "name": tool.name, "id": "1", "args": {"question": "How many?"}})
print(f"{refused.status}: {refused.text}")
