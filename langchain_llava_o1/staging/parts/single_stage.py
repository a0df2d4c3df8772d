"""What the parts that belong to one stage have in common."""

from dataclasses import dataclass

from langchain_llava_o1.staging.parts.part import Part
from langchain_llava_o1.staging.stages import Stage


@dataclass(frozen=True)
class SingleStagePart(Part):
    """A stage, or a piece of one.

    Attributes:
        stage: The stage.
    """

    stage: Stage

    @property
    def name(self) -> str:
        """The stage's name."""
        return self.stage.name

    @property
    def title(self) -> str:
        """The stage's name, and that it is one: a piece of a stage is judged with the stage's beginning."""
        return f"{self.stage.name} stage"

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stage alone."""
        return (self.stage,)

    @property
    def criterion(self) -> str:
        """What makes a candidate of the stage good."""
        return self.stage.criterion

    @property
    def stop(self) -> tuple[str, ...]:
        """The stage's closing, in either spelling."""
        return self.stage.stop
