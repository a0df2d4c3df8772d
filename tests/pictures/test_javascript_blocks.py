"""Blocks as LangChain.js writes them: chat pages in JavaScript read back what they sent."""

import base64

from langchain_llava_o1.pictures.blocks import normalize_block
from langchain_llava_o1.pictures.picture import Picture
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.pictures.references import KeptFile, put_back, refer_to
from langchain_llava_o1.tiny import demo_picture_path

DATA = demo_picture_path().read_bytes()
BLOCK = {
    "type": "image",
    "mimeType": "image/png",
    "data": base64.b64encode(DATA).decode(),
    "metadata": {"name": "demo.png"},
}


def test_a_picture_is_kept_and_put_back_in_that_form() -> None:
    picture = Picture.decode(DATA, ImagePolicy())
    kept = refer_to(BLOCK, picture, KeptFile.of(picture), sent_size=(280, 280))
    assert kept["mimeType"] == "image/jpeg"
    assert base64.b64decode(kept["data"]).startswith(b"\xff\xd8")
    assert not {"base64", "mime_type"} & set(kept)
    assert put_back(kept, KeptFile.of(picture)) == BLOCK


def test_its_type_is_read() -> None:
    assert normalize_block({**BLOCK, "mimeType": "image/jpeg"})["mime_type"] == "image/jpeg"
