"""What judges are asked, and the headings of what a question is asked with.

How a model is asked for a part of an answer stands with the part.
"""

import re
import unicodedata
from collections.abc import Sequence

from langchain_llava_o1.staging.parts.part import Part

VERDICT_PREFIX = "Better:"
"""What stands before the number of the better response in a verdict."""

CORRECT_PREFIX = "Correct:"
"""What stands before the yes or no of a check."""

# What looks like a colon or like nothing, and does not decompose into a colon or a space.
_LOOKALIKES = str.maketrans(dict.fromkeys("∶꞉ː˸׃։܃܄᠃᛬⁚", ":") | dict.fromkeys("\u2800\u115f\u1160", " "))
# Cyrillic and Greek letters that look like those of the layout's words.
_LETTERS = str.maketrans("авьсԁеһікпорԛгѕтԝхαβεικνηορτχ", "abbcdehiknopqrstwxabeiknnoptx")
_GAP = r"(?:[^\w.,;!?]|_)*+"
_NUMBER = r"(?:\d++|one|two|first|second)"
# Looked for ahead, so that one may begin in another: "betteresponse:".
_LAYOUT = (
    (re.compile(rf"(?=(response{_GAP}(?:{_NUMBER}{_GAP})?|(?:better|correct){_GAP}))"), ":"),
    (re.compile(rf"(?=response{_GAP}{_NUMBER}({_GAP}))"), "-‐‑‒–—―−=>→"),
)
_CRITIC_LAYOUT = (
    *_LAYOUT,
    (re.compile(rf"(?=((?:question|answer{_GAP}so{_GAP}far){_GAP}))"), ":"),
    (re.compile(rf"((?:\\\s{{0,9}}boxed|<[^\w<]{{0,9}}think){_GAP})"), "\\<>{}"),
)
"""What reads as layout, and the characters of it without which it does not."""


def comparison_prompt(part: Part, first: str, second: str, *, with_reason: bool = True) -> str:
    """Ask a judge which of two candidates is better.

    Sent as a user turn after the question, its images and the accepted stages, so that judging
    shares that prefix with answering. The candidates come last, and what is written like the layout of the
    prompt or like a verdict in them loses its colon or dash: a candidate cannot pose as another one, or as a
    verdict.

    Args:
        part: What both candidates are for.
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
        f"Compare two responses for the {part.title}. {part.criterion} {form}\n"
        f"Response 1: {_without_layout(first)}\nResponse 2: {_without_layout(second)}"
    )


def critic_prompt(part: Part, question: str, answer: str, first: str, second: str) -> str:
    """Ask a critic which of two candidates is better, as models of the LLaVA-Critic-R1 kind are asked.

    Sent with the question's images as the only turn. The critic thinks in its tags and puts the number of the
    better response into a box.

    Args:
        part: What both candidates are for.
        question: What is asked about the images.
        answer: What both candidates go on from; empty at the beginning.
        first: Text of the first candidate, without its tags.
        second: Text of the second candidate, without its tags.
    """
    question, answer, first, second = (
        _without_layout(text, _CRITIC_LAYOUT) for text in (question, answer, first, second)
    )
    so_far = f"The answer so far: {answer}\n" if answer else ""
    return (
        f"Look at the picture and judge two responses for the {part.title} of an answer. {part.criterion}\n"
        f"Question: {question}\n{so_far}"
        f"Response 1: {first}\nResponse 2: {second}\n"
        "First compare both with the picture, between <think> and </think>. Then write the number of the "
        "better response in a box and nothing else: \\boxed{1} or \\boxed{2}."
    )


def check_prompt(part: Part, text: str) -> str:
    """Ask a judge whether one candidate, looked at alone, is correct.

    Args:
        part: What the candidate is for.
        text: The candidate, without its tags.
    """
    return (
        f"Check a response for the {part.title}. {part.criterion} Say whether every step of it is right, "
        f'then "{CORRECT_PREFIX} yes" or "{CORRECT_PREFIX} no".\nResponse: {_without_layout(text)}'
    )


def _without_layout(text: str, forms: Sequence[tuple[re.Pattern[str], str]] = _LAYOUT) -> str:
    """Return a candidate in which nothing reads as the layout of a prompt, whatever case and blanks it has.

    What makes it layout, such as a colon, becomes a space and is not left out, so that no words are joined
    into a new layout. Any other text is returned as it is: models were trained on it.
    """
    text = text.strip()
    folded: list[str] = []
    origins: list[int] = []
    for index, character in enumerate(text):
        plain = unicodedata.normalize("NFKD", character).translate(_LOOKALIKES).casefold()
        for part in plain.translate(_LETTERS):
            if part.isspace() or unicodedata.category(part) not in ("Cc", "Cf", "Mn", "Me"):
                folded.append(part)
                origins.append(index)
    read = "".join(folded)
    left_out = {
        origins[position]
        for pattern, characters in forms
        for layout in pattern.finditer(read)
        for position in range(*layout.span(1))
        if folded[position] in characters
    }
    return "".join(" " if index in left_out else character for index, character in enumerate(text))


PROCESS_INSTRUCTION = (
    "You check how a question about a picture is answered, step by step. The first message has the question "
    "and the first step; every later message has one more step. Look at the picture. Reply + if all steps so "
    "far agree with it and with each other, and - if anything in them is wrong. Reply with that sign alone."
)
"""Tells a process reward model what it is to do, where it is not given the words that it was trained with."""


def process_question(question: str, step: str) -> str:
    """Write the first turn for a process reward model, in the layout of Qwen-VL-PRM.

    Args:
        question: What is asked.
        step: The first step of the answer.
    """
    return f"### Question:\n{question}\n\n### Solution Process:\n{step}"


DESCRIPTION_REQUEST = "Describe the picture."
"""Asks for what a picture is indexed by: a caption that serves every question."""


def source_heading(number: int, kind: str, name: str) -> str:
    """Introduce a source that was retrieved for a question.

    Args:
        number: Its number, from 1.
        kind: "picture" or "text".
        name: What it is called.
    """
    return f"{kind.capitalize()} {number} ({name}):"


QUESTION_PICTURE_HEADING = "The picture that is asked about:"
"""Introduces a question's own picture where retrieved ones stand before it."""
