"""What all lines of a file have in common, and when a run may go on with a file."""

from collections.abc import Collection, Mapping
from typing import Any

from langchain_llava_o1.judges.own_model import OwnModel

_ADDRESS = "base_url"
_WHERE_IT_RUNS = (_ADDRESS, "batch_size", "device")
"""Settings of a judge's model that decide where and how fast it runs, and not what it says."""


def is_same_run(found: object, wanted: Mapping[str, Any], unsaid: Collection[str] = ()) -> bool:
    """Tell whether two headings name the same run, wherever the models ran.

    A server that was started again may have another address, and a judge that did not fit into memory smaller
    batches.

    Args:
        found: Heading of a file, as read from it.
        wanted: Heading of the run that would go on with it.
        unsaid: Fields that the file may lack, as it was written before there were any.
    """
    if not isinstance(found, dict):
        return False
    ignored = {_ADDRESS, *(name for name in unsaid if name not in found)}
    return _comparable(found, ignored) == _comparable(wanted, ignored)


def _comparable(heading: Mapping[str, Any], ignored: Collection[str]) -> dict[str, Any]:
    fields = {name: value for name, value in heading.items() if name not in ignored}
    for name in ("judge", "model"):
        if isinstance(text := fields.get(name), str):
            model = OwnModel.read(text)
            settings = {name: value for name, value in model.settings.items() if name not in _WHERE_IT_RUNS}
            fields[name] = str(OwnModel(model.name, settings))
    return fields
