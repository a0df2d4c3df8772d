"""Folders of plain pictures, and models that describe and answer about them."""

import base64
import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import InMemoryVectorStore
from PIL import Image

from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.pictures.sources import open_picture
from langchain_llava_o1.rag.collection import Collection
from langchain_llava_o1.rag.hashing_embeddings import HashingEmbeddings
from langchain_llava_o1.rag.manifest import Manifest
from langchain_llava_o1.staging.stages import STAGES
from tests.pictures.files import encode_pdf
from tests.scripted_model import Call, Reply, ScriptedModel, stopped
from tests.search.writers import write_staged

COLOURS = {"red": (200, 0, 0), "green": (0, 200, 0), "blue": (0, 0, 200), "white": (255, 255, 255)}


def draw(path: Path, colour: str, size: int = 8) -> Path:
    """Write a picture of one colour; another size is another content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (size, size), COLOURS[colour]).save(path)
    return path


def draw_pdf(path: Path, *colours: str) -> Path:
    """Write a PDF file with a page of each colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_pdf(*(COLOURS[colour] for colour in colours)))
    return path


def colour_of(block: Any) -> str:
    """Tell the colour of a message's picture."""
    data = base64.b64decode(block["base64"])
    with Image.open(io.BytesIO(data)) as image:
        pixel = image.convert("RGB").getpixel((0, 0))
    return next(name for name, value in COLOURS.items() if value == pixel)


def pictures_of(call: Call) -> list[str]:
    """Tell the colours of all pictures in the last message of a call."""
    content = call.messages[-1].content
    return [colour_of(block) for block in content if isinstance(block, dict) and block["type"] == "image"]


def describe(call: Call) -> Reply:
    """Write a summary and a caption, and meet the stop string."""
    (colour,) = pictures_of(call)
    return stopped(f"<SUMMARY>I look.</SUMMARY>\n\n<CAPTION>A {colour} picture.", STAGES[1].closing)


def describing_model(describe: Callable[[Call], Reply] = describe) -> ScriptedModel:
    return ScriptedModel(write=describe)


def answering_model(mention: str = "") -> ScriptedModel:
    """Write stages, with a text in every reply."""

    def write(call: Call) -> Reply:
        reply: Any = write_staged(call)
        return reply.model_copy(update={"content": f"{reply.content} {mention}".rstrip()})

    return ScriptedModel(write=write)


class ColourEmbeddings(Embeddings):
    """Embeds pictures by their colour, as any picture embeddings take them: by path, page or data URL."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        pixel: Any = open_picture(text, ImagePolicy()).image.getpixel((0, 0))
        return [channel / 255 for channel in pixel]


def in_memory(folder: Path) -> Collection:
    """A collection whose stores are LangChain's own, with its manifest in a folder."""
    return Collection(
        texts=InMemoryVectorStore(HashingEmbeddings()),
        pictures=InMemoryVectorStore(ColourEmbeddings()),
        manifest=Manifest(folder / "files.sqlite"),
    )


def stored(collection: Collection) -> dict[str, Document]:
    """Everything in the store of texts, by name and position."""
    documents = collection.texts.similarity_search("picture text", k=1000)
    return {" ".join(filter(None, (d.metadata["name"], d.metadata.get("position")))): d for d in documents}


def copy(source: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return target
