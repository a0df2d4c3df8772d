"""Figures of the paper, to stand beside measured ones: never measured here, always marked as published."""

from collections.abc import Mapping
from dataclasses import dataclass, field

PUBLISHED_IN = "arXiv 2411.10440"

PUBLISHED_CONDITIONS = (
    "measured by the paper's authors with one sampled pass at temperature 0.6 and top-p 0.9, 2,048 tokens, "
    "where no search is named"
)

HALLUSION_BENCH_SCORE = "mean of aAcc, fAcc, qAcc"

_SCORES = {"hallusion-bench": HALLUSION_BENCH_SCORE}
_FORMS = {"ai2d": {"mask": "no-mask"}}


@dataclass(frozen=True)
class PublishedFigures:
    """A line of the paper's tables.

    Attributes:
        model: What answered.
        accuracy: Shares, by the name of the benchmark; those that the paper leaves out are missing. Of some
            benchmarks it is another score than the accuracy (``published_score``).
        average: Over the paper's six benchmarks; None where it gives none.
    """

    model: str
    accuracy: Mapping[str, float] = field(default_factory=dict)
    average: float | None = None


PUBLISHED = (
    PublishedFigures(
        "Llama-3.2-11B-Vision-Instruct",
        {"mmstar": 0.498, "mmbench": 0.658, "mmvet": 0.576, "mathvista": 0.486, "hallusion-bench": 0.403},
        average=0.566,
    ),
    PublishedFigures("Trained on the original short answers", average=0.590),
    PublishedFigures("LLaVA-o1 without tags", average=0.609),
    PublishedFigures(
        "LLaVA-o1, single pass",
        {
            "mmstar": 0.576,
            "mmbench": 0.750,
            "mmvet": 0.603,
            "mathvista": 0.548,
            "ai2d": 0.787,
            "hallusion-bench": 0.478,
        },
        average=0.624,
    ),
    PublishedFigures("LLaVA-o1, stage-level beam search, N=2", {"mmvet": 0.617}),
    PublishedFigures("LLaVA-o1, stage-level beam search, N=3", {"mmvet": 0.623}),
    PublishedFigures("LLaVA-o1, stage-level beam search, N=4", {"mmvet": 0.629}),
    PublishedFigures(
        "LLaVA-o1, SWIRES",
        {
            "mmstar": 0.625,
            "mmbench": 0.776,
            "mmvet": 0.649,
            "mathvista": 0.577,
            "ai2d": 0.810,
            "hallusion-bench": 0.491,
        },
        average=0.655,
    ),
)
"""In the order of the accuracy that they come to."""


def published_score(benchmark: str) -> str | None:
    """Return which of a benchmark's further scores published tables give; None where it is the accuracy."""
    return _SCORES.get(benchmark)


def published_on(benchmark: str, options: Mapping[str, str]) -> dict[str, float]:
    """Return the published scores on a benchmark, by what answered.

    There are none on a benchmark that the paper does not have, or on another form of one that it has.
    """
    if any(options.get(name, value) != value for name, value in _FORMS.get(benchmark, {}).items()):
        return {}
    return {line.model: line.accuracy[benchmark] for line in PUBLISHED if benchmark in line.accuracy}
