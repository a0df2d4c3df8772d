"""A sample of a data set as one HTML page that needs nothing else: no network, no script, no further file."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from langchain_llava_o1.data.example import Example
from langchain_llava_o1.data.training_set import TrainingSet
from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.pictures.base64_text import shorten
from langchain_llava_o1.pictures.blocks import block_of, data_url_of
from langchain_llava_o1.pictures.shrinking import shrink
from langchain_llava_o1.report.page import create_environment, read_style
from langchain_llava_o1.staging.transcript import StageText, parse_transcript

_FOLDER = Path(__file__).parent
_MOST_PIXELS_SHOWN = 640 * 640


@dataclass(frozen=True)
class ShownPicture:
    """A picture in the page.

    Attributes:
        name: Its path in the set.
        data_url: The picture, made smaller; None where it cannot be read.
        problem: Why it cannot be read.
    """

    name: str
    data_url: str | None
    problem: str = ""


@dataclass(frozen=True)
class ShownExchange:
    """A question and its answer in the page.

    Attributes:
        question: What is asked.
        hidden: The stages before the conclusion.
        conclusion: What is answered; the whole answer where it has no stages.
    """

    question: str
    hidden: tuple[StageText, ...]
    conclusion: str


@dataclass(frozen=True)
class ShownExample:
    """An example in the page.

    Attributes:
        id: What the set calls it.
        line: Where it stands.
        pictures: Its pictures.
        exchanges: Its questions and answers.
    """

    id: str
    line: int
    pictures: tuple[ShownPicture, ...]
    exchanges: tuple[ShownExchange, ...]


def render_sample(training_set: TrainingSet, examples: Iterable[Example], *, note: str = "") -> str:
    """Write the page of some examples of a set. All that the set says is text, never markup.

    Args:
        training_set: Where the examples are from, for its pictures.
        examples: What to show.
        note: How they were chosen, a sentence.
    """
    return (
        _environment()
        .get_template("sample.html")
        .render(
            # The package's own files: all that comes from elsewhere is escaped.
            style=Markup(read_style() + (_FOLDER / "sample.css").read_text(encoding="utf-8")),
            title=training_set.path.name,
            note=note,
            examples=[_show(training_set, example) for example in examples],
        )
    )


@cache
def _environment() -> Environment:
    return create_environment(_FOLDER / "templates")


def _show(training_set: TrainingSet, example: Example) -> ShownExample:
    return ShownExample(
        example.id,
        example.location.line,
        tuple(_show_picture(training_set, reference) for reference in example.pictures),
        tuple(
            _show_exchange(question, answer)
            for question, answer in zip(example.questions, example.answers, strict=True)
        ),
    )


def _show_picture(training_set: TrainingSet, reference: str) -> ShownPicture:
    name = shorten(reference, 200)
    try:
        picture = training_set.pictures.open(reference)
        return ShownPicture(name, data_url_of(block_of(shrink(picture, _MOST_PIXELS_SHOWN))))
    except ImageError as error:
        return ShownPicture(name, None, str(error))


def _show_exchange(question: str, answer: str) -> ShownExchange:
    transcript = parse_transcript(answer)
    hidden = tuple(found for found in transcript.stages if not found.stage.is_visible)
    conclusions = [found.body for found in transcript.stages if found.stage.is_visible]
    return ShownExchange(question, hidden, "\n\n".join(filter(None, [*conclusions, transcript.untagged])))
