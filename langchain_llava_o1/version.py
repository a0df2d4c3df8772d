"""The version that is installed."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("langchain-llava-o1")
except PackageNotFoundError:
    # A source tree on the path, never installed.
    __version__ = "0.0.0+uninstalled"
