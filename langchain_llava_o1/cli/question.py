"""What the command line asks: a question, and pictures from files, standard input and the clipboard."""

import os
import sys
from dataclasses import dataclass
from itertools import chain
from typing import Any

from langchain_llava_o1.cli.failures import BadUsageError
from langchain_llava_o1.errors import ImageError

STANDARD_INPUT = "-"
"""What is written in the place of a picture's path to read it from standard input."""

ImageBlock = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What is asked. The pictures are not read yet.

    Attributes:
        question: The question.
        names: Paths of its pictures, one of which may be ``-`` for standard input.
        with_clipboard: Whether the clipboard holds a picture of it, too.
        pages: Which pages of a PDF file; None for all.
    """

    question: str
    names: tuple[str, ...]
    with_clipboard: bool
    pages: list[int] | None = None

    @property
    def num_pictures(self) -> int:
        """How many pictures are named; the clipboard counts as one."""
        return len(self.names) + self.with_clipboard

    def read_pictures(self) -> list[ImageBlock]:
        """Read the pictures in their order, those of the clipboard last.

        Returns:
            A LangChain image block for each picture, and for each page of a PDF file.

        Raises:
            BadUsageError: If one is missing, broken or too large, or cannot be read here.
        """
        is_alone = len(self.names) == 1
        read = [
            _read_standard_input(self.pages)
            if name == STANDARD_INPUT
            else _read_file(name, self.pages, is_alone=is_alone)
            for name in self.names
        ]
        return [*chain.from_iterable(read), *(_read_clipboard() if self.with_clipboard else [])]


def check_asked(
    names: list[str],
    question: str,
    *,
    with_clipboard: bool,
    has_collection: bool,
    pages: list[int] | None = None,
) -> Asked:
    """See that there is a question, and a picture where there is no collection to answer from.

    Raises:
        BadUsageError: If one is missing, or pictures are named that cannot be read together.
    """
    asked = Asked(question, tuple(names), with_clipboard, pages)
    if not question.strip():
        raise BadUsageError("The question is empty; write what you want to know.")
    if question == STANDARD_INPUT or os.path.isfile(question):
        raise BadUsageError(f"The question is missing: {question} names a picture; write QUESTION after it.")
    if not asked.num_pictures and not has_collection:
        raise BadUsageError(
            f"Only {question!r} is given; write IMAGE and QUESTION, or name a --collection to ask without a "
            "picture."
        )
    if pages is not None and not names:
        raise BadUsageError("--pages goes with a PDF file; write its path before QUESTION, or leave it out.")
    if names.count(STANDARD_INPUT) > 1:
        raise BadUsageError("`-` is given more than once, and standard input holds one picture; name files.")
    if has_collection and asked.num_pictures > 1:
        raise BadUsageError(
            f"A --collection is searched by one picture at most, got {asked.num_pictures}; leave the others "
            "out."
        )
    return asked


def _read_file(name: str, pages: list[int] | None, *, is_alone: bool) -> list[ImageBlock]:
    from langchain_llava_o1.pictures.pdf_blocks import blocks_of_file

    try:
        return blocks_of_file(name, pages=pages)
    except ImageError as error:
        # Most often, words of a question that is not in quotes are taken for pictures.
        hint = "" if is_alone or os.path.exists(name) else " A QUESTION of several words needs quotes."
        raise BadUsageError(f"{error}{hint}") from error


def _read_standard_input(pages: list[int] | None) -> list[ImageBlock]:
    from langchain_llava_o1.pictures.pdf_blocks import blocks_of_data
    from langchain_llava_o1.pictures.policy import ImagePolicy

    if sys.stdin is None or sys.stdin.isatty():
        state = "closed" if sys.stdin is None else "a terminal"
        raise BadUsageError(
            f"`-` reads a picture from standard input, which is {state}; send a file, as in "
            "`llava-o1 ask - QUESTION < picture.png`."
        )
    data = sys.stdin.buffer.read(ImagePolicy().max_bytes + 1)
    if not data:
        raise BadUsageError("Standard input is empty; send the bytes of a picture file.")
    try:
        return blocks_of_data(data, pages=pages)
    except ImageError as error:
        raise BadUsageError(f"Standard input: {error}") from error


def _read_clipboard() -> list[ImageBlock]:
    from PIL import Image, ImageGrab

    from langchain_llava_o1.pictures.blocks import block_of
    from langchain_llava_o1.pictures.picture import Picture
    from langchain_llava_o1.pictures.policy import ImagePolicy

    try:
        found = ImageGrab.grabclipboard()
    except NotImplementedError as error:
        raise BadUsageError(
            "--clipboard needs a program that reads the clipboard; install wl-clipboard, or xclip where the "
            "desktop runs on X11."
        ) from error
    except (OSError, Image.DecompressionBombError) as error:
        raise BadUsageError(
            f"The clipboard cannot be read ({error}); save the picture to a file and name that."
        ) from error
    # Some systems hold the names of files that were copied.
    if isinstance(found, list):
        return [block for name in found for block in _read_file(name, None, is_alone=True)]
    if found is None:
        raise BadUsageError("The clipboard holds no picture; copy one, or name a file.")
    try:
        ImagePolicy().check_size(found.size)
        return [block_of(Picture.of_image(found))]
    except ImageError as error:
        raise BadUsageError(f"The clipboard: {error}") from error
