"""How fast the engine runs a stage-level search, beside transformers' own ``generate``.

Without LangChain, so that it runs wherever the engine does: as
``python -m langchain_llava_o1.speed``.
"""

from enum import StrEnum


class Shape(StrEnum):
    """How large a checkpoint with random weights is; ``tiny`` is the embedded one."""

    TINY = "tiny"
    SMALL = "small"
    ELEVEN_BILLION = "11b"
