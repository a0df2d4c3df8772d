"""All graphs of langgraph.json on a real LangGraph server, as Studio and other programs use them."""

import asyncio
import base64
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path
from tests.integration.langgraph_server import ROOT, Server, start_server

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


async def schemas_of(client: LangGraphClient, name: str) -> Any:
    (assistant,) = await client.assistants.search(graph_id=name)
    return await client.assistants.get_schemas(assistant["assistant_id"])


async def new_thread(client: LangGraphClient) -> str:
    return str((await client.threads.create())["thread_id"])


def answer_of(state: Any) -> str:
    return str(state["messages"][-1]["content"])


def drawn_in(state: Any) -> dict[str, list[tuple[int, str]]]:
    """Return the candidates of every stage, as seed and text."""
    return {
        name: [(candidate["seed"], candidate["text"]) for candidate in record["candidates"]]
        for name, record in state["stages"].items()
    }


async def test_every_graph_is_served_with_its_description(client: LangGraphClient) -> None:
    assistants = await client.assistants.search(limit=100)
    served = {found["graph_id"]: found["description"] for found in assistants}
    for name, graph in CONFIGURATION["graphs"].items():
        assert served[name] == graph["description"]


@pytest.mark.parametrize("name", CONFIGURATION["graphs"])
async def test_every_graph_has_schemas_and_can_be_drawn(client: LangGraphClient, name: str) -> None:
    schemas = await schemas_of(client, name)
    for schema in ("input_schema", "output_schema", "state_schema", "context_schema"):
        assert schemas[schema]["properties"], schema
    drawn = await client.assistants.get_graph(name, xray=True)
    nodes = {str(node["id"]) for node in drawn["nodes"]}
    reached = {str(edge["target"]) for edge in drawn["edges"]}
    assert nodes - {"__start__"} == reached


@pytest.mark.parametrize("name", SEARCHES)
async def test_a_search_offers_chat_form_and_settings(client: LangGraphClient, name: str) -> None:
    schemas = await schemas_of(client, name)
    given = schemas["input_schema"]
    assert set(given["properties"]) == {"messages", "question", "image"}
    assert given["properties"]["image"]["description"]
    settings = schemas["context_schema"]
    # A single pass has nothing to choose from.
    if name != "single_pass":
        candidates = settings["properties"]["candidates"]
        assert (candidates["minimum"], candidates["maximum"], candidates["default"]) == (1, 64, 4)
    assert all(setting["description"] for setting in settings["properties"].values())


async def edges_of(client: LangGraphClient, name: str) -> set[tuple[str, str]]:
    drawn = await client.assistants.get_graph(name, xray=True)
    return {(str(edge["source"]), str(edge["target"])) for edge in drawn["edges"]}


async def test_every_stage_is_drawn_with_all_its_edges(client: LangGraphClient) -> None:
    inside = {
        ("plan", "sample"),
        ("sample", "bracket"),
        ("bracket", "sample"),
        ("bracket", "match"),
        ("match", "bracket"),
        ("bracket", "select"),
    }
    stages = {(f"{name}:{source}", f"{name}:{target}") for name in STAGE_NAMES for source, target in inside}
    between = {(f"{before}:select", f"{after}:plan") for before, after in pairwise(STAGE_NAMES)}
    ends = {
        ("__start__", "ask"),
        ("ask", "summary:plan"),
        ("ask", "__end__"),
        ("conclusion:select", "answer"),
        ("answer", "__end__"),
    }
    assert await edges_of(client, "stage_beam") == stages | between | ends


async def test_a_judge_that_scores_is_drawn_with_a_ranking(client: LangGraphClient) -> None:
    inside = {("plan", "sample"), ("sample", "rank"), ("rank", "sample"), ("rank", "select")}
    edges = await edges_of(client, "with_ranking")
    for name in STAGE_NAMES:
        assert {(f"{name}:{source}", f"{name}:{target}") for source, target in inside} <= edges


@pytest.mark.parametrize("name", SEARCHES)
async def test_every_search_answers_the_form(client: LangGraphClient, name: str) -> None:
    state = await client.runs.wait(None, name, input=FORM, context=CONTEXT)
    assert answer_of(state) == "6"


@pytest.mark.parametrize(
    "picture",
    [
        {"type": "image", "base64": PICTURE, "mime_type": "image/png"},
        {"type": "image", "source_type": "base64", "data": PICTURE, "mime_type": "image/png"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE}"}},
    ],
    ids=["v1", "v0", "image_url"],
)
async def test_the_chat_takes_pictures(client: LangGraphClient, picture: dict[str, Any]) -> None:
    question = {"role": "user", "content": [picture, {"type": "text", "text": DEMO_QUESTION}]}
    state = await client.runs.wait(None, "stage_beam", input={"messages": [question]}, context=CONTEXT)
    assert answer_of(state) == "6"


@pytest.mark.parametrize(
    ("image", "said"),
    [("/etc/hostname", "Paths in messages are not read"), ("A" * 100, "no picture in a known format")],
)
async def test_a_bad_picture_is_told_and_the_thread_goes_on(
    client: LangGraphClient, image: str, said: str
) -> None:
    asked = {"question": DEMO_QUESTION, "image": image}
    thread = await new_thread(client)
    assert said in answer_of(await client.runs.wait(thread, "stage_beam", input=asked, context=CONTEXT))
    assert answer_of(await client.runs.wait(thread, "stage_beam", input=FORM, context=CONTEXT)) == "6"

    strict = {"unanswerable": "error"}
    stream = client.runs.stream(None, "stage_beam", input=asked, context=strict, stream_mode="values")
    parts = [part async for part in stream]
    assert parts[-1].event == "error"
    assert parts[-1].data["error"] == "ImageError"
    assert said in parts[-1].data["message"]
    state = await client.runs.wait(None, "single_pass", input=FORM, context={"temperature": 0.0})
    assert answer_of(state) == "6"


async def test_settings_out_of_bounds_are_refused(client: LangGraphClient) -> None:
    parts = [
        part async for part in client.runs.stream(None, "stage_beam", input=FORM, context={"candidates": 65})
    ]
    assert parts[-1].event == "error"
    assert parts[-1].data["message"] == "candidates is 65; it must be a whole number from 1 to 64."


async def test_all_modes_stream_with_what_happens_inside_of_stages(client: LangGraphClient) -> None:
    events: dict[str, list[Any]] = defaultdict(list)
    async for part in client.runs.stream(
        await new_thread(client),
        "stage_beam",
        input=FORM,
        context=CONTEXT,
        stream_mode=[
            "values",
            "updates",
            "messages-tuple",
            "custom",
            "debug",
            "tasks",
            "checkpoints",
            "events",
        ],
        stream_subgraphs=True,
    ):
        events[part.event.split("|")[0]].append(part)
    assert "error" not in events

    inside = {mode: {part.event for part in parts if "|" in part.event} for mode, parts in events.items()}
    for mode in ("values", "updates", "debug", "tasks", "checkpoints"):
        stages = {event.split("|")[1].split(":")[0] for event in inside[mode]}
        assert stages == set(STAGE_NAMES), mode
    assert any("candidates" in part.data.get("sample", {}) for part in events["updates"])
    assert [part.data["stage"] for part in events["custom"] if part.data["type"] == "winner"] == STAGE_NAMES
    # The chat shows the answer as it is settled, and no candidates.
    shown = [part.data[0] for part in events["messages"] if "|" not in part.event]
    assert len({message["id"] for message in shown}) == 1
    blocks = [block for message in shown for block in message["content"]]
    assert [block["type"] for block in blocks] == ["reasoning"] * 3 + ["text"]
    assert blocks[-1]["text"] == "6"
    assert {part.data["event"] for part in events["events"]} >= {"on_chain_start", "on_chat_model_stream"}
    assert answer_of(events["values"][-1].data) == "6"


async def test_accepted_stages_are_ui_messages_where_a_run_asks_for_them(client: LangGraphClient) -> None:
    async def stream(context: dict[str, Any]) -> list[Any]:
        modes: Any = ["custom", "values", "messages-tuple"]
        parts = client.runs.stream(thread, "stage_beam", input=FORM, context=context, stream_mode=modes)
        return [part async for part in parts]

    thread = await new_thread(client)
    parts = await stream({**CONTEXT, "ui_messages": True})
    told = [part.data for part in parts if part.event == "custom" and part.data["type"] == "ui"]
    assert [each["props"]["stage"] for each in told] == STAGE_NAMES[:-1]
    values = [part.data for part in parts if part.event == "values"][-1]
    assert values["ui"] == told
    assert {each["metadata"]["message_id"] for each in told} == {values["messages"][-1]["id"]}
    shown = [block for part in parts if part.event == "messages" for block in part.data[0]["content"]]
    assert [block["type"] for block in shown] == ["reasoning"] * 3 + ["text"]
    # What a page reads when it opens the thread again.
    state: Any = await client.threads.get_state(thread)
    assert state["values"]["ui"] == told

    parts = await stream(CONTEXT)
    assert not [part for part in parts if part.event == "custom" and part.data["type"] == "ui"]
    assert [part.data for part in parts if part.event == "values"][-1]["ui"] == told


async def test_a_thread_has_a_history_and_goes_on(client: LangGraphClient) -> None:
    thread = await new_thread(client)
    await client.runs.wait(thread, "stage_beam", input=FORM, context=CONTEXT)
    history = await client.threads.get_history(thread, limit=20)
    assert [list(state["next"]) for state in reversed(history)] == [
        ["__start__"],
        ["ask"],
        *([name] for name in STAGE_NAMES),
        ["answer"],
        [],
    ]
    state = await client.runs.wait(thread, "stage_beam", input={"question": DEMO_QUESTION}, context=CONTEXT)
    assert isinstance(state, dict)
    assert [message["type"] for message in state["messages"]] == ["human", "ai"] * 2
    assert answer_of(state) == "6"


async def test_a_run_stops_before_a_stage_and_is_resumed(client: LangGraphClient) -> None:
    thread = await new_thread(client)
    await client.runs.wait(thread, "stage_beam", input=FORM, context=CONTEXT, interrupt_before=["reasoning"])
    stopped = await client.threads.get_state(thread)
    assert list(stopped["next"]) == ["reasoning"]
    assert list(stopped["values"]["stages"]) == ["summary", "caption"]  # type: ignore[call-overload]

    state = await client.runs.wait(thread, "stage_beam", input=None)
    whole = await client.runs.wait(None, "stage_beam", input=FORM, context=CONTEXT)
    assert isinstance(state, dict)
    assert isinstance(whole, dict)
    assert answer_of(state) == "6"
    # Not the log-probabilities, whose last digits depend on what is computed in one batch.
    assert drawn_in(state) == drawn_in(whole)


async def test_a_run_is_forked_from_a_stage_with_other_settings(client: LangGraphClient) -> None:
    thread = await new_thread(client)
    first = await client.runs.wait(thread, "stage_beam", input=FORM, context=CONTEXT)
    history = await client.threads.get_history(thread, limit=20)
    after_caption = next(state for state in history if list(state["next"]) == ["reasoning"])

    # What Studio does when the state of a step is edited: the settings are part of it.
    values: Any = after_caption["values"]
    forked = await client.threads.update_state(
        thread,
        {"settings": {**values["settings"], "seed": 99, "candidates": 3}},
        checkpoint=after_caption["checkpoint"],
    )
    second = await client.runs.wait(thread, "stage_beam", input=None, checkpoint=forked["checkpoint"])
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    for name in ("summary", "caption"):
        assert first["stages"][name] == second["stages"][name]
    for name in ("reasoning", "conclusion"):
        seeds = [
            {candidate["seed"] for candidate in state["stages"][name]["candidates"]}
            for state in (first, second)
        ]
        assert len(seeds[1]) == 3
        assert seeds[0].isdisjoint(seeds[1])
    assert second["settings"]["seed"] == 99
    assert answer_of(second) == "6"
    # The first branch is still there.
    history = await client.threads.get_history(thread, limit=40)
    assert sum(list(state["next"]) == [] for state in history) == 2


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
    """Wait until the server has computed for a while: it does so for nothing but a model."""
    begun = cpu_seconds(server.process_id)
    async with asyncio.timeout(300):
        while cpu_seconds(server.process_id) - begun < 1:
            await asyncio.sleep(0.1)


async def wait_until_idle(server: Server) -> None:
    """Wait until the server computes next to nothing for two seconds on end."""
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


async def test_the_server_blocked_nowhere(client: LangGraphClient, langgraph_server: Server) -> None:
    await client.runs.wait(None, "stage_beam", input=FORM, context=CONTEXT)
    log = langgraph_server.log.read_text()
    assert "BlockingError" not in log
    assert "Slow graph load" not in log
