"""Computing in a short-lived thread.

Each thread that computes on a processor gets helpers of its own, for as long as it lives. When there are
more helpers than processors, they all sleep between two calls, and small layers take ten times as long: what
loads or measures must not leave any behind.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

ResultT = TypeVar("ResultT")


def run_in_short_lived_thread(function: Callable[[], ResultT]) -> ResultT:
    """Return what a function returns, or raise what it raises, once the thread it ran in is gone."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(function).result()
