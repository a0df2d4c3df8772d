"""A LangGraph server under load: it answers whatever else is asked, and stops what is cancelled."""

import asyncio
from pathlib import Path

import httpx
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from tests.integration.graph_client import FORM, answer_of, new_thread
from tests.integration.langgraph_server import Server, start_server

pytestmark = pytest.mark.long


async def test_a_new_server_answers_five_runs_at_once_and_whatever_else_is_asked(tmp_path: Path) -> None:
    with start_server(tmp_path) as server:
        async with (
            get_client(url=server.address, timeout=300) as client,
            httpx.AsyncClient(base_url=server.address, timeout=300) as health,
        ):
            # The first five load the model, the others find it loaded.
            for first_seed in (0, 5):
                runs = [
                    asyncio.create_task(
                        client.runs.wait(
                            None, "stage_beam", input=FORM, context={"candidates": 4, "seed": seed}
                        )
                    )
                    for seed in range(first_seed, first_seed + 5)
                ]
                while not all(run.done() for run in runs):
                    assert (await health.get("/ok")).status_code == 200
                    await asyncio.sleep(0.01)
                assert [answer_of(run.result()) for run in runs] == ["6"] * 5


# So hot that candidates ramble on up to their limit: minutes of work.
ENDLESS = {"candidates": 64, "temperature": 2.0, "seed": 0}


async def test_the_server_answers_while_a_run_generates(
    client: LangGraphClient, langgraph_server: Server
) -> None:
    thread = await new_thread(client)
    run = await client.runs.create(thread, "stage_beam", input=FORM, context=ENDLESS)
    await wait_until_generating(langgraph_server)
    async with httpx.AsyncClient(base_url=langgraph_server.address, timeout=300) as health:
        for _ in range(50):
            assert (await health.get("/ok")).status_code == 200
    assert (await client.runs.get(thread, run["run_id"]))["status"] == "running"
    await client.runs.cancel(thread, run["run_id"], wait=True)


def cpu_seconds(process_id: int) -> float:
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def wait_until_generating(server: Server) -> None:
    """Wait until the server has computed for a while: it does so for nothing but a model.

    Its processor time tells what it does, however slow the machine is; the timeout only keeps a server that
    does nothing from being waited for without end.
    """
    begun = cpu_seconds(server.process_id)
    async with asyncio.timeout(300):
        while cpu_seconds(server.process_id) - begun < 1:
            await asyncio.sleep(0.1)


async def wait_until_idle(server: Server) -> None:
    """Wait until the server computes next to nothing for two seconds on end.

    It is to be so at once. The timeout is no bound on its speed, and far less than the minutes of work that
    go on where nothing stops them.
    """
    async with asyncio.timeout(60):
        before = None
        while before is None or cpu_seconds(server.process_id) - before > 0.2:
            before = cpu_seconds(server.process_id)
            await asyncio.sleep(2)


async def test_a_cancelled_run_stops_generating(client: LangGraphClient, langgraph_server: Server) -> None:
    thread = await new_thread(client)
    run = await client.runs.create(thread, "stage_beam", input=FORM, context=ENDLESS)
    await wait_until_generating(langgraph_server)
    assert (await client.runs.get(thread, run["run_id"]))["status"] == "running"

    await client.runs.cancel(thread, run["run_id"], wait=True)
    assert (await client.runs.get(thread, run["run_id"]))["status"] == "interrupted"
    await wait_until_idle(langgraph_server)
