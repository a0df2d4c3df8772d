"""How fast the engine runs a stage-level search, beside transformers' own ``generate``.

Without LangChain, so that it runs wherever the engine does: as
``python -m langchain_llava_o1.evaluation.speed``.
"""

from enum import StrEnum


class Shape(StrEnum):
    """How large a checkpoint with random weights is; ``tiny`` is the embedded one."""

    TINY = "tiny"
    SMALL = "small"
    ELEVEN_BILLION = "11b"


class Way(StrEnum):
    """A way to run the search."""

    ONE_AT_A_TIME = "one-at-a-time"
    GENERATE_BATCHED = "generate-batched"
    ENGINE_GENERATED_VERDICTS = "engine-generated-verdicts"
    ENGINE_DEFAULT = "engine-default"

    @property
    def uses_engine(self) -> bool:
        """Whether it runs on this engine, and not on transformers' ``generate``."""
        return self in (Way.ENGINE_GENERATED_VERDICTS, Way.ENGINE_DEFAULT)
