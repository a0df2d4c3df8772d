"""A server on this machine that speaks as OpenAI's chat completions do."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any]


class RefusedError(Exception):
    """Has a request answered with an error of OpenAI's API."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(status, code)
        self.status = status
        self.body = {"error": {"message": "no entry", "code": code}}


@contextmanager
def serving(
    reply: Callable[[Body], str], *, lose: Callable[[Body], None] = lambda body: None
) -> Iterator[str]:
    """Answer requests until the block is left; its value is the address.

    Args:
        reply: Makes the text of the answer to the body of a request, or raises ``RefusedError``.
        lose: Called with the body of a request whose answer nobody took.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = 200
            try:
                answer = _completion(body["model"], reply(body))
            except RefusedError as error:
                status, answer = error.status, error.body
            data = json.dumps(answer).encode()
            # Whoever asked may have been killed meanwhile.
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except OSError:
                lose(body)

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()


def text_of(message: dict[str, Any]) -> str:
    """Return the text of a request's message."""
    content = message["content"]
    if isinstance(content, str):
        return content
    return "\n".join(block["text"] for block in content if block["type"] == "text")


def _completion(model: str, text: str) -> dict[str, Any]:
    return {
        "id": "reply",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }
