"""Kill a search in the middle, and go on from where it was: its state is in a SQLite file.

    pip install langchain-llava-o1 langgraph-checkpoint-sqlite

This program starts itself once more. That second process searches and is killed, with no warning, while it
draws the reasoning. Then this one takes up the same thread of the same file: what was finished and saved by
then is not drawn again.
"""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from langchain_llava_o1 import ChatLlavaO1, create_stage_beam, image_block
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path

THREAD: RunnableConfig = {"configurable": {"thread_id": "1"}}
QUESTION = HumanMessage([image_block(demo_picture_path()), {"type": "text", "text": DEMO_QUESTION}])


async def search(file: str, given: dict[str, Any] | None, **options: Any) -> None:
    """Answer the question that is given or, where there is none, go on with the one in the file."""
    async with AsyncSqliteSaver.from_conn_string(file) as saver:
        graph = create_stage_beam(ChatLlavaO1(model="tiny")).compile(checkpointer=saver)
        # "sync" saves a stage before the next one begins. Do not set `max_concurrency`: with it, the
        # candidates of an unfinished stage are lost. The model queues what it is asked by itself.
        run = graph.astream(given, THREAD, stream_mode=["custom", "values"], durability="sync", **options)
        async for mode, data in run:
            if mode == "custom" and data["type"] in ("stage_started", "candidate"):
                print(f"{data['stage']}: {data['type']}", flush=True)
        print("answer:", data["messages"][-1].text)


def main() -> None:
    """Start a search, kill it, and finish it."""
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder, "search.sqlite"))
        started = [sys.executable, __file__, file]
        with subprocess.Popen(started, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout or ():
                print("first process |", line, end="")
                if line.startswith("reasoning: stage_started"):
                    process.kill()
        print("killed, exit status", process.returncode)
        # No question and no settings: the file has them, the seed included.
        asyncio.run(search(file, None))


if len(sys.argv) > 1:
    asyncio.run(search(sys.argv[1], {"messages": [QUESTION]}, context={"candidates": 4, "seed": 1}))
else:
    main()
