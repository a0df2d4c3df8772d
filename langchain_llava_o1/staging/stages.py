"""The four stages of an answer, as data.

Source: LLaVA-o1 (arXiv 2411.10440), section 3.1 for the stages, section 3.2 for what a judge looks for.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """One tagged part of an answer.

    Attributes:
        name: Name used in state, records and the command line.
        tag: Word inside the tag, as in ``<SUMMARY>``.
        criterion: What makes a candidate of this stage good, as told to a judge.
        is_visible: Whether the user sees this stage; the others are reasoning.
        is_checked: Whether a candidate can be right or wrong by itself, which a judge may check first.
    """

    name: str
    tag: str
    criterion: str
    is_visible: bool = False
    is_checked: bool = False

    @property
    def opening(self) -> str:
        """The tag that opens this stage."""
        return f"<{self.tag}>"

    @property
    def closing(self) -> str:
        """The tag that closes this stage."""
        return f"</{self.tag}>"

    @property
    def spelled_opening(self) -> str:
        """The opening in the spelling some released weights produce."""
        return f"(Here begins the {self.tag} stage)"

    @property
    def spelled_closing(self) -> str:
        """The closing in the spelling some released weights produce."""
        return f"(Here ends the {self.tag} stage)"

    @property
    def stop(self) -> tuple[str, str]:
        """Strings after which nothing more belongs to this stage."""
        return (self.closing, self.spelled_closing)

    def wrap(self, body: str) -> str:
        """Write ``body`` as this stage of an answer, tags included."""
        return f"{self.opening}{body.strip()}{self.closing}"


STAGES: tuple[Stage, ...] = (
    Stage(
        name="summary",
        tag="SUMMARY",
        criterion="A good summary says what is asked and outlines the approach without calculating.",
    ),
    Stage(
        name="caption",
        tag="CAPTION",
        criterion="A good caption is thorough, accurate and about what the question needs.",
    ),
    Stage(
        name="reasoning",
        tag="REASONING",
        criterion="A good reasoning has no error and follows from the caption; check every step.",
        is_checked=True,
    ),
    Stage(
        name="conclusion",
        tag="CONCLUSION",
        criterion="A good conclusion agrees with the reasoning and never refuses to answer.",
        is_visible=True,
    ),
)
"""The stages of an answer, in the order they are written."""


def find_stage(name: str) -> Stage:
    """Return the stage of a name.

    Raises:
        KeyError: If there is none.
    """
    return {stage.name: stage for stage in STAGES}[name]
