"""LLaVA-o1 for LangChain and LangGraph: answers about pictures, searched stage by stage.

The public names load on first use, so that importing the package costs little and needs no model
library.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_llava_o1.chat_model import ChatLlavaO1
    from langchain_llava_o1.images import image_block
    from langchain_llava_o1.judges.likelihood import LikelihoodJudge
    from langchain_llava_o1.search.context import StageBeamContext
    from langchain_llava_o1.search.stage_beam import create_stage_beam

    __version__: str

_HOMES = {
    "ChatLlavaO1": "langchain_llava_o1.chat_model",
    "LikelihoodJudge": "langchain_llava_o1.judges.likelihood",
    "StageBeamContext": "langchain_llava_o1.search.context",
    "create_stage_beam": "langchain_llava_o1.search.stage_beam",
    "image_block": "langchain_llava_o1.images",
}

__all__ = [
    "ChatLlavaO1",
    "LikelihoodJudge",
    "StageBeamContext",
    "__version__",
    "create_stage_beam",
    "image_block",
]


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name == "__version__":
        value: Any = _installed_version()
    elif name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})


def _installed_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("langchain-llava-o1")
    except PackageNotFoundError:
        # A source tree on the path, never installed.
        return "0.0.0+uninstalled"
