import base64
import io
import os
import socket
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from PIL import Image

from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.pictures import download as image_download
from langchain_llava_o1.pictures import reading as images
from langchain_llava_o1.pictures.download import download, resolve_public_address
from langchain_llava_o1.pictures.reading import (
    ImagePolicy,
    ImageSource,
    decode_image,
    image_block,
    load_image,
)

WHERE = "messages[0].content[1]"
POLICY = ImagePolicy()
RED = (255, 0, 0)


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "_remembered", images._RememberedPictures(max_pixels=2**20))


def encode(image: Image.Image, file_format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def picture(width: int = 6, height: int = 4) -> Image.Image:
    return Image.new("RGB", (width, height), RED)


PNG = encode(picture())
BASE64 = base64.b64encode(PNG).decode()


@pytest.mark.parametrize(
    "source",
    [
        ImageSource(data=PNG),
        ImageSource(data=BASE64),
        ImageSource(data="\n".join([BASE64[:20], BASE64[20:]])),
        ImageSource(data=base64.urlsafe_b64encode(PNG).decode()),
        ImageSource(location=f"data:image/png;base64,{BASE64}"),
        ImageSource(location=f"data:image/png;base64,{urllib.parse.quote(BASE64)}"),
        ImageSource(location=f"data:;base64,{BASE64}"),
    ],
)
def test_a_picture_is_read(source: ImageSource) -> None:
    image = load_image(source, POLICY, WHERE)
    assert (image.mode, image.size, image.getpixel((0, 0))) == ("RGB", (6, 4), RED)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (ImageSource(data=b""), "empty"),
        (ImageSource(data=""), "empty"),
        (ImageSource(location=" "), "empty"),
        (ImageSource(location="data:image/png;base64,"), "empty"),
        (ImageSource(data=b"hello"), "known format"),
        (ImageSource(data="not base64!"), "base64"),
        (ImageSource(location="data:image/svg+xml,<svg/>"), "base64"),
        (ImageSource(data=encode(Image.effect_noise((64, 64), 90))[:-300]), "truncated"),
        (ImageSource(data=encode(picture(), "TIFF")), "known format"),
        (ImageSource(location="https://example.com/a.png"), "allow_image_urls"),
        (ImageSource(location="http://example.com/a.png"), "allow_image_urls"),
        (ImageSource(location="/etc/passwd"), "allowed_image_roots"),
        (ImageSource(location="file:///etc/passwd"), "allowed_image_roots"),
        (ImageSource(location="s3://bucket/a.png"), "s3://"),
    ],
)
def test_what_cannot_be_read_is_named(source: ImageSource, reason: str) -> None:
    with pytest.raises(ImageError, match=rf"messages\[0\]\.content\[1\].*{reason}"):
        load_image(source, POLICY, WHERE)


def test_pixels_are_counted_before_they_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = ImagePolicy(max_pixels=23)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda image: pytest.fail("decoded"))
    with pytest.raises(ImageError, match=r"6x4 = 24 pixels; at most 23"):
        decode_image(PNG, policy)


def test_a_picture_beyond_pillows_own_limit_is_an_image_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5)
    with pytest.raises(ImageError, match="pixels"):
        decode_image(PNG, POLICY)


def test_bytes_are_counted_before_and_after_base64() -> None:
    policy = ImagePolicy(max_bytes=len(PNG) - 1)
    for source in (ImageSource(data=PNG), ImageSource(data=BASE64 + "A" * 400)):
        with pytest.raises(ImageError, match="max_image_bytes"):
            load_image(source, policy, WHERE)


def test_a_turned_photograph_is_put_upright() -> None:
    photograph = picture(6, 4)
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode_image(encode(photograph, "JPEG", exif=exif), POLICY).size == (4, 6)


def test_transparent_pixels_are_white() -> None:
    image = decode_image(encode(Image.new("RGBA", (2, 2), (0, 0, 0, 0))), POLICY)
    assert image.getpixel((0, 0)) == (255, 255, 255)


def test_deep_greys_keep_their_order() -> None:
    grey = Image.new("I;16", (2, 1))
    grey.putpixel((0, 0), 0x4000)
    grey.putpixel((1, 0), 0xC000)
    image = decode_image(encode(grey), POLICY)
    assert [image.getpixel((x, 0)) for x in range(2)] == [(64, 64, 64), (192, 192, 192)]


def test_a_path_below_an_allowed_root_is_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a b.png").write_bytes(PNG)
    policy = ImagePolicy(allowed_roots=(tmp_path / "in",))
    path = str(tmp_path / "in" / "a b.png")
    for location in (path, "file://" + urllib.parse.quote(path)):
        assert load_image(ImageSource(location=location), policy, WHERE).size == (6, 4)


def test_paths_that_leave_the_root_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.png").write_bytes(PNG)
    (tmp_path / "in" / "link.png").symlink_to(tmp_path / "secret.png")
    policy = ImagePolicy(allowed_roots=(tmp_path / "in",))
    for name in ("../secret.png", "link.png", "../absent.png"):
        with pytest.raises(ImageError, match="outside the allowed folders"):
            load_image(ImageSource(location=str(tmp_path / "in" / name)), policy, WHERE)


@pytest.mark.parametrize("name", ["absent.png", ".", "pipe", "nul\0.png", "x" * 5000])
def test_unusable_paths_are_errors_that_do_not_hang(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    policy = ImagePolicy(allowed_roots=(tmp_path,))
    with pytest.raises(ImageError, match=r"messages\[0\]"):
        load_image(ImageSource(location=f"{tmp_path}/{name}"), policy, WHERE)


def test_image_block_holds_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    assert image_block(path) == {"type": "image", "base64": BASE64, "mime_type": "image/png"}
    assert image_block(PNG) == image_block(str(path))
    with pytest.raises(ImageError, match=r"absent\.png"):
        image_block(tmp_path / "absent.png")
    path.write_bytes(PNG[:45])
    with pytest.raises(ImageError, match=r"a\.png"):
        image_block(path)


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
        load_image(ImageSource(location=url), ImagePolicy(allow_urls=True), WHERE)


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
    monkeypatch.setattr(image_download.PinnedConnection, "_create_context", lambda _: PlainContext())
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


def test_a_picture_is_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode(Image.new("RGB", (5, 7), "teal"))
    first = decode_image(data, ImagePolicy())
    monkeypatch.setattr(images, "_decode", pytest.fail)
    assert decode_image(bytes(bytearray(data)), ImagePolicy()) is first
    with pytest.raises(ImageError, match="5x7 = 35 pixels; at most 34"):
        decode_image(data, ImagePolicy(max_pixels=34))


def test_pictures_are_forgotten_when_there_are_many() -> None:
    remembered = images._RememberedPictures(max_pixels=100)
    small, large = Image.new("RGB", (6, 10)), Image.new("RGB", (11, 10))
    remembered.put(b"1", small)
    remembered.put(b"1", small)
    remembered.put(b"2", small)
    assert [remembered.get(b"1"), remembered.get(b"2")] == [None, small]
    remembered.put(b"3", large)
    assert [remembered.get(b"2"), remembered.get(b"3")] == [None, None]
    remembered.put(b"4", small)
    assert remembered.get(b"4") is small
