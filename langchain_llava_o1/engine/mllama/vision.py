"""Pictures as the keys and values that the text layers attend to, each distinct picture encoded once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from cachetools import LRUCache
from torch.nn import functional

from langchain_llava_o1.engine.cache.states import States
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.request import Pooling, TowerLayers, Vector
from langchain_llava_o1.pictures.picture import Picture

# One large picture keeps any device busy, small ones go together.
_MOST_POSITIONS_PER_CALL = 4096
_MOST_IMAGES_PER_CALL = 8


class EmbeddingJob(NamedTuple):
    """Pictures to make vectors of, and how."""

    pictures: tuple[Picture, ...]
    pooling: Pooling
    layers: TowerLayers


@dataclass(frozen=True)
class PictureStates:
    """An encoded picture.

    Attributes:
        key: That of the picture.
        whole: Its keys and values, the tiles that it leaves empty included.
        filled: Those of the tiles that it fills.
    """

    key: bytes
    whole: States
    filled: States


class PictureEncoder:
    """The vision tower of a model, with a memory of the pictures it saw last.

    Attributes:
        num_encoded: Pictures that went through the vision tower so far.
    """

    def __init__(self, model: Mllama, image_processor: Any, *, max_bytes: int = 2**30) -> None:
        """Wrap a model's vision tower.

        Args:
            model: The loaded model.
            image_processor: The checkpoint's image processor.
            max_bytes: Most memory for remembered states; at least one picture is remembered.
        """
        self._model = model
        self._image_processor = image_processor
        self._remembered = _create_memory(max_bytes)
        self.num_encoded = 0

    def encode(self, pictures: Iterable[Picture]) -> dict[bytes, PictureStates]:
        """Encode pictures, or recall them.

        Returns:
            The states by picture key.
        """
        wanted = {picture.key: picture for picture in pictures}
        found = {key: self._remembered[key] for key in wanted if key in self._remembered}
        missing = [picture for key, picture in wanted.items() if key not in found]
        for chunk in self._chunks(missing):
            for picture, states in zip(chunk, self._encode_chunk(chunk), strict=True):
                found[picture.key] = states
                self._remembered[picture.key] = states
        return found

    def embed(self, job: EmbeddingJob) -> tuple[Vector, ...]:
        """Make a vector of length 1 of each picture; nothing is remembered."""
        vectors: list[Vector] = []
        for chunk in self._chunks(job.pictures):
            features = self._process(chunk)
            seen = self._model.see_pictures(features, job.layers)
            self.num_encoded += len(chunk)
            for positions, num_tiles in zip(seen, features["num_tiles"], strict=True):
                # A tile that a picture leaves empty says nothing about it.
                patches = positions[: int(num_tiles[0])].flatten(0, 1).float()
                pooled = patches.amax(0) if job.pooling == "max" else patches.mean(0)
                vectors.append(tuple(functional.normalize(pooled, dim=0).tolist()))
        return tuple(vectors)

    def enlarge(self, max_bytes: int) -> None:
        """Remember states of ``max_bytes`` from now on, if that is more than before."""
        if max_bytes > self._remembered.maxsize:
            known, self._remembered = self._remembered, _create_memory(max_bytes)
            for key, states in known.items():
                self._remembered[key] = states

    def forget(self) -> None:
        """Forget all pictures."""
        self._remembered.clear()

    def _chunks(self, pictures: Sequence[Picture]) -> Iterator[Sequence[Picture]]:
        """Divide pictures into as many as go through the tower together."""
        num_positions = self._model.num_tiles * self._model.num_patches
        step = max(1, min(_MOST_POSITIONS_PER_CALL // num_positions, _MOST_IMAGES_PER_CALL))
        for start in range(0, len(pictures), step):
            yield pictures[start : start + step]

    def _process(self, pictures: Sequence[Picture]) -> Any:
        return self._image_processor([[picture.image] for picture in pictures], return_tensors="pt")

    def _encode_chunk(self, pictures: Sequence[Picture]) -> list[PictureStates]:
        features = self._process(pictures)
        encoded = self._model.encode_pictures(features)
        self.num_encoded += len(pictures)
        encodings = []
        for picture, layers, num_tiles in zip(pictures, encoded, features["num_tiles"], strict=True):
            whole = States(tuple(layers))
            filled = whole.part(0, int(num_tiles[0]) * self._model.num_patches)
            encodings.append(PictureStates(picture.key, whole, filled))
        return encodings


def _create_memory(max_bytes: int) -> LRUCache[bytes, PictureStates]:
    """Make an empty memory of so many bytes.

    A picture that alone is larger counts as that many, and so is remembered all the same.
    """
    bound = max(1, max_bytes)
    return LRUCache(bound, getsizeof=lambda states: min(states.whole.nbytes, bound))
