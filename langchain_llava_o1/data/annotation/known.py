"""What earlier starts of an annotation left of every question, as its files tell it; nothing is written."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from langchain_llava_o1.data.annotation.annotator import FAILED
from langchain_llava_o1.data.annotation.journal import Record, RecordedReply, Refusal
from langchain_llava_o1.data.annotation.question import QUESTION_DIGEST, is_changed
from langchain_llava_o1.data.annotation.spending import Usage
from langchain_llava_o1.data.example import Example
from langchain_llava_o1.data.formats.json_line import read_line
from langchain_llava_o1.data.formats.lines import read_lines
from langchain_llava_o1.data.problem import Location


class KnownOutcomes:
    """What is known of every question.

    Attributes:
        annotated: Ids of the questions that have an annotation.
        changed: Ids of those that had one, and that ask something else now.
        refusals: The questions that were left without an annotation, by id.
        replies: Replies to questions that are not done, by id.
        used: What all starts used, by role.
    """

    def __init__(
        self,
        examples: Path,
        records: Iterable[Record],
        digests: Mapping[str, str],
        *,
        retry_refusals: bool,
    ) -> None:
        """Read what is known.

        Args:
            examples: The file of annotations; it may be missing.
            records: The journal.
            digests: The digest of each question, by id, as it is now.
            retry_refusals: Whether what was refused is to be tried again; what failed is in any case.
        """
        self.annotated: set[str] = set()
        self.changed: set[str] = set()
        self.refusals: dict[str, Refusal] = {}
        self.replies: defaultdict[str, list[RecordedReply]] = defaultdict(list)
        self.used: dict[str, Usage] = {}
        self._retry_refusals = retry_refusals
        self._digests = digests
        self._read_examples(examples)
        self._read_records(records)

    def is_to_do(self, id: str) -> bool:
        """Tell whether a question is still to be annotated."""
        if id in self.annotated:
            return False
        refusal = self.refusals.get(id)
        return self._retry_refusals or refusal is None or refusal.outcome == FAILED

    def _read_examples(self, path: Path) -> None:
        for line in read_lines(path) if path.exists() else ():
            example = read_line(line.text, Location(str(path), line.number)).example
            if example is None:
                continue
            is_stale = is_changed(_digest_in(example), self._digests.get(example.id))
            (self.changed if is_stale else self.annotated).add(example.id)

    def _read_records(self, records: Iterable[Record]) -> None:
        for record in records:
            if isinstance(record, Refusal):
                self._read_refusal(record)
                continue
            usage = Usage(1, record.input_tokens, record.output_tokens)
            self.used[record.role] = self.used.get(record.role, Usage()) + usage
            if record.question not in self.annotated:
                self.replies[record.question].append(record)
        for id in self.refusals:
            if not self.is_to_do(id):
                self.replies.pop(id, None)

    def _read_refusal(self, refusal: Refusal) -> None:
        if refusal.id in self.annotated:
            return
        if is_changed(refusal.question_digest, self._digests.get(refusal.id)):
            self.refusals.pop(refusal.id, None)
        else:
            self.refusals[refusal.id] = refusal


def _digest_in(example: Example) -> str:
    """Return the digest of the question that an annotation was made for; empty where it has none."""
    notes = example.extra.get("annotation")
    return str(notes.get(QUESTION_DIGEST, "")) if isinstance(notes, dict) else ""
