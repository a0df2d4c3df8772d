"""Search stage by stage, follow the progress, and look at what was decided.

Needs `pip install langchain-llava-o1`.
"""

from langchain_core.messages import HumanMessage

from langchain_llava_o1 import ChatLlavaO1, StageBeamContext, create_stage_beam, image_block
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path

graph = create_stage_beam(ChatLlavaO1(model="tiny")).compile()
question = HumanMessage([image_block(demo_picture_path()), {"type": "text", "text": DEMO_QUESTION}])

result = {}
for mode, data in graph.stream(
    {"messages": [question]},
    context=StageBeamContext(candidates=4, seed=1),
    stream_mode=["custom", "values"],
):
    if mode == "custom":
        print(data)
    else:
        result = data

# This judge compares. One that scores leaves record["scores"], as in 07_judges.py.
for name, record in result["stages"].items():
    print(f"\n{name}: candidate {record['winner']} won")
    for candidate in record["candidates"]:
        print(f"  {candidate['index']}  {candidate['text'][:90]}")
    for match in record["matches"]:
        print(f"  {match['first']} against {match['second']} -> {match['winner']}: {match['reason'][:70]}")
print("\nAnswer:", result["messages"][-1].text)
