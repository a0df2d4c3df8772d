"""Search on a hosted model, which is asked for one stage at a time.

    pip install langchain-llava-o1 langchain-openai
    OPENAI_API_KEY=… MODEL=gpt-4.1-mini python 06_hosted_model.py photo.jpg "What is this?"

Any other LangChain chat model that sees pictures does as well. Generator and judge may be different models.
"""

import os
import sys

from langchain_core.messages import HumanMessage

from langchain_llava_o1 import GenerativeJudge, StageBeamContext, create_stage_beam, image_block
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path

if "OPENAI_API_KEY" not in os.environ:
    print("Set OPENAI_API_KEY, and in MODEL the model to ask.")
    raise SystemExit

from langchain_openai import ChatOpenAI

model = ChatOpenAI(model=os.environ.get("MODEL", "gpt-4.1-mini"))
judge = ChatOpenAI(model=os.environ.get("JUDGE_MODEL", "gpt-4.1-nano"))
graph = create_stage_beam(model, judge=GenerativeJudge(judge)).compile()
picture, question = sys.argv[1:] if len(sys.argv) == 3 else (demo_picture_path(), DEMO_QUESTION)
message = HumanMessage([image_block(picture), {"type": "text", "text": question}])
settings = StageBeamContext(candidates=3, early_stop=True, max_calls=24, max_tokens_total=8000)

result = graph.invoke({"messages": [message]}, context=settings)

print("Answer:", result["messages"][-1].text)
print("Spent:", result["messages"][-1].usage_metadata)
