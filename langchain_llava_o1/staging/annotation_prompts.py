"""What a teacher is asked, that annotates questions with staged answers, and what its answers are checked by.

Source: LLaVA-o1 (arXiv 2411.10440), section 3.2, for the way: the teacher is told the reference answer, and a
second call compares the conclusion with it.
"""

from langchain_llava_o1.staging.parts.answer import WHOLE_ANSWER

VALID = "valid"
INVALID = "invalid"
"""The two verdicts on a conclusion."""

VERDICT_HEADING = "Verdict:"
"""What stands before a verdict."""

_DISCREET = (
    "Reach it from the picture by your own steps. Never mention that you were given an answer or hints, and "
    "keep it out of the summary."
)


def reference_note(reference: str, hint: str = "") -> str:
    """Tell a teacher the answer that it is to reach.

    Args:
        reference: The reference answer.
        hint: What else is known; empty for nothing.
    """
    hints = f"\nHints: {hint}" if hint else ""
    return f"The standard answer is: {reference}{hints}\n{_DISCREET}"


def teacher_prompt(reference: str | None, hint: str = "") -> str:
    """Ask a teacher for a whole answer in its stages; stands after the question and its pictures.

    Args:
        reference: The reference answer; None where the teacher is not to see it.
        hint: What else is known; empty for nothing.
    """
    request = WHOLE_ANSWER.instruction("")
    return request if reference is None else f"{reference_note(reference, hint)}\n\n{request}"


def validation_prompt(question: str, reference: str, conclusion: str) -> str:
    """Ask whether a conclusion agrees with the reference answer; no picture is shown.

    Args:
        question: What was asked.
        reference: The reference answer.
        conclusion: The conclusion that is checked.
    """
    return (
        "Compare an answer with the standard answer to a question about a picture. It is valid if it says "
        "the same, whatever its wording, and invalid if it says anything else, leaves it open or refuses.\n"
        f"Question: {question}\nStandard answer: {reference}\nAnswer: {conclusion}\n"
        f'Reply only "{VERDICT_HEADING} {VALID}" or "{VERDICT_HEADING} {INVALID}".'
    )
