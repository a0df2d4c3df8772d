"""Measuring answers: benchmarks, strategies of answering, accuracy with its interval."""

from enum import StrEnum

from langchain_llava_o1.speed import Shape, Way

__all__ = ["Benchmark", "Shape", "Strategy", "Way"]


class Benchmark(StrEnum):
    """What is asked."""

    SCENES = "scenes"


class Strategy(StrEnum):
    """How a question is answered."""

    GREEDY = "greedy"
    SINGLE = "single"
    STAGE_BEAM = "stage-beam"
