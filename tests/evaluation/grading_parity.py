"""The rules of this project beside those of lmms-eval and VLMEvalKit, on 2,000 replies for each benchmark.

``python -m tests.evaluation.grading_parity`` writes the tables of docs/benchmark-grading.md; it needs
lmms-eval 0.7.3 and python-Levenshtein beside this package.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from langchain_llava_o1.evaluation.grading.math_answer import MathQuestion, grade_math_answer
from langchain_llava_o1.evaluation.grading.options import read_option
from langchain_llava_o1.evaluation.grading.reply import concluding_text
from langchain_llava_o1.evaluation.grading.score import read_score
from langchain_llava_o1.evaluation.grading.yes_no import read_yes_no
from tests.evaluation.grading.generated_replies import (
    make_choice_reply,
    make_number_reply,
    make_score_reply,
    make_yes_no_reply,
)
from tests.evaluation.grading.lmms_rules import LmmsRules
from tests.evaluation.grading.plain_rules import (
    is_number_right_plainly,
    read_choice_plainly,
    read_score_plainly,
    read_yes_no_plainly,
)

NUM_REPLIES = 2000
CHOICE_SETS = ("mmstar", "ai2d", "mmbench")
SETS = (*CHOICE_SETS, "hallusion_bench", "mathvista", "mmvet")


class Compared(NamedTuple):
    """A reply, and what rules make of it: a letter, a word, a score, or whether a number is right.

    Attributes:
        form: How the reply is written.
        reply: The reply.
        meant: What it means; None if nothing that counts.
        ours: What this project's rule reads; None where it leaves a reply to a model.
        lmms: What lmms-eval's reads.
        vlmevalkit: What VLMEvalKit's reads.
    """

    form: str
    reply: str
    meant: object
    ours: object
    lmms: object
    vlmevalkit: object


class _NoGrader:
    grader = None
    is_compatible = False


def compare(name: str, rules: LmmsRules | None) -> Iterator[Compared]:
    """Compare the rules of a benchmark; without lmms-eval, its column is empty.

    Both runners are given replies without tags: that they do not take them off is known.
    """
    with asyncio.Runner() as runner:
        makers: dict[str, Callable[[int, LmmsRules | None], Compared]] = {
            **{each: partial(_compare_choice, each) for each in CHOICE_SETS},
            "hallusion_bench": _compare_yes_no,
            "mathvista": partial(_compare_number, runner),
            "mmvet": _compare_score,
        }
        for number in range(NUM_REPLIES):
            yield makers[name](number, rules)


def _compare_choice(name: str, number: int, rules: LmmsRules | None) -> Compared:
    made = make_choice_reply(name, number)
    text = concluding_text(made.reply)
    read = None if rules is None else getattr(rules, f"read_{name}")(text, made.options)
    ours = read_option(made.reply, made.options)
    return Compared(made.form, made.reply, made.meant, ours, read, read_choice_plainly(text, made.options))


def _compare_yes_no(number: int, rules: LmmsRules | None) -> Compared:
    made = make_yes_no_reply(number)
    # lmms-eval has no rule for these: it asks its judge about every reply.
    plain = read_yes_no_plainly(concluding_text(made.reply))
    return Compared(made.form, made.reply, made.meant, read_yes_no(made.reply), None, plain)


def _compare_number(runner: asyncio.Runner, number: int, rules: LmmsRules | None) -> Compared:
    made = make_number_reply(number)
    text, precision = concluding_text(made.reply), made.precision
    question = MathQuestion("?", "free_form", made.answer_type, {}, precision, made.answer)
    grade = runner.run(grade_math_answer(question, made.reply, _NoGrader()))
    ours = None if grade.by == "nobody" else grade.score == 1
    read = None if rules is None else rules.is_number_right(text, made.answer_type, precision, made.answer)
    plain = is_number_right_plainly(text, made.answer_type, made.answer)
    return Compared(made.form, made.reply, made.is_right, ours, read, plain)


def _compare_score(number: int, rules: LmmsRules | None) -> Compared:
    made = make_score_reply(number)
    read = None if rules is None else rules.read_score(made.reply)
    plain = read_score_plainly(made.reply)
    return Compared(made.form, made.reply, made.meant, read_score(made.reply), read, plain)


def write_agreement(compared: dict[str, list[Compared]]) -> str:
    """Write how often the rules agree, and how often each reads what is not meant, or nothing."""
    lines = [
        "| benchmark | same as lmms-eval | where both read | same as VLMEvalKit | where both read "
        "| misread: ours | lmms-eval | VLMEvalKit | left to the grader: ours | lmms-eval | VLMEvalKit |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, found in compared.items():
        ours = [each.ours for each in found]
        others = [[each.lmms for each in found], [each.vlmevalkit for each in found]]
        columns = [ours, *others]
        agreement = [share for column in others for share in _shares_alike(ours, column)]
        misread = [_count_misread(column, found) for column in columns]
        left = [sum(read is None for read in column) for column in columns]
        lines.append(f"| {' | '.join([name, *agreement, *map(str, misread), *map(str, left)])} |")
    return "\n".join(lines) + "\n"


def _shares_alike(ours: list[object], theirs: list[object]) -> list[str]:
    """Write how much is read alike, of all and of what both read."""
    pairs = list(zip(ours, theirs, strict=True))
    read = [pair for pair in pairs if None not in pair]
    return [
        f"{sum(our == their for our, their in some) / len(some):.1%}" if some else "–"
        for some in (pairs, read)
    ]


def write_differences(compared: dict[str, list[Compared]], other: str) -> str:
    """Write every form of reply that ours and another's rules read differently, with the first example."""
    lines = [
        f"| benchmark | form | replies | an example | it means | ours | {other} |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, found in compared.items():
        groups: defaultdict[tuple[str, str, str], list[Compared]] = defaultdict(list)
        for each in found:
            theirs = each.lmms if other == "lmms-eval" else each.vlmevalkit
            if each.ours != theirs and (name, other) != ("hallusion_bench", "lmms-eval"):
                groups[each.form, _describe(each, each.ours), _describe(each, theirs)].append(each)
        for (form, ours, theirs), group in sorted(groups.items()):
            reply = concluding_text(group[0].reply).replace("|", "\\|")
            cells = [
                name,
                form,
                str(len(group)),
                f"`{reply}`",
                _MEANINGS.get(str(group[0].meant), group[0].meant),
            ]
            lines.append(f"| {' | '.join(map(str, [*cells, ours, theirs]))} |")
    return "\n".join(lines) + "\n"


_MEANINGS = {"None": "nothing", "True": "a right number", "False": "a wrong number"}


def _count_misread(column: list[object], found: list[Compared]) -> int:
    return sum(read is not None and read != each.meant for read, each in zip(column, found, strict=True))


def _describe(compared: Compared, read: object) -> str:
    if read is None:
        return "leaves it"
    return "reads it" if read == compared.meant else "misreads it"


def main() -> None:
    """Print the tables."""
    rules = LmmsRules()
    compared = {name: list(compare(name, rules)) for name in SETS}
    print(write_agreement(compared))
    for other in ("lmms-eval", "VLMEvalKit"):
        print(write_differences(compared, other))


if __name__ == "__main__":
    main()
