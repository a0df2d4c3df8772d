"""Searches over HTTP: with a real server of the embedded model, and as vLLM and SGLang are asked."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from langchain_core.messages import HumanMessage
from langchain_openai import ChatOpenAI
from openai import DefaultAsyncHttpxClient
from pydantic import BaseModel, ConfigDict, SecretStr, model_validator

from langchain_llava_o1 import (
    create_best_of_n,
    create_self_consistency,
    create_sentence_beam,
    create_stage_beam,
    image_block,
)
from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.tiny import DEMO_QUESTION, checkpoint_path, demo_picture_path
from tests.chat_completions import Body, serving
from tests.evaluation.benchmark_files import PUBLISHED, write_published
from tests.integration.servers import free_port, wait_until_served


def question() -> HumanMessage:
    return HumanMessage([image_block(demo_picture_path()), {"type": "text", "text": DEMO_QUESTION}])


@pytest_asyncio.fixture
async def http_client() -> AsyncIterator[Any]:
    async with DefaultAsyncHttpxClient() as client:
        yield client


def served(address: str, http_client: Any, *, model: str = str(checkpoint_path())) -> ChatOpenAI:
    return ChatOpenAI(
        model=model,
        base_url=address,
        api_key=SecretStr("none"),
        http_async_client=http_client,
        stream_usage=True,
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the embedded checkpoint with `transformers serve`."""
    port = free_port()
    log = tmp_path_factory.mktemp("server") / "log.txt"
    command = Path(sys.executable).with_name("transformers")
    options = ["serve", str(checkpoint_path()), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    with log.open("w") as output:
        process = subprocess.Popen([str(command), *options], stdout=output, stderr=subprocess.STDOUT)
        try:
            wait_until_served(f"http://127.0.0.1:{port}/health", process, log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            process.wait(30)


@pytest.mark.long
@pytest.mark.parametrize("create", [create_best_of_n, create_self_consistency], ids=lambda c: c.__name__)
async def test_whole_answers_of_a_served_model(server: str, http_client: Any, create: Any) -> None:
    model = served(server, http_client)
    # This server begins a new reply each time, but a whole answer goes on from nothing.
    graph = create(model, continuation="prefill").compile()
    state = await graph.ainvoke({"messages": [question()]}, context={"candidates": 2, "temperature": 0.3})
    answer = state["messages"][-1]
    assert answer.text == "6"
    assert answer.response_metadata["incomplete_stages"] == []
    assert all(stage.opening in answer.additional_kwargs["reasoning_content"] for stage in STAGES[:-1])
    assert answer.usage_metadata["output_tokens"] > 100


@pytest.mark.long
async def test_a_served_model_is_asked_for_a_stage_at_a_time(server: str, http_client: Any) -> None:
    model = served(server, http_client)
    graph = create_stage_beam(model, judge=lambda comparison: 1).compile()
    state = await graph.ainvoke(
        {"messages": [question()]},
        context={"candidates": 2, "temperature": 0.7, "seed": 1, "max_tokens_per_stage": 60},
    )
    # The embedded model was never told to write a single stage: what it says is of no worth, but it is taken.
    assert list(state["stages"]) == [stage.name for stage in STAGES]
    assert all(len(record["candidates"]) == 2 for record in state["stages"].values())
    assert state["messages"][-1].text
    assert state["messages"][-1].usage_metadata["input_tokens"] > 0


@pytest.mark.long
async def test_sentences_of_a_served_model_are_read_from_a_stream(server: str, http_client: Any) -> None:
    model = served(server, http_client)
    graph = create_sentence_beam(model, judge=lambda comparison: 1).compile()
    state = await graph.ainvoke(
        {"messages": [question()]},
        context={"candidates": 2, "max_sentences": 2, "max_tokens_per_stage": 20},
    )
    assert list(state["stages"]) == ["sentence 1", "sentence 2", "rest"]


@pytest.mark.long
def test_every_published_benchmark_is_run_on_a_served_model_that_another_one_grades(
    server: str, tmp_path: Path
) -> None:
    for name in PUBLISHED:
        write_published(tmp_path, name)
    # The embedded model's own texts: it was never told to follow a grader's prompt, and grades nothing well.
    model = str(checkpoint_path())
    options = [
        *("--benchmark", ",".join(PUBLISHED), "--data", str(tmp_path), "--compare", "greedy", "--items", "1"),
        *("--tokens", "60", "--model", model, "--base-url", server),
        *(
            "--grader",
            model,
            "--grader-base-url",
            server,
            "--out",
            str(tmp_path / "run"),
            "--no-plot",
            "--json",
        ),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "langchain_llava_o1.cli", "bench", "accuracy", *options],
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert [row["benchmark"] for row in rows] == list(PUBLISHED)
    assert all(row["items"] >= 1 and row["tokens"] > 0 and row["model"] == model for row in rows)
    replies = [
        json.loads(line) for line in (tmp_path / "run" / "grader.jsonl").read_text().split("\n") if line
    ]
    assert {reply["model"] for reply in replies} == {model}


def test_the_example_of_a_server_runs_with_one(server: str) -> None:
    example = Path(__file__).parents[2] / "examples" / "05_openai_compatible_server.py"
    environment = {**os.environ, "BASE_URL": server, "MODEL": str(checkpoint_path())}
    done = subprocess.run(
        [sys.executable, str(example)], env=environment, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    assert "Answer: 6" in done.stdout


class PublishedRequest(BaseModel):
    """What vLLM's server takes beyond OpenAI's fields, and checks (its ``ChatCompletionRequest``)."""

    model_config = ConfigDict(extra="forbid")

    messages: list[dict[str, Any]]
    model: str
    temperature: float
    stop: list[str]
    seed: int
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stream: bool | None = False
    add_generation_prompt: bool = True
    continue_final_message: bool = False

    @model_validator(mode="after")
    def check(self) -> "PublishedRequest":
        if self.continue_final_message:
            assert not self.add_generation_prompt
            assert self.messages[-1]["role"] == "assistant"
        return self


@pytest.fixture
def recorded() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server that answers every request alike, and keeps what it was sent."""
    bodies: list[dict[str, Any]] = []

    def reply(body: Body) -> str:
        bodies.append(body)
        tag = body["stop"][0].replace("/", "")
        return f"{tag}so it is {body['seed']}"

    with serving(reply) as address:
        yield address, bodies


async def test_servers_that_go_on_with_an_answer_are_told_to(
    recorded: tuple[str, list[dict[str, Any]]], http_client: Any
) -> None:
    address, bodies = recorded
    model = served(address, http_client, model="Xkev/Llama-3.2V-11B-cot")
    graph = create_stage_beam(model, judge=lambda comparison: 1, continuation="prefill").compile()
    state = await graph.ainvoke({"messages": [question()]}, context={"candidates": 2})

    assert state["messages"][-1].response_metadata["incomplete_stages"] == []
    requests = [PublishedRequest.model_validate(body) for body in bodies]
    assert len(requests) == 8
    assert [request.continue_final_message for request in requests] == [False] * 2 + [True] * 6
    accepted = [request.messages[-1]["content"] for request in requests[2:]]
    assert all(str(text).startswith("<SUMMARY>so it is") for text in accepted)
    assert len({request.seed for request in requests}) == 8
    pictures = [part for part in requests[-1].messages[0]["content"] if part["type"] == "image_url"]
    assert pictures[0]["image_url"]["url"].startswith("data:image/png;base64,")
