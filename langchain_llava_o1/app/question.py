"""The question in the page: a picture, or a file that becomes one, and what is asked about it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from langchain_llava_o1.app.scripts import FORGET_FILE
from langchain_llava_o1.app.upload import has_pages, is_shown, picture_file
from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.report.page import render_search
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path

_NARROW, _WIDE = 280, 320


class QuestionFields(NamedTuple):
    """The fields that a search reads.

    Attributes:
        picture: Path of the picture's file.
        text: What is asked.
    """

    picture: Any
    text: Any


def add_question(gradio: Any) -> QuestionFields:
    """Add the picture and the question, with the example below it."""
    with gradio.Row(equal_height=False):
        with gradio.Column(scale=1, min_width=_NARROW):
            picture = _add_picture(gradio)
        with gradio.Column(scale=2, min_width=_WIDE):
            # With one line at first, Enter asks and Shift+Enter begins another line.
            text = gradio.Textbox(label="Question", lines=1, max_lines=6, elem_id="question")
            gradio.Examples(
                [[str(demo_picture_path()), DEMO_QUESTION]],
                [picture, text],
                label="Example",
                api_visibility="private",
            )
    return QuestionFields(picture, text)


def _add_picture(gradio: Any) -> Any:
    """Add the picture, and below it what takes files that browsers do not show."""
    picture = gradio.Image(
        label="Picture",
        type="filepath",
        image_mode=None,
        sources=["upload", "clipboard"],
        height=280,
        buttons=[],
        elem_id="picture",
    )
    # The file as it is, for this package to read or to refuse. A subclass would do as well, but
    # Gradio writes a file beside every module that has one.
    picture.preprocess = lambda payload: None if payload is None else payload.path
    with gradio.Row():
        file = gradio.UploadButton("PDF, HEIC or TIFF …", size="sm", elem_id="file")
        # Without a bound, which Gradio would tell in a notice that goes away.
        page = gradio.Number(1, label="Page", precision=0, visible=False, min_width=80, elem_id="page")
    told = gradio.HTML("", apply_default_css=False, elem_id="file-told")

    taking = _Taking(gradio)
    outputs = [picture, page, told]
    # What is chosen while a file before it is still being read is the one that counts.
    shown = {"show_progress": "minimal", "api_visibility": "private", "trigger_mode": "always_last"}
    file.upload(taking.take_file, [file], outputs, **shown)
    page.input(taking.take_page, [file, page], outputs, **shown)
    # In the browser: a search that is begun before the server replied would see no picture.
    for another in (picture.upload, picture.clear):
        another(None, None, [page, told], js=FORGET_FILE, api_visibility="private")
    return picture


class _Taking:
    """Turns files into the picture that is shown, with the field for a page where there are pages.

    Each method gives the picture, the field, and what is told of a file that cannot be read.
    """

    def __init__(self, gradio: Any) -> None:
        self._update, self._unchanged = gradio.update, gradio.skip()

    def take_file(self, path: str) -> Iterator[list[Any]]:
        """Show a file, of a PDF its first page."""
        if has_pages(path):
            yield from self._show(path, 1, self._update(value=1, visible=True))
        elif is_shown(path):
            yield [path, self._update(visible=False), ""]
        else:
            yield from self._show(path, None, self._update(visible=False))

    def take_page(self, path: str, page: int | None) -> Iterator[list[Any]]:
        """Show another page of the file."""
        if page is not None:
            yield from self._show(path, page, self._unchanged)

    def _show(self, path: str, page: int | None, field: Any) -> Iterator[list[Any]]:
        try:
            with picture_file(path, page) as picture:
                yield [str(picture), field, ""]
        except ImageError as error:
            # No picture stays that the next question would be asked about by mistake.
            yield [None, field, render_search((), key="file", error=str(error))]
