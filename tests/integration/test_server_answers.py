"""Searches on a real LangGraph server, as Studio and other programs use them."""

from collections import defaultdict
from typing import Any

import pytest
from langgraph_sdk.client import LangGraphClient

from langchain_llava_o1.tiny import DEMO_QUESTION
from tests.integration.graph_client import (
    CONTEXT,
    FORM,
    PICTURE,
    SEARCHES,
    STAGE_NAMES,
    answer_of,
    new_thread,
)
from tests.integration.langgraph_server import Server


@pytest.mark.parametrize(
    "name",
    [name if name == "stage_beam" else pytest.param(name, marks=pytest.mark.long) for name in SEARCHES],
)
async def test_every_search_answers_the_form(client: LangGraphClient, name: str) -> None:
    state = await client.runs.wait(None, name, input=FORM, context=CONTEXT)
    assert answer_of(state) == "6"


@pytest.mark.parametrize(
    "picture",
    [
        {"type": "image", "base64": PICTURE, "mime_type": "image/png"},
        pytest.param(
            {"type": "image", "source_type": "base64", "data": PICTURE, "mime_type": "image/png"},
            marks=pytest.mark.long,
        ),
        pytest.param(
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE}"}},
            marks=pytest.mark.long,
        ),
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


async def test_the_server_blocked_nowhere(client: LangGraphClient, langgraph_server: Server) -> None:
    await client.runs.wait(None, "stage_beam", input=FORM, context=CONTEXT)
    log = langgraph_server.log.read_text()
    assert "BlockingError" not in log
    assert "Slow graph load" not in log
