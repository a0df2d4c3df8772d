"""Search stage by stage, follow the progress, and look at what was decided."""

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

for name, record in result["stages"].items():
    print(f"\n{name}: candidate {record['winner']} won")
    for match in record["matches"]:
        print(f"  {match['first']} against {match['second']} -> {match['winner']}: {match['reason']}")
print("\nAnswer:", result["messages"][-1].text)
