"""Search on a checkpoint on this machine: the one that MODEL names, else the embedded model.

    pip install langchain-llava-o1
    MODEL=Xkev/Llama-3.2V-11B-cot PICTURE=photo.jpg QUESTION="What is this?" python 04_local_checkpoint.py

The judge is the published one, which writes a reason and a choice; the limits keep one answer affordable.
"""

import os

from langchain_core.messages import HumanMessage

from langchain_llava_o1 import (
    ChatLlavaO1,
    GenerativeJudge,
    StageBeamContext,
    create_stage_beam,
    image_block,
)
from langchain_llava_o1.tiny import demo_picture_path

model = ChatLlavaO1(model=os.environ.get("MODEL", "tiny"))
graph = create_stage_beam(model, judge=GenerativeJudge(model, with_check=True)).compile()
question = HumanMessage(
    [
        image_block(os.environ.get("PICTURE", demo_picture_path())),
        {"type": "text", "text": os.environ.get("QUESTION", "What colour is the triangle?")},
    ]
)
settings = StageBeamContext(candidates=4, seed=0, early_stop=True, max_calls=60, max_seconds=300)

result = graph.invoke({"messages": [question]}, context=settings)

answer = result["messages"][-1]
print("Answer:", answer.text)
print("Calls:", answer.response_metadata["num_calls"], "limit reached:", answer.response_metadata["limit"])
print("Tokens:", answer.usage_metadata)
