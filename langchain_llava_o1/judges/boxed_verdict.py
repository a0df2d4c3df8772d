r"""Reading the box that a critic puts its choice into, as in ``\boxed{1}``."""

import re

from langchain_core.messages.ai import UsageMetadata

from langchain_llava_o1.judges.verdict import Choice, Verdict

_END_OF_THOUGHT = "</think>"
_THINKING_TAGS = re.compile(r"</?think>")
# Every repetition is possessive, so that reading takes time in proportion to the text. In a box may stand a
# command of LaTeX with braces of its own, as in \boxed{\text{Response 1}}. Servers that read a reply as JSON
# take the \b of \boxed for a backspace. Looking ahead also finds a box within another one.
_BOX = re.compile(r"(?=(?:\bb|\x08)oxed\s*+\{(?P<content>(?:[^{}]|\{[^{}]*+\})*+)\})")
_LAYOUT = re.compile(r"\\(?:text|math)[a-z]*+|[{}\s*$.:#()\[\]\"']++")
_CHOICE = re.compile(r"(?:the)?(?:response|candidate|answer|option)?(?P<number>[12])")


def read_boxed_verdict(text: str, usage: UsageMetadata | None = None) -> Verdict:
    """Read a critic's reply.

    Only what comes after its thoughts counts, where it has ended them. Boxes with anything else than 1 or 2
    are passed over. A reply that boxes both, or none, has no choice.

    Args:
        text: The whole reply.
        usage: Tokens spent on it.
    """
    thoughts, has_ended, said = text.rpartition(_END_OF_THOUGHT)
    boxes = [box for box in _BOX.finditer(said) if _choice_in(box) is not None]
    choices = {_choice_in(box) for box in boxes}
    choice = choices.pop() if len(choices) == 1 else None
    reason = thoughts if has_ended else said[: boxes[0].start()] if boxes else said
    return Verdict(text, choice, _THINKING_TAGS.sub("", reason).strip(" \n\\$*"), usage)


def _choice_in(box: re.Match[str]) -> Choice | None:
    found = _CHOICE.fullmatch(_LAYOUT.sub("", box["content"]).lower())
    return None if found is None else 1 if found["number"] == "1" else 2
