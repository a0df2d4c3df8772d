"""Answer the questions of a CSV file, many at a time, and write another one.

    pip install langchain-llava-o1
    python 13_batch_over_a_csv.py questions.csv answers.csv

The first has the columns image and question, paths of images relative to it; without arguments it is made up.
A row that fails has the reason in the column error. Run again, the program does what the second file lacks.
"""

import asyncio
import csv
import sys
import tempfile
from pathlib import Path
from typing import Any

from langchain_core.messages import HumanMessage

from langchain_llava_o1 import ChatLlavaO1, create_stage_beam, image_block
from langchain_llava_o1.errors import LlavaO1Error
from langchain_llava_o1.tiny import demo_picture_path

COLUMNS = ["image", "question", "answer", "tokens", "seconds", "error"]
graph = create_stage_beam(ChatLlavaO1(model="tiny")).compile()


async def answer(row: dict[str, str], folder: Path, places: asyncio.Semaphore) -> dict[str, Any]:
    """Answer one row; where that fails, say why."""
    async with places:
        try:
            asked = [image_block(folder / row["image"]), {"type": "text", "text": row["question"]}]
            result = await graph.ainvoke({"messages": [HumanMessage(asked)]}, context={"candidates": 2})
        except LlavaO1Error as error:
            return row | {"error": str(error)}
    told = result["messages"][-1]
    spent = {"tokens": told.usage_metadata["output_tokens"], "seconds": told.response_metadata["seconds"]}
    return {**row, **spent, "answer": told.text}


async def main(questions: Path, answers: Path) -> None:
    """Ask many at once, and write each row as soon as it is answered."""
    places = asyncio.Semaphore(16)  # searches under way; their steps are computed together
    with questions.open(newline="", encoding="utf-8-sig") as given, answers.open("a+", 1, newline="") as file:
        file.seek(0)
        done = {tuple(row[:2]) for row in csv.reader(file)}
        rows = [row for row in csv.DictReader(given) if (row["image"], row["question"]) not in done]
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
        if not done:
            writer.writeheader()
        for row in asyncio.as_completed([answer(row, questions.parent, places) for row in rows]):
            writer.writerow(await row)
    print(answers.read_text(), end="")


with tempfile.TemporaryDirectory() as folder:
    made_up = Path(folder, "questions.csv")
    made_up.write_text(f"image,question\n{demo_picture_path()},How many stars are there?\nlost.png,Why?\n")
    paths = map(Path, sys.argv[1:3] if len(sys.argv) == 3 else (made_up, Path(folder, "answers.csv")))
    asyncio.run(main(*paths))
