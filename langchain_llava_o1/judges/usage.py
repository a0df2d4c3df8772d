"""Adding up what calls took."""

from collections.abc import Iterable

from langchain_core.messages.ai import UsageMetadata, add_usage


def total_usage(usages: Iterable[UsageMetadata | None]) -> UsageMetadata | None:
    """Add up the usage of several calls; None where none of them tells it."""
    total: UsageMetadata | None = None
    for usage in usages:
        if usage is not None:
            total = add_usage(total, usage)
    return total
