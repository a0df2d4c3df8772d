"""What benchmarks ask and read, and what that may cost."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from langchain_llava_o1.cli import answering
from langchain_llava_o1.cli.answering import AnswerSettings
from langchain_llava_o1.cli.data.teaching import read_price
from langchain_llava_o1.cli.failures import checking_usage
from langchain_llava_o1.evaluation.benchmark import Resources

if TYPE_CHECKING:
    from langchain_llava_o1.evaluation.grading.grader import Grader
    from langchain_llava_o1.evaluation.purse import Purse


def read_purse(price: str | None, grader_price: str | None, max_cost: float | None) -> "Purse":
    """Read what answers may cost.

    Raises:
        typer.BadParameter: If there is a most cost without the model's price.
    """
    from langchain_llava_o1.data.annotation.spending import Budget, Spending
    from langchain_llava_o1.evaluation.grading.grader import GRADING
    from langchain_llava_o1.evaluation.purse import ANSWERING, Purse

    if max_cost is not None and price is None:
        raise typer.BadParameter(
            f"{max_cost} needs the model's price, too; add --price, as in 2.5,10.", param_hint="--max-cost"
        )
    given = ((ANSWERING, price, "--price"), (GRADING, grader_price, "--grader-price"))
    prices = {role: read_price(text, option) for role, text, option in given if text is not None}
    with checking_usage():
        return Purse(Spending(Budget(max_cost=max_cost), prices))


def refuse_unpriced_grader(grader: AnswerSettings, price: str | None, max_cost: float | None) -> None:
    """See that a budget counts what a grader costs.

    Raises:
        typer.BadParameter: If there is a most cost, and a grader that may ask for money, without its price.
    """
    if max_cost is not None and price is None and not grader.is_checkpoint:
        raise typer.BadParameter(
            f"{max_cost} needs the price of the grader {grader.model}, too; add --grader-price, as in "
            "0.15,0.6, or 0,0 where it costs nothing.",
            param_hint="--max-cost",
        )


def check_data(data: Path | None) -> None:
    """See that the files of benchmarks are in a folder.

    Raises:
        typer.BadParameter: If there is no such folder.
    """
    if data is not None and not data.is_dir():
        raise typer.BadParameter(
            f"{data} is no folder; name the one that holds the files of benchmarks. `llava-o1 bench fetch` "
            "fetches them into one.",
            param_hint="--data",
        )


def read_resources(
    data: Path | None,
    grader: str | None,
    grader_base_url: str | None,
    purse: "Purse",
    *,
    folder: Path | None,
    is_compatible: bool,
) -> Resources:
    """Read where benchmarks are, and who grades.

    Args:
        data: Folder of their files.
        grader: Name of the model that grades; None for none.
        grader_base_url: Its server.
        purse: Counts what it takes.
        folder: Where its replies are kept; None for nowhere.
        is_compatible: Whether answers are graded as VLMEvalKit does.

    Raises:
        typer.BadParameter: If the data are in no folder, or there is a server for no grader.
    """
    check_data(data)
    if grader is None and grader_base_url is not None:
        raise typer.BadParameter(
            f"{grader_base_url} is the server of a grader; name it with --grader.",
            param_hint="--grader-base-url",
        )
    reader = None if grader is None else _open_grader(grader, grader_base_url, purse, folder)
    return Resources(data, reader, is_compatible)


def _open_grader(name: str, base_url: str | None, purse: "Purse", folder: Path | None) -> "Grader":
    from langchain_llava_o1.evaluation.grading.grader import GRADING, Grader
    from langchain_llava_o1.evaluation.grading.reply_cache import REPLIES_FILE, ReplyCache

    model = answering.open_model(AnswerSettings(name, base_url=base_url))
    cache = ReplyCache(None if folder is None else folder / REPLIES_FILE)
    # What earlier starts asked was paid for, too.
    purse.spending.add(GRADING, cache.used)
    return Grader(model, name, cache=cache, spending=purse.spending)
