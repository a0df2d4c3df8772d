"""Accuracy against the number of candidates and against tokens, as a picture."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.accuracy import AccuracyReport


def check_plotting() -> None:
    """See that pictures can be drawn, before hours are spent on what they are to show.

    Raises:
        ConfigurationError: If matplotlib is missing.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ConfigurationError(
            'The plot needs matplotlib: pip install "langchain-llava-o1[plot]", or --no-plot leaves it out.'
        ) from error


def plot_comparison(groups: Sequence[Sequence[AccuracyReport]], path: Path) -> None:
    """Draw accuracy with its interval against N and against tokens per item, a row for each benchmark.

    Args:
        groups: The reports on each benchmark, in the order of a comparison: those of a strategy follow one
            another.
        path: Where to; its ending chooses the format, as in ``.png`` or ``.svg``.

    Raises:
        ConfigurationError: If matplotlib is missing.
    """
    check_plotting()
    import matplotlib

    matplotlib.use("Agg")
    # Text stays text, and the same data gives the same file.
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "langchain-llava-o1"})
    from matplotlib import pyplot

    height = 4.5 * len(groups)
    figure, rows = pyplot.subplots(len(groups), 2, figsize=(12, height), sharey="row", squeeze=False)
    for reports, (by_candidates, by_tokens) in zip(groups, rows, strict=True):
        for (strategy, _judge), group in groupby(reports, key=lambda report: (report.strategy, report.judge)):
            line = list(group)
            _draw(by_candidates, strategy, line, [report.candidates for report in line])
            _draw(by_tokens, strategy, line, [report.tokens / report.items for report in line])
        by_candidates.set(xlabel="candidates N", ylabel="accuracy (95 % interval)")
        by_candidates.set_xscale("log", base=2)
        by_candidates.set_xticks(sorted({report.candidates for report in reports}))
        by_candidates.xaxis.set_major_formatter(matplotlib.ticker.FormatStrFormatter("%d"))
        by_tokens.set(xlabel="tokens generated per item")
        by_tokens.set_xscale("log")
        by_tokens.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
        by_candidates.set_title(f"{reports[0].asked}, {reports[0].items} items", loc="left")
        for axes in (by_candidates, by_tokens):
            axes.grid(visible=True, alpha=0.3)
            axes.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1.0))
    figure.suptitle(groups[0][0].model)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    pyplot.close(figure)


def _draw(axes: Any, label: str, line: Sequence[AccuracyReport], places: Sequence[float]) -> None:
    accuracies = [report.accuracy for report in line]
    below = [report.accuracy - report.interval.low for report in line]
    above = [report.interval.high - report.accuracy for report in line]
    axes.errorbar(places, accuracies, yerr=[below, above], marker="o", capsize=3, label=label)
