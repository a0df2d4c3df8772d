"""Options of `llava-o1 bench accuracy` alone."""

from pathlib import Path
from typing import Annotated, Literal

import typer

DEFAULT_FOLDER = Path("comparison")
COMPARED_CANDIDATES = 4
ITEMS_OF_ENDLESS = 200

CompareOption = Annotated[
    str | None,
    typer.Option(
        "--compare",
        metavar="STRATEGY,…",
        help="Strategies to compare on the same items, in place of --strategy; plain asks in one call "
        "without a word about stages.",
        show_default=False,
    ),
]
BaselinesOption = Annotated[
    bool,
    typer.Option(
        "--baselines",
        help="With --compare: also a random choice, the option that is right most often, and the model "
        "without the pictures.",
    ),
]
NumbersOption = Annotated[
    str | None,
    typer.Option(
        "--candidates",
        metavar="N[,N…]",
        help="Candidates; several numbers with --compare. Default: 4.",
        show_default=False,
    ),
]
ItemsOption = Annotated[
    int | None,
    typer.Option(
        "--items",
        "--max-items",
        min=1,
        help=f"Questions to answer. Default: all of a benchmark, {ITEMS_OF_ENDLESS} where there is no end.",
        show_default=False,
    ),
]
TemperatureOption = Annotated[
    float | None,
    typer.Option(
        "--temperature",
        min=0.0,
        max=2.0,
        help="Of the candidates and the single pass. Default: 1.",
        show_default=False,
    ),
]
TopPOption = Annotated[
    float | None,
    typer.Option(
        "--top-p",
        min=0.01,
        max=1.0,
        help="Sample from the likeliest tokens that together have this share. Default: the model's own.",
        show_default=False,
    ),
]
TokensOption = Annotated[
    int | None,
    typer.Option(
        "--tokens",
        min=4,
        help="Most tokens of an answer, for all alike; stages share them. Default: 4096.",
        show_default=False,
    ),
]
TurnsOption = Annotated[
    int,
    typer.Option(
        "--turns",
        min=1,
        max=16,
        help="Questions of a conversation, of which the last one counts; it is also asked alone.",
    ),
]
WholeConversationOption = Annotated[
    bool,
    typer.Option(
        "--whole-conversation",
        help="With --turns: send all of the conversation to a model whose profile says single_turn, too.",
    ),
]
FolderOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FOLDER",
        help="With --compare: where answers, table and plot are kept, to go on from. "
        f"Default: {DEFAULT_FOLDER}.",
        show_default=False,
    ),
]
PlotOption = Annotated[
    bool | None,
    typer.Option(
        "--plot/--no-plot",
        help="With --compare: draw comparison.svg and .png. Default: they are drawn.",
        show_default=False,
    ),
]
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="FOLDER",
        help="Where the files of published benchmarks are. Default: $LMUData, else ~/LMUData.",
        show_default=False,
    ),
]
BaseUrlOption = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        metavar="URL",
        help="Server of the model, such as one that speaks OpenAI's protocol.",
        show_default=False,
    ),
]
ContinuationOption = Annotated[
    Literal["prefill", "instruct"] | None,
    typer.Option(
        "--continuation",
        help="How the model is asked to go on: by the answer so far, as a checkpoint of LLaVA-o1 is, or by "
        "an instruction. Default: prefill for a checkpoint, instruct for a model that is served.",
        show_default=False,
    ),
]
SamplingSeedOption = Annotated[
    int | None,
    typer.Option(
        "--sampling-seed",
        min=0,
        max=2**53 - 1,
        help="Seed from which that of every item is derived, to sample the same items anew. Default: the "
        "number of an item is its seed.",
        show_default=False,
    ),
]
GraderOption = Annotated[
    str | None,
    typer.Option(
        "--grader",
        metavar="MODEL",
        help="Reads answers that no rule can: provider and model, as in openai:gpt-4o-mini, or a checkpoint.",
        show_default=False,
    ),
]
GraderUrlOption = Annotated[
    str | None,
    typer.Option("--grader-base-url", metavar="URL", help="Server of the grader.", show_default=False),
]
CompatibleOption = Annotated[
    bool,
    typer.Option(
        "--grader-compat",
        help="Grade as VLMEvalKit does: where the grader cannot read which option is chosen, one is drawn; "
        "without a grader none is.",
    ),
]
MaxCostOption = Annotated[
    float | None,
    typer.Option(
        "--max-cost",
        min=0.0,
        help="With --compare: most money, in the currency of the prices; nothing is begun that may pass it.",
        show_default=False,
    ),
]
PriceOption = Annotated[
    str | None,
    typer.Option(
        "--price",
        metavar="READ,GENERATED",
        help="What a million tokens of the model cost, as in 2.5,10.",
        show_default=False,
    ),
]
GraderPriceOption = Annotated[
    str | None,
    typer.Option(
        "--grader-price",
        metavar="READ,GENERATED",
        help="The same of the grader. Default: nothing.",
        show_default=False,
    ),
]


def read_numbers(text: str) -> list[int]:
    """Read how many candidates there are to be.

    Raises:
        typer.BadParameter: If they are no such numbers.
    """
    try:
        numbers = [int(number) for number in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or not all(1 <= number <= 64 for number in numbers):
        raise typer.BadParameter(
            f"{text!r} is no number from 1 to 64, nor several with commas between them.",
            param_hint="--candidates",
        )
    return numbers
