"""Printing an answer while it is made: accepted stages, and text as it is written."""

from typing import TYPE_CHECKING, Any

from langchain_llava_o1.cli.display import format_stage, format_stages, stage_heading
from langchain_llava_o1.cli.output import write_output
from langchain_llava_o1.cli.progress import Progress
from langchain_llava_o1.staging.stages import find_stage

if TYPE_CHECKING:
    from langchain_llava_o1 import SearchResult


class StreamPrinter:
    """Prints each step's accepted text once: as it is written where events tell it, else when it is accepted.

    Hidden stages are left out unless they are asked for; the answer is always printed.
    """

    def __init__(self, progress: Progress, *, show_stages: bool) -> None:
        """Prepare to print, keeping ``progress`` off the terminal meanwhile."""
        self._progress = progress
        self._show_stages = show_stages
        self._step = ""
        self._num_candidates = 0
        self._written_stages: list[str] = []
        self._written = ""

    def handle(self, event: dict[str, Any]) -> None:
        """Print what an event says and pass it on to the progress display."""
        self._progress.handle(event)
        if event["type"] == "stage_started":
            self._step, self._num_candidates = event["stage"], event["num_candidates"]
            self._written_stages.clear()
        elif event["type"] == "text" and (self._show_stages or find_stage(event["stage"]).is_visible):
            self._write(self._heading(event["stage"]) + event["text"])
        elif event["type"] == "winner" and self._show_stages and not self._written_stages:
            text = format_stage(event["stage"], event["text"], event["index"], self._num_candidates)
            self._write(self._gap() + text)

    def finish(self, result: "SearchResult") -> None:
        """Print the answer where it has not been printed yet, and end the last line."""
        if not self._written and self._show_stages:
            self._write(format_stages(result.stages, result.answer))
        elif not self._written or not self._written.rstrip().endswith(result.answer.strip()):
            self._write(f"{self._gap()}{result.answer}\n")
        elif not self._written.endswith("\n"):
            self._write("\n")

    def _heading(self, stage: str) -> str:
        if not self._show_stages or stage in self._written_stages:
            return ""
        self._written_stages.append(stage)
        return f"{self._gap()}[{stage_heading(self._step, stage)}]\n"

    def _gap(self) -> str:
        """Return what parts two stages: a blank line."""
        if not self._written:
            return ""
        return "\n" if self._written.endswith("\n") else "\n\n"

    def _write(self, text: str) -> None:
        if text:
            with self._progress.pause():
                write_output(text)
            self._written += text
