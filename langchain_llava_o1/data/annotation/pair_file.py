"""A file of pairs, which a start that was killed is gone on with."""

import json
from collections import defaultdict
from pathlib import Path

from langchain_llava_o1.data.annotation.graded_answers import GradedAnswers
from langchain_llava_o1.data.annotation.journal import Journal, RecordedReply, Refusal, drop_torn_line
from langchain_llava_o1.data.annotation.pair_forms import PairForm, write_pair
from langchain_llava_o1.data.annotation.question import Question
from langchain_llava_o1.data.annotation.recording import QuestionRecord
from langchain_llava_o1.data.annotation.spending import Usage
from langchain_llava_o1.data.formats.lines import read_lines
from langchain_llava_o1.data.writer import copy_picture

_DONE = "done"


class PairFile:
    """What is known of every question, read when it is opened and written as it comes.

    Attributes:
        num_pairs: Pairs in the file.
        done: Ids of the questions whose answers were drawn.
        used: What all starts used, by role.
    """

    def __init__(self, path: Path, journal: Journal, form: PairForm, max_pairs: int) -> None:
        """Open a file to go on with, or begin one.

        Args:
            path: The file.
            journal: Its journal.
            form: What the pairs are for.
            max_pairs: Most pairs of a question.
        """
        self._path = path
        self._journal = journal
        self._form = form
        self._max_pairs = max_pairs
        self._replies: defaultdict[str, list[RecordedReply]] = defaultdict(list)
        self.done: set[str] = set()
        self.used: dict[str, Usage] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        drop_torn_line(path)
        self._ids = {json.loads(line.text)["id"] for line in read_lines(path)} if path.exists() else set()
        self._read_journal()
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
        pairs = answers.pairs(self._max_pairs)
        pictures = [copy_picture(data, self._path.parent) for data in question.files] if pairs else []
        for number, (right, wrong) in enumerate(pairs, start=1):
            id = f"{question.id}-{number}"
            # Of a question that was done while the process was killed, pairs are there.
            if id not in self._ids:
                self._file.write(write_pair(self._form, id, question, pictures, right=right, wrong=wrong))
                self._ids.add(id)
        said = f"{len(answers.right)} right, {len(answers.wrong)} wrong, {answers.num_unread} unread"
        self._journal.write(Refusal(question.id, _DONE, said, 0))
        self.done.add(question.id)

    def close(self) -> None:
        """Let other processes go on with it."""
        self._file.close()
        self._journal.close()

    def _read_journal(self) -> None:
        for record in self._journal.read():
            if isinstance(record, Refusal):
                self.done.add(record.id)
                self._replies.pop(record.id, None)
                continue
            usage = Usage(1, record.input_tokens, record.output_tokens)
            self.used[record.role] = self.used.get(record.role, Usage()) + usage
            self._replies[record.question].append(record)
