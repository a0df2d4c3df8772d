"""Every prompt the searches and judges send."""

from langchain_llava_o1.stages import Stage

VERDICT_PREFIX = "Better:"
"""What stands before the number of the better response in a verdict."""


def comparison_prompt(stage: Stage, first: str, second: str, *, with_reason: bool = True) -> str:
    """Ask a judge which of two candidates of a stage is better.

    Sent as a user turn after the question, its images and the accepted stages, so that judging
    shares that prefix with answering. The candidates come last.

    Args:
        stage: The stage that both candidates are for.
        first: Text of the first candidate, without its tags.
        second: Text of the second candidate, without its tags.
        with_reason: Ask for a reason before the choice, or for the choice alone.
    """
    form = (
        f'Say what is right where they differ, then "{VERDICT_PREFIX} 1" or "{VERDICT_PREFIX} 2".'
        if with_reason
        else f'Reply only "{VERDICT_PREFIX} 1" or "{VERDICT_PREFIX} 2".'
    )
    return (
        f"Compare two responses for the {stage.name} stage. {stage.criterion} {form}\n"
        f"Response 1: {first.strip()}\nResponse 2: {second.strip()}"
    )
