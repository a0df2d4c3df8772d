"""The agent of LangGraph Studio, with its scripted model and with a hosted one."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from graphs.agent import create_graph
from langchain_llava_o1 import image_block
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path

QUESTION = HumanMessage([image_block(demo_picture_path()), {"type": "text", "text": DEMO_QUESTION}])


class Provider(BaseHTTPRequestHandler):
    """Speaks OpenAI's protocol: first a tool call, then what the tool said."""

    requests: list[dict[str, Any]]
    refusal: str | None = None

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.requests.append(asked)
        if self.refusal is not None:
            self.send(401, {"error": {"message": self.refusal}})
            return
        last = asked["messages"][-1]
        if last["role"] == "tool":
            message: dict[str, Any] = {"content": f"It is {last['content']}."}
        else:
            call = {
                "name": asked["tools"][0]["function"]["name"],
                "arguments": json.dumps({"question": DEMO_QUESTION}),
            }
            message = {
                "content": None,
                "tool_calls": [{"id": "call_1", "type": "function", "function": call}],
            }
        reply = {
            "id": "1",
            "object": "chat.completion",
            "created": 0,
            "model": asked["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", **message}}],
        }
        self.send(200, reply)

    def send(self, status: int, reply: dict[str, Any]) -> None:
        body = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Provider]]:
    handler = type("Recorded", (Provider,), {"requests": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
    yield handler
    server.shutdown()
    server.server_close()


async def test_with_no_key_the_scripted_model_hands_the_question_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLAVA_O1_AGENT_MODEL", raising=False)
    state = await create_graph().ainvoke({"messages": [QUESTION]})

    assert [message.type for message in state["messages"]] == ["human", "ai", "tool", "ai"]
    assert state["messages"][-1].text == "6"


def test_without_a_picture_the_answer_says_so() -> None:
    state = create_graph().invoke({"messages": [HumanMessage("How many?")]})
    assert state["messages"][-1].text.startswith("There is no image in the conversation.")


@pytest.mark.parametrize("is_from_environment", [True, False])
async def test_a_providers_model_drives_the_tool(
    provider: type[Provider], monkeypatch: pytest.MonkeyPatch, is_from_environment: bool
) -> None:
    context = None if is_from_environment else {"model": "openai:some-model"}
    monkeypatch.setenv("LLAVA_O1_AGENT_MODEL", "openai:some-model" if is_from_environment else "openai:other")
    state = await create_graph().ainvoke({"messages": [QUESTION]}, context=context)

    assert state["messages"][-1].text == "It is 6."
    first, second = provider.requests
    assert first["model"] == second["model"] == "some-model"
    assert first["messages"][0]["role"] == "system"
    function = first["tools"][0]["function"]
    assert set(function["parameters"]["properties"]) == {"question", "image", "image_index"}


async def test_a_key_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    context = {"model": "openai:some-model"}
    # An error of a value: a server hides what other errors say.
    with pytest.raises(ValueError, match=r"'openai:some-model' needs a key, and OPENAI_API_KEY is not set"):
        create_graph().invoke({"messages": [QUESTION]}, context=context)
    with pytest.raises(ValueError, match=r"export OPENAI_API_KEY=…` before"):
        await create_graph().ainvoke({"messages": [QUESTION]}, context=context)


async def test_a_key_that_is_wrong_is_told(provider: type[Provider]) -> None:
    context = {"model": "openai:some-model"}
    provider.refusal = "Incorrect API key provided"
    with pytest.raises(RuntimeError, match=r"AuthenticationError.*Incorrect API key provided"):
        create_graph().invoke({"messages": [QUESTION]}, context=context)
    with pytest.raises(RuntimeError, match=r"AuthenticationError.*Incorrect API key provided"):
        await create_graph().ainvoke({"messages": [QUESTION]}, context=context)


def test_an_unknown_provider_is_told() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        create_graph().invoke({"messages": [QUESTION]}, context={"model": "nowhere:some-model"})
