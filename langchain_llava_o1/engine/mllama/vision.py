"""Pictures as the keys and values that the text layers attend to, each distinct picture encoded once."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from PIL import Image
from torch.nn import functional

from langchain_llava_o1.engine.cache.states import States
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.request import Pooling, TowerLayers, Vector
from langchain_llava_o1.errors import ImageError

# One large picture keeps any device busy, small ones go together.
_MOST_POSITIONS_PER_CALL = 4096
_MOST_IMAGES_PER_CALL = 8


@dataclass(frozen=True)
class Picture:
    """A picture and the hash of what it shows.

    Attributes:
        key: Equal for pictures with equal pixels.
        image: The picture in RGB.
    """

    key: bytes
    image: Image.Image


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


def read_picture(image: Image.Image) -> Picture:
    """Load a picture's pixels, transparency laid over white, and hash them.

    Raises:
        ImageError: If the pixels cannot be decoded.
    """
    try:
        if "A" in image.getbands() or "transparency" in image.info:
            layer = image.convert("RGBA")
            white = Image.new("RGBA", layer.size, "white")
            image = Image.alpha_composite(white, layer)
        pixels = image.convert("RGB")
        digest = hashlib.blake2b(pixels.tobytes(), digest_size=16, key=repr(pixels.size).encode())
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageError(f"A picture cannot be decoded: {error}. Save it again as PNG or JPEG.") from error
    return Picture(digest.digest(), pixels)


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
        self._max_bytes = max_bytes
        self._num_bytes = 0
        self._remembered: OrderedDict[bytes, PictureStates] = OrderedDict()
        self.num_encoded = 0

    def encode(self, pictures: Iterable[Picture]) -> dict[bytes, PictureStates]:
        """Encode pictures, or recall them.

        Returns:
            The states by picture key.
        """
        wanted = {picture.key: picture for picture in pictures}
        found = {key: self._remembered[key] for key in wanted if key in self._remembered}
        for key in found:
            self._remembered.move_to_end(key)
        missing = [picture for key, picture in wanted.items() if key not in found]
        for chunk in self._chunks(missing):
            for picture, states in zip(chunk, self._encode_chunk(chunk), strict=True):
                found[picture.key] = states
                self._remember(picture.key, states)
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

    def forget(self) -> None:
        """Forget all pictures."""
        self._remembered.clear()
        self._num_bytes = 0

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

    def _remember(self, key: bytes, states: PictureStates) -> None:
        self._remembered[key] = states
        self._num_bytes += states.whole.nbytes
        while self._num_bytes > self._max_bytes and len(self._remembered) > 1:
            _, forgotten = self._remembered.popitem(last=False)
            self._num_bytes -= forgotten.whole.nbytes
