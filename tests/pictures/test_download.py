import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.pictures import download as image_download
from langchain_llava_o1.pictures.download import download, resolve_public_address
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.pictures.sources import ImageSource, load_picture
from tests.pictures.files import PNG


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_private_addresses_are_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443)),
        (family, socket.SOCK_STREAM, 6, "", (address, 443)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(ImageError, match="not public"):
        resolve_public_address("example.com", 443)


@pytest.mark.parametrize(
    "url", ["http://example.com/a.png", "https://user:pass@example.com/a.png", "https://", "https://a:b/"]
)
def test_only_plain_https_is_fetched(url: str) -> None:
    with pytest.raises(ImageError):
        load_picture(ImageSource(location=url), ImagePolicy(allow_urls=True), "image")


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        target = {"/moved": "/a.png", "/loop": "/loop", "/down": "http://example.com/"}.get(self.path)
        self.send_response(302 if target else 404 if self.path == "/absent" else 200)
        if target:
            self.send_header("Location", target)
        self.end_headers()
        if self.path == "/slow":
            self.server.released.wait(60)  # type: ignore[attr-defined]
        elif not target:
            self.wfile.write(PNG)

    def log_message(self, *_: object) -> None:
        pass


class PlainContext:
    """Stands in for TLS, which a local server has no certificate for."""

    def wrap_socket(self, plain: socket.socket, server_hostname: str) -> socket.socket:
        assert server_hostname == "pictures.example"
        return plain


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    local = HTTPServer(("127.0.0.1", 0), Pages)
    local.released = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=local.serve_forever)
    thread.start()
    monkeypatch.setattr(image_download, "resolve_public_address", lambda host, port: "127.0.0.1")
    monkeypatch.setattr("ssl.create_default_context", PlainContext)
    yield f"https://pictures.example:{local.server_port}"
    local.released.set()  # type: ignore[attr-defined]
    local.shutdown()
    thread.join()
    local.server_close()


def test_a_download_follows_redirects(server: str) -> None:
    assert download(f"{server}/moved", max_bytes=1000, timeout=60) == PNG


@pytest.mark.parametrize(
    ("page", "reason"),
    [("loop", "redirects"), ("down", "not an https"), ("absent", "404"), ("a.png", "max_image_bytes")],
)
def test_failed_downloads_say_why(server: str, page: str, reason: str) -> None:
    with pytest.raises(ImageError, match=reason):
        download(f"{server}/{page}", max_bytes=len(PNG) - 1, timeout=60)


def test_a_slow_server_is_given_up(server: str) -> None:
    with pytest.raises(ImageError, match="too long"):
        download(f"{server}/slow", max_bytes=1000, timeout=0.3)
