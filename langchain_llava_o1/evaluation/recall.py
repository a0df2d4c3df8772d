"""Recall of retrieval on drawn pictures: by text, by picture, and by both.

Each picture of a collection is searched for once. What is to be found is the picture with the same contents
as the query, and no other. A query's picture is those contents drawn anew: other places within their cells,
other sizes, tints, background and noise. A query's description says colours, shapes and sizes, or colours and
values, as captions do, but in sentences and an order of its own, and not where anything is.

No other benchmark can be searched in this way: the same contents have to be drawn again and told in words, so
that this measurement is bound to ``drawn/``.
"""

import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, get_args

from langchain_core.documents import Document
from langchain_core.vectorstores import InMemoryVectorStore
from PIL import Image

from langchain_llava_o1.chat.model import ChatLlavaO1
from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.canvas import as_png
from langchain_llava_o1.drawn.charts import Chart, draw_chart
from langchain_llava_o1.drawn.items import EVALUATION_SEED, sample_picture
from langchain_llava_o1.drawn.scenes import Scene, draw_scene
from langchain_llava_o1.engine.request import Pooling, TowerLayers
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.accuracy import Interval, wilson_interval
from langchain_llava_o1.pictures.base64_text import write_data_url
from langchain_llava_o1.pictures.blocks import image_block
from langchain_llava_o1.rag.captions import caption_pictures
from langchain_llava_o1.rag.collection import Collection
from langchain_llava_o1.rag.hashing_embeddings import HashingEmbeddings
from langchain_llava_o1.rag.indexing import index_folder
from langchain_llava_o1.rag.manifest import Manifest
from langchain_llava_o1.rag.retriever import MultimodalRetriever
from langchain_llava_o1.rag.vision_tower_embeddings import VisionTowerEmbeddings

RANK = 5
"""A picture counts as found among so many."""

_CAPTIONED_TOGETHER = 48


@dataclass(frozen=True)
class RecallRow:
    """Recall of one way to search.

    Attributes:
        query: What is searched by: a description, the caption of a redrawn picture, that picture, or both of
            the latter.
        embeddings: What query and collection are compared by.
        found: Pictures found among the first ``RANK``.
        items: Pictures searched for.
        recall: Their share.
        interval: Its 95 % interval (Wilson).
    """

    query: str
    embeddings: str
    found: int
    items: int
    recall: float
    interval: Interval


@dataclass(frozen=True)
class RecallReport:
    """Recall of all ways to search, on the same pictures."""

    difficulty: str
    model: str
    seed: int
    items: int
    rows: tuple[RecallRow, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain JSON data."""
        return asdict(self) | {"rows": [asdict(row) | {"interval": list(row.interval)} for row in self.rows]}


class Query(NamedTuple):
    """What one picture of the collection is searched by; ``name`` is that picture's."""

    name: str
    description: str
    picture: bytes
    caption: str = ""

    @property
    def image(self) -> str:
        """The redrawn picture as a data URL."""
        return write_data_url("image/png", self.picture)


def measure_recall(
    model: ChatLlavaO1,
    *,
    difficulty: Difficulty,
    items: int,
    seed: int,
    report_row: Callable[[RecallRow], None] = lambda row: None,
) -> RecallReport:
    """Index drawn pictures, search for each of them, and count those that are found among the first five.

    Captions are the model's own, text is compared by ``HashingEmbeddings``, pictures by the model's vision
    tower in every way that ``VisionTowerEmbeddings`` knows. Neighbours are exact, so that no store's
    approximation is measured along.

    Args:
        model: Writes the captions, and lends its vision tower.
        difficulty: Of the pictures.
        items: How many pictures, from evaluation seed ``seed`` on; more than five.
        seed: First picture.
        report_row: Called as each way to search is done.

    Raises:
        ConfigurationError: If there are too few pictures, or the model has no tower to ask.
    """
    if items <= RANK:
        raise ConfigurationError(f"Among {items} pictures all are found; use more than {RANK} items.")
    tower = VisionTowerEmbeddings(model)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "scenes"
        folder.mkdir()
        queries = [
            _draw(folder, EVALUATION_SEED + number, difficulty) for number in range(seed, seed + items)
        ]
        collection = Collection(
            texts=InMemoryVectorStore(HashingEmbeddings()),
            pictures=InMemoryVectorStore(tower),
            manifest=Manifest(Path(place) / "files.sqlite"),
        )
        index_folder(folder, collection, model, batch_size=_CAPTIONED_TOGETHER)
        captions = _caption(model, [query.picture for query in queries])
        queries = [query._replace(caption=caption) for query, caption in zip(queries, captions, strict=True)]
        retriever = collection.as_retriever(RANK)
        searches: list[tuple[str, str, Callable[[Query], list[Document]]]] = [
            ("description", "hashing", lambda query: retriever.invoke(query.description)),
            ("caption", "hashing", lambda query: retriever.invoke(query.caption)),
            *_searches_by_picture(model, folder),
            (
                "caption and picture",
                f"hashing, {_name(tower)}",
                lambda query: retriever.invoke(query.caption, image=query.image),
            ),
        ]
        rows = []
        for searched_by, embeddings, search in searches:
            found = sum(query.name in _names(search(query)) for query in queries)
            interval = wilson_interval(found, items)
            rows.append(RecallRow(searched_by, embeddings, found, items, found / items, interval))
            report_row(rows[-1])
    return RecallReport(difficulty.value, model.model, seed, items, tuple(rows))


def recall_table(report: RecallReport) -> str:
    """Lay a report out as a Markdown table."""
    lines = [
        f"| searched by | embeddings | recall@{RANK} | 95 % interval |",
        "|---|---|---|---|",
        *(
            f"| {row.query} | {row.embeddings} | {row.recall:.1%} | "
            f"{row.interval.low:.1%} to {row.interval.high:.1%} |"
            for row in report.rows
        ),
    ]
    return "\n".join(lines) + "\n"


def _draw(folder: Path, seed: int, difficulty: Difficulty) -> Query:
    """Draw the picture of a seed into a folder; return what to search it by."""
    content, drawing = sample_picture(random.Random(f"{difficulty.value} {seed}"), difficulty)
    name = f"{seed - EVALUATION_SEED:06}.png"
    (folder / name).write_bytes(as_png(drawing.picture))
    rng = random.Random(f"query {difficulty.value} {seed}")
    return Query(f"{folder.name}/{name}", describe(content, rng), as_png(redraw(content, rng, difficulty)))


def redraw(content: Scene | Chart, rng: random.Random, difficulty: Difficulty) -> Image.Image:
    """Draw contents anew."""
    if isinstance(content, Scene):
        return draw_scene(content, rng, difficulty).picture
    return draw_chart(content, rng, difficulty).picture


def describe(content: Scene | Chart, rng: random.Random) -> str:
    """Say what contents are in an order of their own, without places."""
    if isinstance(content, Scene):
        parts = [f"There is a {thing.colour} {thing.shape} that is {thing.size}." for thing in content.things]
    else:
        parts = [f"A bar of height {bar.value} is {bar.colour}." for bar in content.bars]
    rng.shuffle(parts)
    return " ".join(parts)


def _caption(model: ChatLlavaO1, pictures: Sequence[bytes]) -> list[str]:
    captions: list[str] = []
    for start in range(0, len(pictures), _CAPTIONED_TOGETHER):
        blocks = [image_block(picture) for picture in pictures[start : start + _CAPTIONED_TOGETHER]]
        for written in caption_pictures(model, blocks):
            if isinstance(written, Exception):
                raise written
            captions.append(written)
    return captions


def _searches_by_picture(
    model: ChatLlavaO1, folder: Path
) -> list[tuple[str, str, Callable[[Query], list[Document]]]]:
    """Index the pictures once for every pooling and choice of layers."""
    files = sorted(folder.iterdir())
    documents = [
        Document(str(path), metadata={"source": str(path), "name": f"{folder.name}/{path.name}"})
        for path in files
    ]
    searches = []
    for pooling in get_args(Pooling):
        for layers in get_args(TowerLayers):
            tower = VisionTowerEmbeddings(model, pooling=pooling, layers=layers)
            store = InMemoryVectorStore(tower)
            store.add_documents(documents)
            retriever = MultimodalRetriever(texts=store, pictures=store, k=RANK)
            searches.append(("picture", _name(tower), _by_picture(retriever)))
    return searches


def _by_picture(retriever: MultimodalRetriever) -> Callable[[Query], list[Document]]:
    return lambda query: retriever.invoke("", image=query.image)


def _name(tower: VisionTowerEmbeddings) -> str:
    return f"vision tower, {tower.pooling} of {tower.layers}"


def _names(documents: Sequence[Document]) -> set[str]:
    return {document.metadata["name"] for document in documents}
