"""Ask the model a question about a picture: the answer, and the hidden stages behind it.

    pip install langchain-llava-o1

The embedded model knows drawn shapes, bar charts and puzzles only. For a picture of your own, name another
model, as 04_local_checkpoint.py does, and give the picture's path to `image_block`.
"""

from langchain_core.messages import HumanMessage

from langchain_llava_o1 import ChatLlavaO1, image_block
from langchain_llava_o1.tiny import demo_picture_path

model = ChatLlavaO1(model="tiny")
question = HumanMessage(
    [
        image_block(demo_picture_path()),
        {"type": "text", "text": "How many red objects are there? Answer in a full sentence."},
    ]
)

answer = model.invoke([question])

print("Answer:", answer.text)
print("Behind it:", answer.additional_kwargs["reasoning_content"], sep="\n")
print("Usage:", answer.usage_metadata)
