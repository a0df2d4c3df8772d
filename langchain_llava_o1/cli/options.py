"""Options that several commands share."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from langchain_llava_o1.cli.failures import Invocation
from langchain_llava_o1.pictures.formats import FORMAT_NAMES
from langchain_llava_o1.search.catalogue import SEARCHES

_PAGES = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")
_MOST_PAGES_NAMED = 10_000


def _remember_debug(context: typer.Context, value: bool) -> bool:
    if value:
        context.ensure_object(Invocation).is_debug = True
    return value


def _check_model(value: str | None) -> str | None:
    if value is not None and not value.strip():
        raise typer.BadParameter("it is empty; name a hub id, a folder or 'tiny'.")
    return value


DebugOption = Annotated[
    bool,
    typer.Option(
        "--debug",
        callback=_remember_debug,
        help="Show the traceback of a failure and the libraries' messages.",
    ),
]

ImagesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="IMAGE",
        default_factory=list,
        help=f"Picture files ({FORMAT_NAMES}) or PDF files, in order; - is standard input.",
        show_default=False,
    ),
]

QuestionArgument = Annotated[
    str, typer.Argument(metavar="QUESTION", help="What to answer about them, in quotes.", show_default=False)
]

ClipboardOption = Annotated[
    bool, typer.Option("--clipboard", help="Also ask about the picture in the clipboard, after the others.")
]


def read_page_numbers(given: str | None) -> list[int] | None:
    """Read the numbers of pages, as in ``1,3-5``; None where none are given."""
    if given is None:
        return None
    numbers: list[int] = []
    for part in given.split(","):
        found = _PAGES.fullmatch(part.strip())
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 1 <= first <= last < first + _MOST_PAGES_NAMED:
            raise typer.BadParameter(
                f"{given!r} names no pages; write numbers from 1, as in 1,3-5.", param_hint="--pages"
            )
        numbers += range(first, last + 1)
    return numbers


PagesOption = Annotated[
    str | None,
    typer.Option(
        "--pages",
        metavar="PAGES",
        help="Of a PDF file: which pages to ask about, as in 1,3-5. Default: all.",
        show_default=False,
    ),
]

CollectionOption = Annotated[
    Path | None,
    typer.Option(
        "--collection",
        metavar="PATH",
        help="Answer from a collection that `llava-o1 index` made, with one IMAGE or none; what the answer "
        "cites goes to standard error.",
        show_default=False,
    ),
]

SourcesOption = Annotated[
    int | None,
    typer.Option(
        "--sources",
        min=1,
        metavar="N",
        help="With --collection: most pictures and passages to answer from. Default: 1.",
        show_default=False,
    ),
]

RouteOption = Annotated[
    Literal["text", "image", "both"] | None,
    typer.Option(
        "--by", help="With --collection: what to search by. Default: all there is.", show_default=False
    ),
]

ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        envvar="LLAVA_O1_MODEL",
        metavar="MODEL",
        callback=_check_model,
        help="Hub id, folder of a checkpoint, or 'tiny', the embedded model, which is the default.",
    ),
]

AdapterOption = Annotated[
    Path | None,
    typer.Option(
        "--adapter",
        metavar="FOLDER",
        help="LoRA adapters for the model, as `llava-o1 train --lora` writes them.",
        show_default=False,
    ),
]

CandidatesOption = Annotated[
    int | None,
    typer.Option(
        "--candidates",
        min=1,
        max=64,
        help="Candidates per stage, of which a knock-out leaves one; 1 answers in a single pass. Default: 4.",
        show_default=False,
    ),
]

if TYPE_CHECKING:
    _SearchName = str
else:
    # The catalogue says which there are; a type checker cannot read it and sees strings.
    _SearchName = Literal[tuple(SEARCHES)]

StrategyOption = Annotated[_SearchName, typer.Option("--strategy", help="How questions are answered.")]


def read_settings(given: list[str] | None) -> dict[str, Any]:
    """Read ``--set`` options: each a setting's name and its value in JSON, or a plain word."""
    settings: dict[str, Any] = {}
    for text in given or []:
        name, equals, value = text.partition("=")
        if not (name.strip() and equals):
            raise typer.BadParameter(
                f"{text!r} is no setting; write it as in max_calls=20.", param_hint="--set"
            )
        try:
            settings[name.strip()] = json.loads(value)
        except ValueError:
            settings[name.strip()] = value
    return settings


def read_further_settings(
    given: list[str] | None, own: Sequence[str] = ("candidates", "temperature", "seed")
) -> dict[str, Any]:
    """Read ``--set`` options, of which none may name what the command has an option of its own for.

    Args:
        given: The options.
        own: Names of the settings that the command has such options for.
    """
    settings = read_settings(given)
    for name in own:
        if name in settings:
            raise typer.BadParameter(
                f"{name} has an option of its own; write --{name} {settings[name]}.", param_hint="--set"
            )
    return settings


SettingsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A further setting of the search, may be repeated: max_calls=20, early_stop=true, beams=2, …",
        show_default=False,
    ),
]

TemperatureOption = Annotated[
    float | None,
    typer.Option(
        "--temperature",
        min=0.0,
        max=2.0,
        help="Sampling temperature. Default: 1 in a search, 0 in a single pass.",
        show_default=False,
    ),
]

SeedOption = Annotated[
    int | None,
    typer.Option(
        "--seed",
        min=0,
        max=2**53 - 1,
        help="The same seed gives the same answer. Default: a fresh one each time, shown by --json.",
        show_default=False,
    ),
]
