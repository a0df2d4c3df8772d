"""What was retrieved for a question, how it is shown to a search, and how an answer cites it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from langchain_core.documents import Document
from typing_extensions import TypedDict

from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.pictures.blocks import block_of
from langchain_llava_o1.pictures.pdf import PageReference
from langchain_llava_o1.pictures.picture import Picture
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.pictures.sources import load_reference
from langchain_llava_o1.rag.folder import hash_file, kind_of
from langchain_llava_o1.staging.prompts import source_heading

_MENTION = re.compile(r"\b(?:pictures?|images?|texts?|sources?)\s+(\d+)|\[(\d+)\]", re.IGNORECASE)


class Source(TypedDict):
    """Something that was retrieved for a question; plain data without pictures.

    Attributes:
        number: Its number in the question and in citations, from 1; None if it was left out.
        kind: "picture" or "text".
        name: What it is called.
        source: Its path or URL; None where the retriever does not say.
        position: Which part of a file it is, as in "lines 3-9" or "page 3"; None for a whole.
        score: As the retriever scored it; None where it does not say.
        content_hash: SHA-256 of the file, None where nobody knows.
        is_cited: Whether the answer cites it.
        problem: Why it was left out: it has changed since it was indexed, is gone, or cannot be read. None if
            it was shown.
    """

    number: int | None
    kind: str
    name: str
    source: str | None
    position: str | None
    score: float | None
    content_hash: str | None
    is_cited: bool
    problem: str | None


class Exhibit(NamedTuple):
    """A source as it is shown."""

    source: Source
    block: dict[str, Any]


class ShownSources(NamedTuple):
    """All sources that were retrieved, and those of them that are fit to be shown."""

    sources: list[Source]
    exhibits: list[Exhibit]

    @property
    def begins_with_passage(self) -> bool:
        """Whether the best source that is shown is a passage of text."""
        return bool(self.exhibits) and self.exhibits[0].source["kind"] == "text"

    def without_passages(self, problem: str) -> "ShownSources":
        """Leave passages of text out of what is shown, for the reason given; pictures are numbered anew."""
        blocks = {exhibit.source["number"]: exhibit.block for exhibit in self.exhibits}
        sources: list[Source] = []
        exhibits: list[Exhibit] = []
        for source in self.sources:
            block = blocks.get(source["number"])
            if block is not None and source["kind"] == "text":
                source = Source(**{**source, "number": None, "problem": problem})
            elif block is not None:
                source = Source(**{**source, "number": len(exhibits) + 1})
                exhibits.append(Exhibit(source, block))
            sources.append(source)
        return ShownSources(sources, exhibits)

    def blocks(self, *, is_asked_with_picture: bool) -> list[dict[str, Any]]:
        """Return the message blocks that show them, each after a line with its number and name.

        A picture that is the only one has no such line: there is nothing to tell it from, and models that
        were trained with a picture and a question, as the embedded one was, answer better without.
        """
        if len(self.exhibits) == 1 and not is_asked_with_picture:
            (only,) = self.exhibits
            if only.source["kind"] == "picture":
                return [only.block]
        return [block for exhibit in self.exhibits for block in (_heading(exhibit.source), exhibit.block)]


def show_sources(
    documents: Sequence[Document], policy: ImagePolicy, *, most: int | None = None
) -> ShownSources:
    """Number what was retrieved, and make a block of each source that is fit to be shown.

    A document is a picture where its metadata's ``kind`` says so, or else where its ``source`` ends like a
    picture's file; anything else is text. With a ``content_hash`` in the metadata it is compared with what
    the file holds now.

    Args:
        documents: As retrieved, the best first.
        policy: From where pictures may be read.
        most: How many to show; documents after those are passed over. None shows all.
    """
    sources: list[Source] = []
    exhibits: list[Exhibit] = []
    for document in documents:
        if len(exhibits) == most:
            break
        source = _describe(document)
        try:
            block = _read(document, source, policy)
        except _UnfitError as error:
            source["problem"] = str(error)
        else:
            source["number"] = len(exhibits) + 1
            exhibits.append(Exhibit(source, block))
        sources.append(source)
    return ShownSources(sources, exhibits)


def _heading(source: Source) -> dict[str, Any]:
    assert source["number"] is not None, "what is shown has a number"
    return {"type": "text", "text": source_heading(source["number"], source["kind"], place_of(source))}


class _UnfitError(Exception):
    """A source cannot be shown."""


def _describe(document: Document) -> Source:
    metadata = document.metadata
    place = metadata.get("source")
    source = None if place is None else str(place)
    score = metadata.get("score")
    return Source(
        number=None,
        kind=metadata.get("kind") or ("picture" if source and kind_of(source) == "picture" else "text"),
        name=str(metadata.get("name") or source or document.id or "unnamed"),
        source=source,
        position=_position(metadata),
        score=None if score is None else float(score),
        content_hash=metadata.get("content_hash"),
        is_cited=False,
        problem=None,
    )


def _position(metadata: Mapping[str, Any]) -> str | None:
    if metadata.get("position") is not None:
        return str(metadata["position"])
    # LangChain's loaders of PDF files count pages from 0.
    return f"page {metadata['page'] + 1}" if isinstance(metadata.get("page"), int) else None


def _read(document: Document, source: Source, policy: ImagePolicy) -> dict[str, Any]:
    """Return the block that shows a source; notes the hash of a picture that came without.

    Raises:
        _UnfitError: If it has changed, is gone or cannot be read.
    """
    page = document.metadata.get("page")
    if source["kind"] == "picture" and isinstance(page, int):
        _check_file(source)
        return block_of(_load(str(PageReference(source["source"] or "", page + 1)), source, policy))
    if source["kind"] == "picture":
        picture = _load(source["source"] or "", source, policy)
        _check_hash(source, picture.digest)
        return block_of(picture)
    _check_file(source)
    return {"type": "text", "text": document.page_content}


def _load(reference: str, source: Source, policy: ImagePolicy) -> Picture:
    try:
        return load_reference(reference, policy, source["name"])
    except ImageError as error:
        raise _UnfitError(str(error)) from error


def _check_file(source: Source) -> None:
    """Compare the hash of a source, where it has one, with the file."""
    if source["content_hash"] is None or source["source"] is None:
        return
    try:
        _check_hash(source, hash_file(Path(source["source"])))
    except OSError as error:
        raise _UnfitError(f"{source['source']} cannot be read ({error.strerror or error}).") from error


def _check_hash(source: Source, content_hash: str) -> None:
    if source["content_hash"] not in (None, content_hash):
        raise _UnfitError(f"{source['source']} has changed since it was indexed. Index its folder again.")
    source["content_hash"] = content_hash


def cite(sources: Iterable[Source], texts: Iterable[str]) -> list[Source]:
    """Mark what an answer cites: the sources that its texts name by number, or all that were shown.

    Args:
        sources: As shown.
        texts: What the model wrote, hidden stages included.
    """
    sources = list(sources)
    shown = {source["number"] for source in sources} - {None}
    mentions = (match for text in texts for match in _MENTION.finditer(text))
    named = {int(match[1] or match[2]) for match in mentions} & shown
    cited = named or shown
    return [{**source, "is_cited": source["number"] in cited} for source in sources]


def place_of(source: Source) -> str:
    """Say where something was found: its name and, of a text, which part."""
    return source["name"] if source["position"] is None else f"{source['name']}, {source['position']}"


def quote_passages(sources: Iterable[Source], shown: Sequence[str | dict[str, Any]]) -> str:
    """Write the passages of text among sources, each before the line that cites it.

    Args:
        sources: As shown.
        shown: The message blocks that ``ShownSources.blocks`` made of them.
    """
    texts = [str(block.get("text", "")) if isinstance(block, dict) else block for block in shown]
    after = dict(pairwise(texts))
    passages = [
        f"{after[str(_heading(source)['text'])]}\n{_citation(source)}"
        for source in sources
        if source["number"] is not None and source["kind"] == "text"
    ]
    return "\n\n".join(passages)


def format_citations(sources: Iterable[Source]) -> str:
    """List what is cited, a line for each, as in ``[1] scenes/0003.png``."""
    return "\n".join(_citation(source) for source in sources if source["is_cited"])


def _citation(source: Source) -> str:
    return f"[{source['number']}] {place_of(source)}"
