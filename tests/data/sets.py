"""Data sets to read, as files."""

import base64
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from langchain_llava_o1.staging.stages import STAGES
from tests.pictures.files import encode

STAGED = {"summary": "I count.", "caption": "Some dots.", "reasoning": "Dot by dot.", "conclusion": "Seven"}


def staged(**bodies: str) -> str:
    """Write an answer in stages; each may be given, the others have a text by default."""
    texts = {**STAGED, **bodies}
    return "\n\n".join(stage.wrap(texts[stage.name]) for stage in STAGES)


def conversation(
    id: str = "a", *, image: Any = None, question: str = "How many?", answer: str = "", **extra: Any
) -> dict[str, Any]:
    """Return a line of the published format, as an object."""
    record = {"id": id} if image is None else {"id": id, "image": image}
    turns = [{"from": "human", "value": question}, {"from": "gpt", "value": answer or staged()}]
    return {**record, "conversations": turns, **extra}


def write_set(path: Path, *records: Mapping[str, Any] | str) -> Path:
    """Write a file of objects, one a line; a text is written as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def draw(colour: str, size: tuple[int, int] = (12, 8), file_format: str = "PNG") -> bytes:
    """Return the file of a picture in one colour."""
    return encode(Image.new("RGB", size, colour), file_format)


def write_pictures(folder: Path, *colours: str) -> Path:
    """Write a picture of each colour, called after it."""
    folder.mkdir(parents=True, exist_ok=True)
    for colour in colours:
        (folder / f"{colour}.png").write_bytes(draw(colour))
    return folder


def write_zip(path: Path, *colours: str) -> Path:
    """Write a zip with a picture of each colour, called after it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for colour in colours:
            file.writestr(f"{colour}.png", draw(colour))
    return path


def write_benchmark(path: Path, *rows: Mapping[str, str], columns: Sequence[str] = ()) -> Path:
    """Write a benchmark as the field's runners have it."""
    names = list(columns or dict.fromkeys(name for row in rows for name in row))
    lines = ["\t".join(names), *("\t".join(row.get(name, "") for name in names) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def in_base64(colour: str) -> str:
    """Return a picture as a benchmark's cell."""
    return base64.b64encode(draw(colour)).decode()
