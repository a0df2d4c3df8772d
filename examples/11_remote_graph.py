"""Ask a search on a LangGraph server: by itself, and as a node of a graph that runs here.

make studio                                                        # in a clone, in another terminal
LANGGRAPH_URL=http://127.0.0.1:2024 python 11_remote_graph.py
"""

import os

from langchain_core.messages import HumanMessage
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.pregel.remote import RemoteGraph

from langchain_llava_o1 import image_block
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path

if "LANGGRAPH_URL" not in os.environ:
    print("Start a server with `make studio`, and name its address in LANGGRAPH_URL.")
    raise SystemExit

search = RemoteGraph("stage_beam", url=os.environ["LANGGRAPH_URL"])
picture = image_block(demo_picture_path())

asked = {"question": DEMO_QUESTION, "image": picture["base64"]}
for event in search.stream(asked, context={"candidates": 4, "seed": 1}, stream_mode="custom"):
    if event["type"] == "winner":
        print(f"{event['stage']} is settled: candidate {event['index']}")

builder = StateGraph(MessagesState)
builder.add_node("look", search)
builder.add_edge(START, "look")
builder.add_edge("look", END)
graph = builder.compile()

question = HumanMessage([picture, {"type": "text", "text": DEMO_QUESTION}])
print("Answer:", graph.invoke({"messages": [question]})["messages"][-1].text)
