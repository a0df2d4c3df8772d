"""LLaVA-o1 for LangChain and LangGraph: answers about pictures, searched stage by stage.

The public names are listed in ``__init__.pyi`` and load on first use, so that importing the package costs
little and needs no model library.
"""

import lazy_loader

_load, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    """Load a public name on first use."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    return _load(name)
