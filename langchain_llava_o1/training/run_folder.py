"""The folder of a training run: what it was started with, and where a killed one goes on."""

import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.training.result import TrainingResult

_SETTINGS = "training_settings.json"
_LOG = "log.jsonl"
_CHECKPOINT = re.compile(r"checkpoint-(\d+)")
_LAST_FILE_OF_A_CHECKPOINT = "trainer_state.json"
_FINISHED = "training_result.json"
_UNFINISHED = ".unfinished"
_MEANINGS = {
    "data_sha256": " The file of the data has changed.",
    "first_examples_as_read": " Its columns are read as others.",
}


class RunFolder:
    """The settings, checkpoints, log and result of one run, which is the only one in its folder.

    Attributes:
        path: The folder.
    """

    def __init__(self, path: str | Path) -> None:
        """Name the folder; nothing is written yet."""
        self.path = Path(path)

    @property
    def log_path(self) -> Path:
        """The file of what was measured, an object a line."""
        return self.path / _LOG

    @property
    def result(self) -> TrainingResult | None:
        """What came of the run; None while it is not finished."""
        file = self.path / _FINISHED
        return TrainingResult(self.path, **json.loads(file.read_text())) if file.is_file() else None

    def begin(self, settings: Mapping[str, Any]) -> None:
        """Begin a run, or go on with the one that has the same settings.

        All processes of a run may do so at once.

        Args:
            settings: How it trains, and from what.

        Raises:
            ConfigurationError: If the folder holds another run, or other files.
        """
        file = self.path / _SETTINGS
        # Before the settings are looked for: another process of this run writes those before all else.
        others = self._list_others()
        # A start that failed before it trained anything, as for a model that is not there, binds nobody.
        if not file.is_file() or not others:
            if others:
                raise ConfigurationError(
                    f"The folder {self.path} holds other files. Name a new one for the run."
                )
            self.path.mkdir(parents=True, exist_ok=True)
            write_whole(file, json.dumps(settings, indent=2) + "\n")
            return
        given: dict[str, Any] = json.loads(file.read_text())
        if changed := sorted(name for name in {*given, *settings} if given.get(name) != settings.get(name)):
            name = changed[0]
            raise ConfigurationError(
                f"The run in {self.path} has other settings: {name} is {given.get(name)!r} there and "
                f"{settings.get(name)!r} here.{_MEANINGS.get(name, '')} "
                "Go on with the same ones, or name a new folder."
            )

    def _list_others(self) -> list[Path]:
        """Return what the folder holds beside the settings; not what a process is about to put there."""
        if not self.path.is_dir():
            return []
        return [
            each
            for each in self.path.iterdir()
            if each.name != _SETTINGS and not each.name.endswith(_UNFINISHED)
        ]

    def finish(self, result: TrainingResult) -> None:
        """Note what came of the run; it is finished from now on."""
        noted = {name: value for name, value in vars(result).items() if name != "folder"}
        write_whole(self.path / _FINISHED, json.dumps(noted, indent=2) + "\n")

    def last_checkpoint(self) -> Path | None:
        """Return the last checkpoint that was written whole; None where there is none."""
        found = [
            (int(match[1]), folder)
            for folder in self.path.iterdir()
            if (match := _CHECKPOINT.fullmatch(folder.name)) and _is_whole(folder)
        ]
        return max(found)[1] if found else None

    def read_log(self) -> Iterator[dict[str, Any]]:
        """Return what was measured so far."""
        if self.log_path.is_file():
            for line in self.log_path.read_text().splitlines():
                try:
                    yield json.loads(line)
                except ValueError:
                    # The line that a run was killed in.
                    continue

    def cut_log(self, step: int) -> None:
        """Drop what was measured after a step, which is measured again."""
        kept = [entry for entry in self.read_log() if entry["step"] <= step]
        write_whole(self.log_path, "".join(json.dumps(entry) + "\n" for entry in kept))


def write_whole(path: Path, text: str) -> None:
    """Write a file that is there whole or not at all."""
    # Processes on several machines may have the same number.
    unfinished = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}{_UNFINISHED}")
    unfinished.write_text(text)
    unfinished.replace(path)


def _is_whole(checkpoint: Path) -> bool:
    """Tell whether a checkpoint was written to its last file, and that one to its end."""
    try:
        json.loads((checkpoint / _LAST_FILE_OF_A_CHECKPOINT).read_text())
    except (OSError, ValueError):
        return False
    return True
