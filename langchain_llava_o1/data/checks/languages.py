"""In which scripts a set is written: a rough measure of its languages."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from langchain_llava_o1.data.checks.check import Check, Finding, Viewed
from langchain_llava_o1.data.example import answer_field

# Japanese mixes three scripts, of which one is Chinese, too.
_ALIKE = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "IDEOGRAPHIC": "CJK", "FULLWIDTH": "LATIN"}
_FEWEST_LETTERS = 4


class LanguageCheck(Check):
    """Counts letters by script, and finds answers in another script than their question's."""

    def __init__(self) -> None:
        """Begin without any letter."""
        self._letters: Counter[str] = Counter()

    def look(self, viewed: Viewed) -> Iterator[Finding]:
        """Return which answers of an example are in another script than the question."""
        pairs = zip(viewed.example.questions, viewed.words, strict=True)
        for number, (question, answer) in enumerate(pairs):
            asked = count_scripts(question)
            answered = count_scripts(answer)
            self._letters += asked + answered
            if min(asked.total(), answered.total()) < _FEWEST_LETTERS:
                continue
            ((of_question, _),) = asked.most_common(1)
            ((of_answer, _),) = answered.most_common(1)
            if of_question != of_answer:
                yield Finding(
                    answer_field(number),
                    "another script",
                    f"the answer is in {of_answer}, the question in {of_question}",
                    expected="an answer in the language of the question",
                    fix="Translate one of them, or leave the line out.",
                )

    def sum_up(self) -> Mapping[str, Any]:
        """Return the share of each script among all letters."""
        total = self._letters.total()
        return {"scripts": {name: number / total for name, number in self._letters.most_common()}}


def count_scripts(text: str) -> Counter[str]:
    """Count the letters of a text by script, as Unicode calls them: LATIN, CYRILLIC, CJK and others."""
    scripts: Counter[str] = Counter()
    for character, number in Counter(text).items():
        if (script := _script_of(character)) is not None:
            scripts[script] += number
    return scripts


@cache
def _script_of(character: str) -> str | None:
    if not character.isalpha():
        return None
    script = unicodedata.name(character, "UNNAMED").split()[0].split("-")[0]
    return _ALIKE.get(script, script)
