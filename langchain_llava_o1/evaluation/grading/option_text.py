"""Where the texts of options stand in a reply."""

import re
from collections.abc import Mapping
from typing import NamedTuple

_ARTICLE = re.compile(r"(?:an?|the)\s+", re.IGNORECASE)
_OUTER_MARKS = ".,;:!? \t\n"


class Mention(NamedTuple):
    """A place where a reply speaks of an option.

    Attributes:
        letter: The option's letter.
        start: Where in the reply it begins.
        end: Where it ends.
    """

    letter: str
    start: int
    end: int


def find_option_texts(text: str, options: Mapping[str, str]) -> list[Mention]:
    """Find the texts of options, as whole words, in any case and with any article or none.

    What is a part of a longer option's text is none of its own: "dark red" is no "red". A text that is itself
    the letter of an option is not looked for: such a letter stands for the option.
    """
    letters: dict[tuple[int, int], list[str]] = {}
    for letter, option in options.items():
        if option.strip() not in options and (pattern := _pattern_of(option)) is not None:
            for match in pattern.finditer(text):
                letters.setdefault(match.span(), []).append(letter)
    found: list[Mention] = []
    reach = 0
    # A place that has another one inside comes before it.
    for start, end in sorted(letters, key=lambda place: (place[0], -place[1])):
        if end > reach:
            reach = end
            found += [Mention(letter, start, end) for letter in letters[start, end]]
    return found


def without_article(text: str) -> str:
    """Return a text without the article that it begins with."""
    article = _ARTICLE.match(text)
    return text if article is None else text[article.end() :]


def _pattern_of(option: str) -> re.Pattern[str] | None:
    words = without_article(option.strip(_OUTER_MARKS)).split()
    if not any(character.isalnum() for word in words for character in word):
        return None
    # "3" stands neither in "13" nor in "-3", "2.3" and "3.5".
    before = r"(?<![\w-])(?<!\d[.,])" if words[0][0].isalnum() else ""
    after = r"(?![\w-]|[.,]\d)" if words[-1][-1].isalnum() else ""
    is_letter = len(words) == len(words[0]) == 1
    body = r"\s+".join(map(re.escape, words))
    return re.compile(before + body + after, re.NOFLAG if is_letter else re.IGNORECASE)
