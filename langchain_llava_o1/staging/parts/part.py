"""What every part of an answer can do; one file for each kind implements it."""

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

from langchain_llava_o1.staging.parts.reply import Reply
from langchain_llava_o1.staging.stages import Stage


class Reading(NamedTuple):
    """A reply, cut to the part that was asked for.

    Attributes:
        text: Each stage as ``stage.wrap(body)`` where complete, else what there is.
        is_complete: Whether it is well formed and says something.
    """

    text: str
    is_complete: bool


class Extension(NamedTuple):
    """An answer after a candidate was accepted.

    Attributes:
        text: The accepted stages, each in its tags; the last one may be open.
        incomplete: Names of the stages that this candidate did not fill well.
    """

    text: str
    incomplete: list[str]


class Part(ABC):
    """What a candidate is to write.

    Candidates of a part are texts as ``read`` returns them; ``answer`` is always the answer as far as it
    goes, in tags, empty at its beginning.
    """

    is_read_as_written: ClassVar[bool] = False
    """Whether the model goes on after it, so that its reply is read as it is written and stopped by
    ``find_end``."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Name used in records and events."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What a judge and a model are told it is, as in "caption stage"."""

    @property
    @abstractmethod
    def stages(self) -> tuple[Stage, ...]:
        """The stages that it fills, in order."""

    @property
    @abstractmethod
    def criterion(self) -> str:
        """What makes a candidate good, as told to a judge."""

    @property
    @abstractmethod
    def stop(self) -> tuple[str, ...]:
        """Strings after which nothing more belongs to it; none where a model ends by itself."""

    @property
    def is_last(self) -> bool:
        """Whether the answer is complete with it."""
        return self.stages[-1].is_visible

    @property
    def is_checked(self) -> bool:
        """Whether a candidate can be right or wrong by itself, which a judge may check first."""
        return self.stages[-1].is_checked

    @abstractmethod
    def limit(self, tokens_per_stage: int) -> int:
        """Return the most tokens that a candidate may have, where a stage may have so many."""

    @abstractmethod
    def instruction(self, answer: str) -> str:
        """Ask a model that begins a new reply each time for this part.

        Sent as a user turn after the question and, where there is any, the answer so far as the model's own
        turn.
        """

    @abstractmethod
    def read(self, reply: Reply, *, is_begun: bool = False, may_be_untagged: bool = False) -> Reading:
        """Find the part in a reply, whatever the model did with the tags.

        What follows the part's end or precedes its beginning is dropped, such as a second stage or a repeated
        prefix. A closing that the model left out because it was a stop string counts as written.

        Args:
            reply: What the model wrote.
            is_begun: Whether it goes on with a stage that was opened before.
            may_be_untagged: Whether a whole reply without any tags counts as the stage that was asked for, as
                from a model that begins a new reply each time.
        """

    @abstractmethod
    def extend(self, answer: str, text: str, *, is_complete: bool) -> Extension:
        """Append an accepted candidate to the answer that it goes on from."""

    @abstractmethod
    def words(self, answer: str, text: str) -> str:
        """Return what a judge is shown of a candidate by itself."""

    @abstractmethod
    def tagged(self, answer: str, text: str) -> str:
        """Return what a judge is shown of a candidate behind the stages before it."""

    @abstractmethod
    def meaning(self, text: str) -> str:
        """Return what is compared to tell whether candidates agree."""

    def find_end(self, written: str) -> str | None:
        """Return the candidate once a reply that is being written holds it whole, else None."""
        return None
