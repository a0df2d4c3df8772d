"""A file of pairs, which a start that was killed is gone on with."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from langchain_llava_o1.data.annotation.graded_answers import GradedAnswers
from langchain_llava_o1.data.annotation.journal import (
    Journal,
    RecordedReply,
    Refusal,
    drop_records,
    drop_torn_line,
    is_begun,
    read_id,
)
from langchain_llava_o1.data.annotation.pair_forms import PairForm, write_pair
from langchain_llava_o1.data.annotation.question import Question, is_changed
from langchain_llava_o1.data.annotation.recording import QuestionRecord
from langchain_llava_o1.data.annotation.spending import Usage
from langchain_llava_o1.data.formats.lines import read_lines
from langchain_llava_o1.data.writer import append_whole, copy_picture
from langchain_llava_o1.errors import ConfigurationError

_DONE = "done"


class PairFile:
    """What is known of every question, read when it is opened and written as it comes.

    Attributes:
        num_pairs: Pairs in the file.
        done: Ids of the questions whose answers were drawn.
        used: What all starts used, by role.
    """

    def __init__(
        self,
        path: Path,
        settings: Mapping[str, Any],
        digests: Mapping[str, str],
        *,
        form: PairForm,
        max_pairs: int,
    ) -> None:
        """Open a file to go on with, or begin one; its journal is beside it.

        Pairs of questions that were changed since are dropped, so that these are answered again.

        Args:
            path: The file.
            settings: How pairs are made; those that were made before must have been made in this way.
            digests: The digest of each question, by id.
            form: What the pairs are for.
            max_pairs: Most pairs of a question, or of each of its stages.

        Raises:
            ConfigurationError: If it was begun with other settings or by something else, or another process
                writes to it.
        """
        journal = path.with_name(f"{path.name}.journal")
        if path.exists() and not is_begun(journal):
            raise ConfigurationError(
                f"{path} is there already, and was not begun by this command. Name another file."
            )
        self._path = path
        self._form = form
        self._max_pairs = max_pairs
        self._digests = digests
        self._replies: defaultdict[str, list[RecordedReply]] = defaultdict(list)
        self.done: set[str] = set()
        self.used: dict[str, Usage] = {}
        self._journal = Journal(journal, settings)
        try:
            drop_torn_line(path)
            self._read_journal()
            self._ids = self._read_ids()
        except BaseException:
            self._journal.close()
            raise
        self._file = path.open("ab", buffering=0)

    @property
    def num_pairs(self) -> int:
        """Pairs in the file."""
        return len(self._ids)

    def record_of(self, id: str) -> QuestionRecord:
        """Return the calls of a question, to be gone on with."""
        return QuestionRecord(id, self._replies.pop(id, ()), self._journal.write)

    def keep(self, question: Question, answers: GradedAnswers) -> None:
        """Write the pairs of a question, and that it is done."""
        pairs = (answers.stage_pairs if self._form == "stage" else answers.pairs)(self._max_pairs)
        pictures = [copy_picture(data, self._path.parent) for data in question.files] if pairs else []
        for number, (right, wrong) in enumerate(pairs, start=1):
            id = f"{question.id}-{number}"
            pair = write_pair(self._form, id, question, pictures, right=right, wrong=wrong)
            append_whole(self._file.fileno(), pair)
            self._ids.add(id)
        said = f"{len(answers.right)} right, {len(answers.wrong)} wrong, {answers.num_unread} unread"
        self._journal.write(Refusal(question.id, _DONE, said, 0, question_digest=question.digest))
        self.done.add(question.id)

    def close(self) -> None:
        """Let other processes go on with it."""
        self._file.close()
        self._journal.close()

    def _read_journal(self) -> None:
        for record in self._journal.read():
            if isinstance(record, Refusal):
                is_stale = is_changed(record.question_digest, self._digests.get(record.id))
                (self.done.discard if is_stale else self.done.add)(record.id)
                continue
            usage = Usage(1, record.input_tokens, record.output_tokens)
            self.used[record.role] = self.used.get(record.role, Usage()) + usage
        # Read again, since only now it is known which questions are done, and replies take much memory.
        for record in self._journal.read():
            if isinstance(record, RecordedReply) and record.question not in self.done:
                self._replies[record.question].append(record)

    def _read_ids(self) -> set[str]:
        """Read the ids of pairs; drop pairs of questions that are to be done, which will be written again."""
        ids = set()
        for line in read_lines(self._path) if self._path.exists() else ():
            id = read_id(line.text)
            if id is None:
                raise ConfigurationError(
                    f"{self._path}:{line.number}: there is no pair with an id, so that this command did not "
                    "write the line. Delete it, or name another file."
                )
            ids.add(id)
        stale = {id for id in ids if self._is_to_do(id.rpartition("-")[0])}
        if stale:
            drop_records(self._path, stale)
        return ids - stale

    def _is_to_do(self, question: str) -> bool:
        return question in self._digests and question not in self.done
