"""Search on a model behind an OpenAI-compatible server.

    pip install langchain-llava-o1 langchain-openai "transformers[serving]"
    transformers serve path/to/checkpoint --port 8000
    BASE_URL=http://127.0.0.1:8000/v1 MODEL=path/to/checkpoint python 05_openai_compatible_server.py

This server cannot go on with a partial answer: whole answers of a LLaVA-o1 checkpoint are drawn, and the
majority decides. With a server that can, CAN_CONTINUE=1 searches the stages one by one. vLLM can, but has no
Mllama models after 0.10.2; SGLang can, and lists them in 0.5.23. Neither of the two was tried.
"""

import os

from langchain_core.messages import HumanMessage

from langchain_llava_o1 import create_self_consistency, create_stage_beam, image_block
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path

if "BASE_URL" not in os.environ:
    print("Start a server, and name it in BASE_URL and its model in MODEL.")
    raise SystemExit

from langchain_openai import ChatOpenAI

model = ChatOpenAI(
    base_url=os.environ["BASE_URL"],
    model=os.environ["MODEL"],
    api_key=os.environ.get("OPENAI_API_KEY", "none"),
    stream_usage=True,
)
create = create_stage_beam if os.environ.get("CAN_CONTINUE") else create_self_consistency
graph = create(model, continuation="prefill").compile()
question = HumanMessage([image_block(demo_picture_path()), {"type": "text", "text": DEMO_QUESTION}])

result = graph.invoke({"messages": [question]}, context={"candidates": 3, "temperature": 0.7, "seed": 0})

print("Answer:", result["messages"][-1].text)
print("Stages:", result["messages"][-1].additional_kwargs["reasoning_content"], sep="\n")
model.root_client.close()
