"""Measuring answers: benchmarks, strategies of answering, accuracy with its interval."""

from enum import StrEnum


class Strategy(StrEnum):
    """How a question is answered."""

    GREEDY = "greedy"
    SINGLE = "single"
    BEST_OF_N = "best-of-n"
    SELF_CONSISTENCY = "self-consistency"
    SENTENCE_BEAM = "sentence-beam"
    STAGE_BEAM = "stage-beam"
    SWIRES = "swires"

    @property
    def is_search(self) -> bool:
        """Whether it has candidates to choose from."""
        return self not in (Strategy.GREEDY, Strategy.SINGLE)

    @property
    def takes_any_judge(self) -> bool:
        """Whether judges that compare will do; the others work with scores, or ask nobody."""
        return self in (Strategy.BEST_OF_N, Strategy.SENTENCE_BEAM, Strategy.STAGE_BEAM)


class JudgeName(StrEnum):
    """What decides between candidates."""

    GENERATIVE = "generative"
    LIKELIHOOD = "likelihood"
    CONFIDENCE = "confidence"
