import base64
import os
import urllib.parse
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.pictures.blocks import source_of
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.pictures.sources import ImageSource, load_picture, load_reference, open_picture
from tests.pictures.files import PNG, RED, draw_red, encode

WHERE = "messages[0].content[1]"
POLICY = ImagePolicy()
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
    image = load_picture(source, POLICY, WHERE).image
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
        (ImageSource(data=encode(draw_red(), "PPM")), "known format"),
        (ImageSource(location="https://example.com/a.png"), "allow_image_urls"),
        (ImageSource(location="http://example.com/a.png"), "allow_image_urls"),
        (ImageSource(location="/etc/passwd"), "allowed_image_roots"),
        (ImageSource(location="file:///etc/passwd"), "allowed_image_roots"),
        (ImageSource(location="s3://bucket/a.png"), "s3://"),
    ],
)
def test_what_cannot_be_read_is_named(source: ImageSource, reason: str) -> None:
    with pytest.raises(ImageError, match=rf"messages\[0\]\.content\[1\].*{reason}"):
        load_picture(source, POLICY, WHERE)


def test_bytes_are_counted_before_and_after_base64() -> None:
    policy = ImagePolicy(max_bytes=len(PNG) - 1)
    for source in (ImageSource(data=PNG), ImageSource(data=BASE64 + "A" * 400)):
        with pytest.raises(ImageError, match="max_image_bytes"):
            load_picture(source, policy, WHERE)


def test_a_path_below_an_allowed_root_is_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a b.png").write_bytes(PNG)
    policy = ImagePolicy(allowed_roots=(tmp_path / "in",))
    path = str(tmp_path / "in" / "a b.png")
    for location in (path, "file://" + urllib.parse.quote(path)):
        assert load_picture(ImageSource(location=location), policy, WHERE).image.size == (6, 4)


def test_paths_that_leave_the_root_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.png").write_bytes(PNG)
    (tmp_path / "in" / "link.png").symlink_to(tmp_path / "secret.png")
    policy = ImagePolicy(allowed_roots=(tmp_path / "in",))
    for name in ("../secret.png", "link.png", "../absent.png"):
        with pytest.raises(ImageError, match="outside the allowed folders"):
            load_picture(ImageSource(location=str(tmp_path / "in" / name)), policy, WHERE)


@pytest.mark.parametrize("name", ["absent.png", ".", "pipe", "nul\0.png", "x" * 5000])
def test_unusable_paths_are_errors_that_do_not_hang(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    policy = ImagePolicy(allowed_roots=(tmp_path,))
    with pytest.raises(ImageError, match=r"messages\[0\]"):
        load_picture(ImageSource(location=f"{tmp_path}/{name}"), policy, WHERE)


@pytest.mark.parametrize("reference", [BASE64, f"data:image/png;base64,{BASE64}", f" {BASE64}\n"])
def test_a_picture_is_read_from_one_text(reference: str) -> None:
    assert load_reference(reference, POLICY, WHERE).data == PNG


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("aGVsbG8gd29ybGQ=", "no picture in a known format"),
        ("dGhpcyBpcyBub3QgYSBwaWN0dXJl", "no picture in a known format"),
        (f"{BASE64[:40]}...", "base64 cannot be read"),
        ("/9j/4AAQSkZJRg... (truncated)", "base64 cannot be read"),
    ],
)
def test_base64_that_is_no_picture_is_not_taken_for_a_path(reference: str, reason: str) -> None:
    with pytest.raises(ImageError, match=reason):
        load_reference(reference, POLICY, WHERE)


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image_url", "image_url": {"url": "aGVsbG8gd29ybGQ="}},
        {"type": "image_url", "image_url": "dGhpcyBpcyBub3QgYSBwaWN0dXJl"},
        {"type": "image", "url": "aGVsbG8gd29ybGQ="},
    ],
)
def test_base64_in_the_place_of_a_url_is_not_taken_for_a_path(block: dict[str, Any]) -> None:
    with pytest.raises(ImageError, match="no picture in a known format"):
        load_picture(source_of(block, WHERE), POLICY, WHERE)
    url = {"url": BASE64} if isinstance(block.get("image_url"), dict) else BASE64
    whole = {"type": block["type"], "image_url" if "image_url" in block else "url": url}
    assert load_picture(source_of(whole, WHERE), POLICY, WHERE).data == PNG


@pytest.mark.parametrize(
    ("reference", "is_told"), [("aGVsbG8gd29ybGQh", True), ("a/b", False), ("a.b", False)]
)
def test_a_word_that_may_be_base64_or_a_path_is_told_as_either(reference: str, is_told: bool) -> None:
    with pytest.raises(ImageError, match="Paths in messages are not read") as told:
        load_reference(reference, POLICY, WHERE)
    assert ("no picture in base64" in str(told.value)) == is_told


@pytest.mark.parametrize("name", ["a", "picture", "QWxsIHNtYWxsIHJlZCBjaXJjbGVz"])
def test_a_file_whose_name_may_be_base64_is_read_where_it_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / name).write_bytes(PNG)
    monkeypatch.chdir(tmp_path)
    policy = ImagePolicy(allowed_roots=(tmp_path,))
    assert load_reference(name, policy, WHERE).data == PNG
    assert load_reference(str(tmp_path / name), policy, WHERE).data == PNG


def test_a_path_that_somebody_else_names_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    with pytest.raises(ImageError, match=r"messages\[0\]\.content\[1\]: Paths in messages are not read"):
        load_reference(str(tmp_path / "a.png"), POLICY, WHERE)


def test_a_picture_of_ones_own_is_read_from_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    for own in (path, str(path), PNG, f"data:image/png;base64,{BASE64}"):
        assert open_picture(own, POLICY).data == PNG
    with pytest.raises(ImageError, match=r"absent\.png.*cannot be read"):
        open_picture(tmp_path / "absent.png", POLICY)
