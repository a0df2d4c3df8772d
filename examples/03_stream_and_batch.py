"""Stream an answer as it is written, and answer many questions at once.

Needs `pip install langchain-llava-o1`.
"""

import asyncio

from langchain_core.messages import HumanMessage

from langchain_llava_o1 import ChatLlavaO1, image_block
from langchain_llava_o1.tiny import demo_picture_path

# With "v1", each hidden stage is a block of its own; without it, only the conclusion is in the content.
model = ChatLlavaO1(model="tiny", output_version="v1")


def ask(text: str) -> list[HumanMessage]:
    """Put a question about the shipped picture."""
    return [HumanMessage([image_block(demo_picture_path()), {"type": "text", "text": text}])]


async def main() -> None:
    """Stream one answer, then batch three."""
    last = None
    async for chunk in model.astream(ask("Is there a green star? Explain your answer.")):
        for block in chunk.content_blocks:
            if block["index"] != last:  # another block begins, and names its stage if that is a hidden one
                last = block["index"]
                print(f"\n[{block.get('extras', {}).get('stage', 'conclusion')}] ", end="")
            print(block.get("reasoning") or block.get("text") or "", end="", flush=True)
    print("\n")
    questions = ("What colour is the triangle?", "Count the circles.", "Is the star above the diamond?")
    answers = await model.abatch([ask(text) for text in questions])
    for text, answer in zip(questions, answers, strict=True):
        print(text, answer.text)


asyncio.run(main())
