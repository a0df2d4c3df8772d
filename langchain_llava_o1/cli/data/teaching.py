"""Options of the commands that have models answer questions: which models, how, and what it may cost."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from langchain_llava_o1.cli.options import read_further_settings
from langchain_llava_o1.search.catalogue import SEARCHES
from langchain_llava_o1.search.strategy import Strategy

if TYPE_CHECKING:
    from langchain_llava_o1.chat.model_name import ModelName
    from langchain_llava_o1.data.annotation.spending import Price

    _SearchName = str
else:
    _SearchName = Literal[tuple(SEARCHES)]

_RULE = "rule"

ValidatorOption = Annotated[
    str | None,
    typer.Option(
        "--validator",
        metavar="MODEL",
        help=f"Compares conclusions with the reference where no rule can; '{_RULE}' for nobody. Default: the "
        "model that answers; nobody where that is a checkpoint.",
        show_default=False,
    ),
]
BaseUrlOption = Annotated[
    str | None,
    typer.Option("--base-url", metavar="URL", help="Server of the model that answers.", show_default=False),
]
ValidatorUrlOption = Annotated[
    str | None,
    typer.Option("--validator-base-url", metavar="URL", help="Server of the validator.", show_default=False),
]
AnsweringOption = Annotated[
    _SearchName | None,
    typer.Option(
        "--strategy",
        help="A search that answers. Default: one call; a single pass of a checkpoint.",
        show_default=False,
    ),
]
MaxTokensOption = Annotated[
    int | None,
    typer.Option(
        "--max-tokens", min=1, help="Most tokens of a reply. Default: the model's own.", show_default=False
    ),
]
TriesOption = Annotated[int, typer.Option("--tries", min=1, help="Tries before a question is refused.")]
RetriesOption = Annotated[
    int,
    typer.Option(
        "--retries", min=1, help="How often a call is made, with growing waits, before its error counts."
    ),
]
QuestionsAtOnceOption = Annotated[
    int, typer.Option("--concurrency", min=1, help="Questions under way at once.")
]
RateOption = Annotated[
    float | None,
    typer.Option(
        "--requests-per-second",
        min=0.001,
        help="Most calls a second, of each model. Default: any number.",
        show_default=False,
    ),
]
MaxTotalOption = Annotated[
    int | None,
    typer.Option(
        "--max-tokens-total",
        min=1,
        help="Most tokens, read and generated, of all starts together.",
        show_default=False,
    ),
]
MaxCostOption = Annotated[
    float | None,
    typer.Option(
        "--max-cost", min=0.0, help="Most money, in the currency of the prices.", show_default=False
    ),
]
PriceOption = Annotated[
    str | None,
    typer.Option(
        "--price",
        metavar="READ,GENERATED",
        help="What a million tokens of the model that answers cost, as in 2.5,10.",
        show_default=False,
    ),
]
ValidatorPriceOption = Annotated[
    str | None,
    typer.Option(
        "--validator-price",
        metavar="READ,GENERATED",
        help="The same of the validator. Default: that of the model that answers.",
        show_default=False,
    ),
]
EstimateOption = Annotated[
    bool, typer.Option("--estimate", help="Print what it will take, and ask no model.")
]


def read_model(
    name: str,
    *,
    base_url: str | None,
    requests_per_second: float | None,
    parameters: Mapping[str, Any] | None = None,
) -> "ModelName":
    """Read the options of a model."""
    from langchain_llava_o1.chat.model_name import ModelName

    if not name.strip():
        raise typer.BadParameter("it is empty; name a model, as in openai:gpt-4o.", param_hint="--teacher")
    return ModelName(name.strip(), {"base_url": base_url, **(parameters or {})}, requests_per_second)


def read_validator(
    name: str | None, teacher: "ModelName", *, base_url: str | None, requests_per_second: float | None
) -> "ModelName | str | None":
    """Read the options of a validator; None where there are none."""
    if base_url is not None and (name is None or name == _RULE):
        raise typer.BadParameter(
            f"{base_url} is the server of a validator; name it with --validator.",
            param_hint="--validator-base-url",
        )
    if name is None or name == _RULE:
        return name
    # The same model, at the same place, is one model, whose calls are limited together.
    if name == teacher.name and base_url in (None, teacher.parameters.get("base_url")):
        return teacher
    return read_model(name, base_url=base_url, requests_per_second=requests_per_second)


def read_strategy(
    search: str | None,
    judge: str | None,
    candidates: int | None,
    temperature: float | None,
    further: list[str] | None,
    *,
    default: str | None = None,
) -> Strategy | None:
    """Read the options of a search; None where there is none.

    Raises:
        typer.BadParameter: If there are options of a search and no search.
    """
    chosen = search or default
    settings = read_further_settings(further, own=("candidates", "temperature"))
    if "seed" in settings:
        raise typer.BadParameter(
            "the seed follows from the question, so that each has its own; leave seed out.",
            param_hint="--set",
        )
    given: dict[str, Any] = {"--judge": judge, "--candidates": candidates, "--set": settings or None}
    if search is None:
        for option, value in given.items():
            if value is not None:
                raise typer.BadParameter(
                    f"{value} is for a search; add --strategy stage-beam or another one.", param_hint=option
                )
    if chosen is None:
        return None
    numbers = {"candidates": candidates, "temperature": temperature}
    return Strategy(
        chosen, judge, {**settings, **{name: value for name, value in numbers.items() if value is not None}}
    )


def read_prices(price: str | None, validator_price: str | None, max_cost: float | None) -> "dict[str, Price]":
    """Read the prices of the models, by role; none where none is given.

    Raises:
        typer.BadParameter: If there is a price of the validator alone, or a most cost without prices.
    """
    from langchain_llava_o1.data.annotation.recording import TEACHER, VALIDATOR

    if price is None:
        for option, value in (("--validator-price", validator_price), ("--max-cost", max_cost)):
            if value is not None:
                raise typer.BadParameter(
                    f"{value} needs the price of the model that answers, too; add --price, as in 2.5,10.",
                    param_hint=option,
                )
        return {}
    validators = ("--price", price) if validator_price is None else ("--validator-price", validator_price)
    return {TEACHER: read_price(price, "--price"), VALIDATOR: read_price(validators[1], validators[0])}


def read_price(text: str, option: str) -> "Price":
    """Read a price.

    Raises:
        typer.BadParameter: If it is none.
    """
    from langchain_llava_o1.data.annotation.spending import Price
    from langchain_llava_o1.errors import ConfigurationError

    try:
        read, generated = (float(number) for number in text.split(","))
        return Price(read, generated)
    except (ValueError, ConfigurationError):
        raise typer.BadParameter(
            f"{text!r} is no price; write what a million tokens read and a million generated cost, as in "
            "2.5,10.",
            param_hint=option,
        ) from None
