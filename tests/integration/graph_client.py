"""A client of the LangGraph server, and what it asks."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path
from tests.integration.langgraph_server import ROOT, Server

CONFIGURATION = json.loads((ROOT / "langgraph.json").read_text())
PICTURE = base64.b64encode(demo_picture_path().read_bytes()).decode("ascii")
FORM = {"question": DEMO_QUESTION, "image": PICTURE}
CONTEXT = {"candidates": 2, "seed": 2}
SEARCHES = ("best_of_n", "self_consistency", "sentence_beam", "single_pass", "stage_beam", "swires")
STAGE_NAMES = [stage.name for stage in STAGES]


@pytest_asyncio.fixture
async def client(langgraph_server: Server) -> AsyncIterator[LangGraphClient]:
    async with get_client(url=langgraph_server.address, timeout=300) as client:
        yield client


async def new_thread(client: LangGraphClient) -> str:
    return str((await client.threads.create())["thread_id"])


def answer_of(state: Any) -> str:
    return str(state["messages"][-1]["content"])
