"""Questions compared by their words, whatever their capitals, punctuation and spacing."""

import re
import unicodedata

from langchain_llava_o1.data.example import remove_placeholders

_WORD = re.compile(r"\w+")
_FIRST_OPTION = re.compile(r"^[ \t]*\(?A[.):]\s", re.MULTILINE)


def normalize(text: str) -> str:
    """Return the words of a text in lower case, with single spaces between them."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", remove_placeholders(text)).casefold()))


def cut_off_options(text: str) -> str:
    """Return a question up to its options, each of which begins a line, as in ``A. red``."""
    first = _FIRST_OPTION.search(text)
    return text[: first.start()] if first else text
