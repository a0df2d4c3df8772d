"""Free answers: how right each is, from 0 to 1, as a grader says."""

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.grading.reply import concluding_text
from langchain_llava_o1.evaluation.grading.resources import GradingResources
from langchain_llava_o1.evaluation.item import Grade


async def grade_free_answer(question: str, answer: str, reply: str, resources: GradingResources) -> Grade:
    """Ask the grader how right a free answer is; what it cannot be had to say is worth nothing.

    VLMEvalKit does the same, so that there is no other way to choose.

    Args:
        question: What is asked.
        answer: The ground truth; ``<AND>`` and ``<OR>`` join its parts.
        reply: What was answered; stage tags are taken off.
        resources: Who grades.

    Raises:
        ConfigurationError: If there is no grader.
        GenerationError: If the grader fails for good.
    """
    if resources.grader is None:
        raise ConfigurationError(
            "Free answers are graded by a model, and none is named; name one, as in openai:gpt-4o-mini."
        )
    text = concluding_text(reply)
    if not text:
        return Grade(0.0, None, "nobody")
    reading = await resources.grader.score(question, answer, text)
    if reading.value is None:
        return Grade(0.0, None, "nobody", reading.told)
    return Grade(reading.value, f"{reading.value:g}", "grader", reading.told)
