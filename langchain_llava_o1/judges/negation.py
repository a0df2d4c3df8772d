"""Which words of a judge's reply are denied, doubted or asked rather than said."""

import bisect
import re

_NEGATION = (
    r"\b(?:not|never|no|nor|none|nothing|nobody|neither|without|cannot|hardly|scarcely|barely|unless|if|whether|"
    r"wrong|false|untrue|unlikely|unclear|instead\s++of|rather\s++than)\b|(?<=\w)n['’]t\b"
)
_DENIAL = r"\b(?:doubt|deny|denie|disagree|refus|reject|hesitat)\w*+"
_OPINION = (
    r"\b(?:say|think|believe|claim|argue|conclude|agree|assume|suggest|suppose|write|reply|sure|certain|convinced|"
    r"true|clear|case)\b"
)
_CONTRAST = (
    r"\b(?:but|therefore|thus|hence|consequently|whereas)\b|;"
    r"|(?:\bso|,\s*+and)\s++(?=(?:i|my|we|the|response|candidate|answer|option)\b)"
)
_EVENTS = re.compile(
    rf"(?P<negation>{_NEGATION})|(?P<denial>{_DENIAL})|(?P<opinion>{_OPINION})|(?P<contrast>{_CONTRAST})"
    r"|(?P<pause>[,:–—])|(?P<end>[.!?]++(?!\d))|(?P<line>[\n\r]\s*+)",
    re.IGNORECASE,
)


class Negation:
    """The denied stretches of a text, found in one pass.

    A negation reaches to the end of its clause; with a word of opinion after it, as in "I would not say
    that …", or as a word such as "doubt", to the end of its sentence or to a contrast such as "but". The
    benefit of the doubt goes to "denied": an unreadable verdict is decided by a coin, a misread one wrongly.
    """

    def __init__(self, text: str, new_line: re.Pattern[str]) -> None:
        """Read a text.

        Args:
            text: The text.
            new_line: What begins a sentence of its own at the beginning of a line, besides anything that is
                no small letter.
        """
        self._positions: list[int] = []
        self._reaches: list[str] = []
        self._ends: list[int] = []
        self._questions: list[bool] = []
        reach = ""
        for event in _EVENTS.finditer(text):
            kind = event.lastgroup
            if kind == "line":
                blank, after = event.group(), text[event.end() : event.end() + 1]
                is_end = blank.count("\n") > 1 or not after.islower() or new_line.match(text, event.end())
                kind = "end" if is_end else kind
            if kind == "end":
                self._ends.append(event.start())
                self._questions.append("?" in event.group())
            reach = _go_on(reach, kind)
            self._positions.append(event.end())
            self._reaches.append(reach)

    def denies(self, position: int) -> bool:
        """Tell whether what begins at ``position`` is denied."""
        return self._reach(position) != ""

    def denies_saying(self, position: int) -> bool:
        """Tell whether what begins at ``position`` is something that the text says it does not say."""
        return self._reach(position) == "sentence"

    def asks(self, position: int) -> bool:
        """Tell whether ``position`` stands in a question."""
        index = bisect.bisect_left(self._ends, position)
        return index < len(self._ends) and self._questions[index]

    def _reach(self, position: int) -> str:
        index = bisect.bisect_right(self._positions, position)
        return self._reaches[index - 1] if index else ""


def _go_on(reach: str, kind: str | None) -> str:
    """Return how far a negation reaches after a word: "" for none, else "clause" or "sentence"."""
    match kind:
        case "negation":
            return reach or "clause"
        case "denial":
            return "sentence"
        case "opinion":
            return "sentence" if reach else ""
        case "pause":
            return "" if reach == "clause" else reach
        case "end" | "contrast":
            return ""
    return reach
