"""The loss of a run, and what was measured on the way, as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langchain_llava_o1.evaluation.plot import check_plotting


def plot_losses(log: Sequence[dict[str, Any]], path: Path, *, unit: str) -> None:
    """Draw losses and accuracy against optimizer steps.

    Args:
        log: Entries with ``step`` and what was measured, as ``log.jsonl`` has them.
        path: Where to; its ending chooses the format.
        unit: What the loss is, for its axis.

    Raises:
        ConfigurationError: If matplotlib is missing.
    """
    check_plotting()
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "langchain-llava-o1"})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4.5))
    for name, label in (("loss", "training loss"), ("eval_loss", "held-out loss")):
        _draw(axes, log, name, label, "C0" if name == "loss" else "C1")
    axes.set(xlabel="optimizer steps", ylabel=unit)
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, alpha=0.3)
    if any("eval_accuracy" in entry for entry in log):
        right = axes.twinx()
        _draw(right, log, "eval_accuracy", "held-out accuracy", "C2")
        right.set(ylabel="accuracy", ylim=(0, 1))
        right.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1.0))
    if any(each.lines for each in figure.axes):
        figure.legend(frameon=False, loc="upper center", ncols=3)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    pyplot.close(figure)


def _draw(axes: Any, log: Sequence[dict[str, Any]], name: str, label: str, colour: str) -> None:
    points = [(entry["step"], entry[name]) for entry in log if name in entry]
    if points:
        axes.plot(*zip(*points, strict=True), label=label, color=colour, marker="o", markersize=2.5)
