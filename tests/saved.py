"""What a checkpointer has saved."""

from collections.abc import Iterator

from langgraph.checkpoint.memory import InMemorySaver


def saved_sizes(saver: InMemorySaver) -> Iterator[tuple[str, int]]:
    """Yield namespace and size of everything a saver holds."""
    for (_, namespace, *_), blob in saver.blobs.items():
        yield namespace, len(blob[1])
    for (_, namespace, _), writes in saver.writes.items():
        for write in writes.values():
            yield namespace, len(write[2][1])
    for namespaces in saver.storage.values():
        for namespace, checkpoints in namespaces.items():
            for checkpoint, metadata, _ in checkpoints.values():
                yield namespace, len(checkpoint[1]) + len(metadata[1])
