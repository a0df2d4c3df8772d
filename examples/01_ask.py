"""Ask the model a question about a picture: the answer, and the hidden stages behind it."""

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
