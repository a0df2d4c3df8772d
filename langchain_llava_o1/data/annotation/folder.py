"""The folder of an annotation: its examples, its refusals, its journal, and what is left to do."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from langchain_llava_o1.data.annotation.annotator import FAILED, Outcome
from langchain_llava_o1.data.annotation.journal import (
    Journal,
    RecordedReply,
    Refusal,
    check_settings,
    drop_records,
    holding,
    is_begun,
    read_journal,
    replace_file,
    write_json_line,
)
from langchain_llava_o1.data.annotation.known import KnownOutcomes
from langchain_llava_o1.data.annotation.question import Question
from langchain_llava_o1.data.annotation.recording import QuestionRecord
from langchain_llava_o1.data.annotation.spending import Spending, Usage
from langchain_llava_o1.data.opening import REFUSALS_FILE
from langchain_llava_o1.data.writer import TrainingSetWriter
from langchain_llava_o1.errors import ConfigurationError

EXAMPLES_FILE = "examples.jsonl"
CARD_FILE = "README.md"
_JOURNAL_FOLDER = "annotation"


class AnnotationFolder:
    """What is known of every question, read when it is opened and written as it comes.

    Attributes:
        path: The folder.
    """

    def __init__(
        self,
        path: Path,
        settings: Mapping[str, Any],
        digests: Mapping[str, str],
        *,
        copy_pictures: bool,
        retry_refusals: bool,
    ) -> None:
        """Open a folder to go on with, or begin one.

        Annotations of questions that were changed since are dropped, so that these are annotated again.

        Args:
            path: The folder.
            settings: How annotations are made; those that were made before must have been made in this way.
            digests: The digest of each question, by id.
            copy_pictures: Whether pictures are copied into it.
            retry_refusals: Whether what was refused is to be tried again; what failed is in any case.

        Raises:
            ConfigurationError: If it was begun with other settings, another process writes to it, or it is no
                folder.
        """
        _check_place(path)
        self.path = path
        self._copy_pictures = copy_pictures
        self._journal = Journal(path / _JOURNAL_FOLDER, settings)
        examples = path / EXAMPLES_FILE
        self._known = KnownOutcomes(examples, self._journal.read(), digests, retry_refusals=retry_refusals)
        if self._known.changed:
            drop_records(examples, self._known.changed)
        self._writer = TrainingSetWriter(examples)
        # As a start that was killed left it, or for what was annotated after it was refused.
        self._rewrite_refusals()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._rewrite_refusals()
        self._writer.close()
        self._journal.close()

    @property
    def used(self) -> Mapping[str, Usage]:
        """What all starts used, by role."""
        return self._known.used

    @property
    def refusals(self) -> Mapping[str, Refusal]:
        """The questions that were left without an annotation, by id."""
        return self._known.refusals

    def is_annotated(self, id: str) -> bool:
        """Tell whether a question has an annotation."""
        return id in self._writer

    def is_to_do(self, id: str) -> bool:
        """Tell whether a question is still to be annotated."""
        return self._known.is_to_do(id)

    def first_attempt(self, id: str) -> int:
        """Return the number of a question's next try; one that ended in an error is made once more."""
        refusal = self.refusals.get(id)
        if refusal is None:
            return 1
        return refusal.attempt if refusal.outcome == FAILED else refusal.attempt + 1

    def record_of(self, id: str) -> QuestionRecord:
        """Return the calls of a question, to be gone on with."""
        return QuestionRecord(id, self.take_replies(id), self.keep_reply)

    def take_replies(self, id: str) -> list[RecordedReply]:
        """Return the replies to a question that earlier starts paid for; they are forgotten here."""
        return self._known.replies.pop(id, [])

    def keep_reply(self, reply: RecordedReply) -> None:
        """Write down a reply that was paid for."""
        self._journal.write(reply)

    def keep(self, question: Question, outcome: Outcome) -> None:
        """Write down what came of a question."""
        if outcome.example is not None:
            files = question.files if self._copy_pictures else None
            # Of a question that was annotated while the process was killed, the annotation is there.
            if outcome.example.id not in self._writer:
                self._writer.append(outcome.example, files)
            self._known.annotated.add(question.id)
            self._known.refusals.pop(question.id, None)
        elif outcome.refusal is not None:
            self._journal.write(outcome.refusal)
            self._known.refusals[question.id] = outcome.refusal
            with (self.path / REFUSALS_FILE).open("ab") as file:
                file.write(_write_refusal(outcome.refusal))

    def _rewrite_refusals(self) -> None:
        lines = [_write_refusal(refusal) for refusal in self.refusals.values()]
        replace_file(self.path / REFUSALS_FILE, b"".join(lines))

    def restore(self, spending: Spending) -> None:
        """Add what earlier starts used."""
        for role, usage in self.used.items():
            spending.add(role, usage)


def read_known(
    path: Path, settings: Mapping[str, Any], digests: Mapping[str, str], *, retry_refusals: bool
) -> KnownOutcomes:
    """Read what is known of every question, without beginning the folder or changing what it holds.

    Args:
        path: The folder; it may be missing.
        settings: How annotations are made.
        digests: The digest of each question, by id.
        retry_refusals: Whether what was refused is to be tried again.

    Raises:
        ConfigurationError: As for opening it to go on with.
    """
    _check_place(path)
    examples, journal = path / EXAMPLES_FILE, path / _JOURNAL_FOLDER
    if not is_begun(journal):
        return KnownOutcomes(examples, (), digests, retry_refusals=retry_refusals)
    with holding(journal):
        check_settings(journal, settings)
        return KnownOutcomes(examples, read_journal(journal), digests, retry_refusals=retry_refusals)


def _check_place(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise ConfigurationError(f"{path} is a file. Name a folder to write to.")
    if (path / EXAMPLES_FILE).exists() and not is_begun(path / _JOURNAL_FOLDER):
        raise ConfigurationError(
            f"{path} has an {EXAMPLES_FILE} that no annotation made. Name another folder."
        )


def _write_refusal(refusal: Refusal) -> bytes:
    return write_json_line(asdict(refusal))
