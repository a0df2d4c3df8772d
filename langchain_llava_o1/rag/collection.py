"""A collection: a folder on disk with vector stores, and the list of the files that they hold."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.rag.hashing_embeddings import HashingEmbeddings
from langchain_llava_o1.rag.manifest import Manifest
from langchain_llava_o1.rag.retriever import MultimodalRetriever
from langchain_llava_o1.rag.vision_tower_embeddings import VisionTowerEmbeddings

_DESCRIPTION = "collection.json"
_FORMAT = 1
"""Raised whenever vectors of before and after cannot be compared."""

_DEFAULT_EMBEDDINGS = "hashing"


@dataclass(frozen=True)
class Collection:
    """Indexed pictures and texts.

    Any LangChain vector stores will do: ``Collection(texts=PGVector(…), manifest=Manifest(path))``.
    ``open_collection`` makes one on disk.

    Attributes:
        texts: Captions of pictures, and passages of texts.
        manifest: Which files are in it.
        pictures: Pictures by what they show, with picture embeddings; None if only captions are searched.
        path: Its folder; None where the stores are elsewhere.
    """

    texts: VectorStore
    manifest: Manifest
    pictures: VectorStore | None = None
    path: Path | None = None

    def as_retriever(self, k: int = 4) -> MultimodalRetriever:
        """Return what searches it, by text, by picture or by both.

        The pictures that it finds may be read from the folders that are indexed by now.

        Args:
            k: Most pictures and passages that are found.
        """
        return MultimodalRetriever(
            texts=self.texts,
            pictures=self.pictures,
            k=k,
            image_policy=ImagePolicy(allowed_roots=self.manifest.folders),
        )


@dataclass(frozen=True)
class _Description:
    """What a collection was built with.

    Attributes:
        format: Version of how it is built.
        embeddings: Name of the text embeddings.
        embeddings_from: What they can be made from again: a name that ``read_embeddings`` takes, or None.
        vision_tower: The model and settings of the picture embeddings, or None.
    """

    format: int
    embeddings: str
    embeddings_from: str | None
    vision_tower: dict[str, Any] | None


def is_collection(path: str | Path) -> bool:
    """Tell whether a folder is a collection."""
    return (Path(path).expanduser() / _DESCRIPTION).is_file()


def open_collection(
    path: str | Path,
    *,
    embeddings: Embeddings | str | None = None,
    picture_embeddings: VisionTowerEmbeddings | None = None,
    must_exist: bool = False,
) -> Collection:
    """Open a collection on disk, or begin one.

    It says what it was built with, and is not opened with anything else. It is kept by Chroma, which embeds
    nothing itself here, downloads nothing and reports nothing.

    Args:
        path: Its folder.
        embeddings: For text: "hashing", a name that LangChain's ``init_embeddings`` takes, as in
            "openai:text-embedding-3-small", or any ``Embeddings``. By default those that the collection was
            built with, and "hashing" for a new one.
        picture_embeddings: For pictures. By default those that it was built with, and none for a new one.
        must_exist: Whether to refuse to begin one.

    Raises:
        ConfigurationError: If it was built with other embeddings or by another version, the folder holds
            something else, or Chroma is missing.
    """
    folder = Path(path).expanduser().resolve()
    built = _read_description(folder, must_exist=must_exist)
    if embeddings is None:
        embeddings = _recorded_name(folder, built) if built else _DEFAULT_EMBEDDINGS
    texts = read_embeddings(embeddings) if isinstance(embeddings, str) else embeddings
    if picture_embeddings is None and built is not None and built.vision_tower is not None:
        picture_embeddings = VisionTowerEmbeddings.from_settings(built.vision_tower)
    described = _Description(
        format=_FORMAT,
        embeddings=embeddings_name(texts),
        embeddings_from=embeddings if isinstance(embeddings, str) else None,
        vision_tower=picture_embeddings.settings if picture_embeddings else None,
    )
    if built is not None:
        _check_same(folder, built, described)
    # Before anything is written: Chroma may be missing.
    chroma = _chroma_class()
    if built is None:
        _write_description(folder, described)
    return Collection(
        texts=_open_store(chroma, folder, "texts", texts),
        manifest=Manifest(folder / "files.sqlite"),
        pictures=_open_store(chroma, folder, "pictures", picture_embeddings) if picture_embeddings else None,
        path=folder,
    )


def read_embeddings(name: str) -> Embeddings:
    """Make text embeddings from their name.

    Args:
        name: "hashing", or what LangChain's ``init_embeddings`` takes: a provider, a colon and a model.

    Raises:
        ConfigurationError: If there are none of that name, or what they need is missing.
    """
    if name == _DEFAULT_EMBEDDINGS:
        return HashingEmbeddings()
    if ":" not in name:
        raise ConfigurationError(
            f'There are no embeddings {name!r}. Name "hashing", or a provider and a model as in '
            '"openai:text-embedding-3-small".'
        )
    try:
        from langchain.embeddings import init_embeddings

        return init_embeddings(name)
    except ImportError as error:
        raise ConfigurationError(
            f"The embeddings {name!r} need a package that is missing ({error}): pip install "
            '"langchain-llava-o1[agent]" and the provider\'s package.'
        ) from error
    except ValueError as error:
        raise ConfigurationError(f"The embeddings {name!r} cannot be made: {error}") from error


def embeddings_name(embeddings: Embeddings) -> str:
    """Name embeddings so that those whose vectors cannot be compared have different names."""
    if isinstance(embeddings, HashingEmbeddings):
        return embeddings.name
    kind = f"{type(embeddings).__module__}.{type(embeddings).__qualname__}"
    model = getattr(embeddings, "model", None) or getattr(embeddings, "model_name", None)
    return f"{kind}({model})" if isinstance(model, str) else kind


def _recorded_name(folder: Path, built: _Description) -> str:
    if built.embeddings_from is None:
        raise ConfigurationError(
            f"The collection {folder} was built with the embeddings {built.embeddings}, which cannot be made "
            "from their name. Open it in Python: open_collection(path, embeddings=…)."
        )
    return built.embeddings_from


def _check_same(folder: Path, built: _Description, described: _Description) -> None:
    remedy = "Open it with those, or index into a new collection."
    if built.embeddings != described.embeddings:
        raise ConfigurationError(
            f"The collection {folder} was built with the text embeddings {built.embeddings}, not "
            f"{described.embeddings}: their vectors cannot be compared. {remedy}"
        )
    if built.vision_tower != described.vision_tower:
        raise ConfigurationError(
            f"The collection {folder} was built with {_say_tower(built.vision_tower)}, not "
            f"{_say_tower(described.vision_tower)}: their vectors cannot be compared. {remedy}"
        )


def _say_tower(settings: dict[str, Any] | None) -> str:
    if settings is None:
        return "no picture embeddings"
    revision = f" at {settings['revision']}" if settings["revision"] else ""
    pooled = f"{settings['pooling']} of {settings['layers']}"
    return f"picture embeddings of the model {settings['model']}{revision} ({pooled})"


def _read_description(folder: Path, *, must_exist: bool) -> _Description | None:
    """Read what a collection says of itself; None for a folder to begin one in."""
    path = folder / _DESCRIPTION
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        version = told["format"]
        if version != _FORMAT:
            raise ConfigurationError(
                f"The collection {folder} has format {version}; this version of the package reads {_FORMAT}. "
                "Index into a new collection."
            )
        return _Description(**told)
    except (FileNotFoundError, NotADirectoryError):
        pass
    # ValueError: no JSON, or no text at all.
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, ConfigurationError):
            raise
        raise ConfigurationError(
            f"{path} is damaged ({error}). Delete the collection and index again."
        ) from error
    if must_exist:
        raise ConfigurationError(
            f"{folder} is no collection. Make one: llava-o1 index FOLDER --collection {folder}"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(
            f"{folder} is not empty and no collection. Name a new folder for the collection."
        )
    return None


def _write_description(folder: Path, description: _Description) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{_DESCRIPTION}.new"
    draft.write_text(json.dumps(asdict(description), indent=2) + "\n", encoding="utf-8")
    # Whole or not at all, even if the process is killed here.
    draft.replace(folder / _DESCRIPTION)


def _chroma_class() -> Any:
    try:
        from langchain_chroma import Chroma
    except ImportError as error:
        raise ConfigurationError(
            'A collection on disk needs Chroma: pip install "langchain-llava-o1[rag]", or bring a vector '
            "store of your own: Collection(texts=…, manifest=…)."
        ) from error
    return Chroma


def _open_store(chroma: Any, folder: Path, name: str, embeddings: Embeddings) -> VectorStore:
    from chromadb.config import Settings

    store: VectorStore = chroma(
        collection_name=name,
        embedding_function=embeddings,
        persist_directory=str(folder),
        client_settings=Settings(anonymized_telemetry=False),
        collection_configuration={"hnsw": {"space": "cosine"}},
    )
    return store
