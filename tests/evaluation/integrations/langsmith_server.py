"""As much of LangSmith as its client asks for here, on this machine."""

import json
import re
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

NOW = datetime(2026, 1, 2, tzinfo=UTC).isoformat()
INFO = {
    "version": "0.15",
    "batch_ingest_config": {
        "use_multipart_endpoint": True,
        "size_limit": 100,
        "size_limit_bytes": 2**24,
        "scale_up_nthreads_limit": 2,
        "scale_up_qsize_trigger": 1000,
        "scale_down_nempty_trigger": 4,
    },
    "instance_flags": {"dataset_examples_multipart_enabled": True},
}


class Service:
    """Keeps what was sent.

    Attributes:
        examples: Each with its inputs, outputs, metadata and attachments, in the order of their coming.
        feedback: Every score with its key.
        requests: Every request as "METHOD path", an id written as "ID".
    """

    def __init__(self) -> None:
        self.dataset: dict[str, Any] = {}
        self.examples: dict[str, dict[str, Any]] = {}
        self.feedback: list[dict[str, Any]] = []
        self.requests: list[str] = []
        self.address = ""

    def answer(self, method: str, path: str, query: Mapping[str, list[str]], parts: "Parts") -> Any:
        self.requests.append(f"{method} {re.sub(r'[0-9a-f]{8}-[0-9a-f-]{27}', 'ID', path)}")
        match method, path.strip("/").split("/"):
            case "GET", ["info"]:
                return INFO
            case "POST", ["datasets"]:
                given = parts.json()
                self.dataset = {"id": str(uuid.uuid4()), "created_at": NOW, "name": given["name"]}
                return self.dataset
            case "GET", ["datasets", *_]:
                return [self.dataset] if "name" in query else self.dataset
            case "POST", ["v1", "platform", "datasets", _, "examples"]:
                return self._keep_examples(parts)
            case "GET", ["examples"]:
                return [self._example(name) for name in self.examples]
            case "GET", ["attachments", example, name]:
                return self.examples[example]["attachments"][name]
            case ("POST", ["sessions"]) | ("PATCH", ["sessions", _]):
                own = {"name": "run", "tenant_id": self.dataset["id"], **_TIMES}
                return {"id": self.dataset["id"], "reference_dataset_id": self.dataset["id"], **own}
            case "GET", ["sessions", *_]:
                return []
            case "POST", ["runs", *_]:
                self.feedback += parts.named("feedback")
                return {}
            case _:
                return None

    def _keep_examples(self, parts: "Parts") -> dict[str, Any]:
        created = []
        for name, content in parts.contents:
            example, *field = name.split(".", 2)
            if not field:
                self.examples[example] = {"attachments": {}, **json.loads(content)}
                created.append(example)
            elif field[0] == "attachment":
                self.examples[example]["attachments"][field[1]] = content
            else:
                self.examples[example][field[0]] = json.loads(content)
        return {"count": len(created), "example_ids": created, "as_of": NOW}

    def _example(self, name: str) -> dict[str, Any]:
        kept = self.examples[name]
        urls = {
            f"attachment.{each}": {"presigned_url": f"{self.address}/attachments/{name}/{each}"}
            for each in kept["attachments"]
        }
        fields = {field: kept.get(field) for field in ("inputs", "outputs", "metadata")}
        return {"id": name, "dataset_id": self.dataset["id"], "attachment_urls": urls, **_TIMES, **fields}


_TIMES = {"created_at": NOW, "modified_at": NOW, "start_time": NOW}


class Parts:
    """A body: one document of JSON, or the named parts of several."""

    def __init__(self, content_type: str, body: bytes) -> None:
        self._body = body
        self.contents: list[tuple[str, bytes]] = []
        if content_type.startswith("multipart"):
            message = BytesParser(policy=HTTP).parsebytes(
                f"Content-Type: {content_type}\r\n\r\n".encode() + body
            )
            for part in message.iter_parts():
                name = part.get_param("name", header="content-disposition")
                self.contents.append((str(name), part.get_payload(decode=True)))

    def json(self) -> Any:
        return json.loads(self._body)

    def named(self, kind: str) -> list[Any]:
        return [json.loads(content) for name, content in self.contents if name.startswith(f"{kind}.")]


@contextmanager
def serve() -> Iterator[Service]:
    """Serve on a free port until the block ends."""
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            address = urlsplit(self.path)
            parts = Parts(self.headers.get("Content-Type", ""), body)
            answer = service.answer(self.command, address.path, parse_qs(address.query), parts)
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(404 if answer is None else 200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = _handle  # noqa: N815 # names of http.server

        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
