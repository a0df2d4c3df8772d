"""The rules of VLMEvalKit once more, in the plainest way, to hold the project's own to."""

from collections.abc import Mapping


def read_option_plainly(text: str, options: Mapping[str, str]) -> str | None:
    """Exactly one letter as a word, within the last four; else exactly one option's text in a short reply."""
    for mark in ".()[],:;!*#{}":
        text = text.replace(mark, " ")
    words = text.split()
    letters = [letter for letter in options if letter in words]
    if len(letters) == 1 and len(words) - words.index(letters[0]) <= 4:
        return letters[0]
    return None


def read_text_plainly(text: str, options: Mapping[str, str]) -> str | None:
    if len(text) > 2 * len("".join(options.values())):
        return None
    found = [letter for letter in options if options[letter].lower() in text.lower()]
    return found[0] if len(found) == 1 else None


def read_choice_plainly(text: str, options: Mapping[str, str]) -> str | None:
    return read_option_plainly(text, options) or read_text_plainly(text, options)


def read_yes_no_plainly(text: str) -> str | None:
    # Asterisks stay, so that "**no**" is another word.
    words = [word.strip(".,;:!?()") for word in text.lower().split()]
    return (
        "yes"
        if "yes" in words and "no" not in words
        else "no"
        if "no" in words and "yes" not in words
        else None
    )


def is_number_right_plainly(text: str, answer_type: str, answer: str) -> bool | None:
    """Tell whether a reply that is nothing but a number is right; None if it is something else."""
    try:
        return int(text) == int(answer) if answer_type == "integer" else float(text) == float(answer)
    except ValueError:
        return None


def read_score_plainly(text: str) -> float | None:
    try:
        score = float(text)
    except ValueError:
        return None
    return score if 0 <= score <= 1 else None
