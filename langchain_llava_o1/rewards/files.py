"""The files of a checkpoint, in its folder or on the hub."""

from pathlib import Path

from langchain_llava_o1.rewards.settings import RewardSettings


def find_file(settings: RewardSettings, name: str) -> Path | None:
    """Return where a file of the checkpoint is on this machine, fetched from the hub; None if it has none."""
    from transformers.utils.hub import cached_file

    found = cached_file(
        settings.source["pretrained_model_name_or_path"],
        name,
        revision=settings.source["revision"],
        _raise_exceptions_for_missing_entries=False,
    )
    return None if found is None else Path(found)
