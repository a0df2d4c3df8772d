"""The graphs of langgraph.json as a LangGraph server describes and draws them."""

from itertools import pairwise
from typing import Any

import pytest
from langgraph_sdk.client import LangGraphClient

from tests.integration.graph_client import CONFIGURATION, SEARCHES, STAGE_NAMES


async def schemas_of(client: LangGraphClient, name: str) -> Any:
    (assistant,) = await client.assistants.search(graph_id=name)
    return await client.assistants.get_schemas(assistant["assistant_id"])


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
