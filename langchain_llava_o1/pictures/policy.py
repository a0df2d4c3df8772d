"""Which pictures and PDF files are taken in: from where, and how large."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from langchain_llava_o1.errors import ConfigurationError, ImageError
from langchain_llava_o1.pictures.advice import ALLOW_MORE_BYTES, ALLOW_MORE_PIXELS


@dataclass(frozen=True)
class ImagePolicy:
    """Which pictures and PDF files are taken in.

    Attributes:
        allowed_roots: Folders below which a path in a message may lie. None allowed by default.
        allow_urls: Whether pictures are fetched from https addresses.
        max_pixels: Most pixels of a picture, width times height.
        max_bytes: Most bytes of a file.
        max_pdf_pages: Most pages of a PDF file that are read as pictures.
        url_timeout: Seconds a download may take in all.
    """

    allowed_roots: tuple[Path, ...] = ()
    allow_urls: bool = False
    max_pixels: int = 52_000_000
    max_bytes: int = 32_000_000
    max_pdf_pages: int = 20
    url_timeout: float = 20.0

    @classmethod
    def from_environment(cls) -> Self:
        """Return the limits by default, with the places that the environment allows.

        ``LLAVA_O1_IMAGE_ROOTS`` has folders, separated as in ``PATH``; ``LLAVA_O1_IMAGE_URLS`` is ``true``
        or ``false``.

        Raises:
            ConfigurationError: If ``LLAVA_O1_IMAGE_URLS`` is neither.
        """
        urls = os.environ.get("LLAVA_O1_IMAGE_URLS", "").strip().lower()
        if urls not in ("", "true", "false"):
            raise ConfigurationError(f"LLAVA_O1_IMAGE_URLS is {urls!r}; set it to true or false.")
        roots = os.environ.get("LLAVA_O1_IMAGE_ROOTS", "").split(os.pathsep)
        return cls(
            allowed_roots=tuple(Path(root) for root in roots if root.strip()), allow_urls=urls == "true"
        )

    def check_num_bytes(self, num_bytes: int) -> None:
        """Refuse a file that is too large.

        Raises:
            ImageError: If it is.
        """
        if num_bytes > self.max_bytes:
            raise ImageError(
                f"The file has {num_bytes:,} bytes; at most {self.max_bytes:,} are allowed. "
                f"{ALLOW_MORE_BYTES}"
            )

    def check_size(self, size: tuple[int, int]) -> None:
        """Refuse a picture of too many pixels.

        Args:
            size: Its width and height.

        Raises:
            ImageError: If it has too many.
        """
        width, height = size
        if width * height > self.max_pixels:
            raise ImageError(
                f"The picture has {width}x{height} = {width * height:,} pixels; at most "
                f"{self.max_pixels:,} are allowed. {ALLOW_MORE_PIXELS}"
            )
