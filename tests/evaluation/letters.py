"""Letters: a benchmark whose questions hold their answer, and what reads it."""

import json
from typing import Any

from langchain_core.messages import AIMessage

from tests.scripted_model import Call

NEW_FILE = '''
"""Letters: of four, the right one is A in every other item; two items are one question."""

from pathlib import Path

from langchain_llava_o1.evaluation.benchmark import Benchmark
from langchain_llava_o1.evaluation.item import DamagedItemError, Grade, Item


class Letters(Benchmark):
    num_items = 8
    damaged = None

    def read_item(self, number):
        if number == self.damaged:
            raise DamagedItemError(f"letters.tsv, row {number}, column image: no picture.")
        picture = Path(__file__).with_name("dot.png").read_bytes()
        right = "A" if number % 2 == 0 else "BCD"[number % 3]
        return Item(
            f"letter-{number}",
            [picture],
            f"{right} is right.",
            "letters",
            right,
            unit=f"question {number // 2}",
            unit_items=2,
            choices=tuple("ABCD"),
            sources=[f"letters.tsv row {number}"],
        )

    async def grade(self, item, conclusion):
        is_read = conclusion in item.choices
        score = float(conclusion == item.reference)
        return Grade(score, conclusion if is_read else None, "rule" if is_read else "nobody")

    def further_scores(self, outcomes):
        return {"A alone": sum(outcome.read == "A" for outcome in outcomes) / len(outcomes)}
'''
PRICED = ("--price", "0,1000000")
"""A token that is generated costs 1."""


def read_letter(call: Call) -> AIMessage:
    """Answer right where there is a picture; with the last letter where there is none."""
    content = call.messages[0].content
    has_picture = isinstance(content, list) and any(
        isinstance(block, dict) and block["type"] != "text" for block in content
    )
    text = str(call.messages[0].text)
    usage = {"input_tokens": 10, "output_tokens": 3, "total_tokens": 13}
    return AIMessage(text[0] if has_picture else "D", usage_metadata=usage)


def rows_of(result: Any) -> dict[str, Any]:
    return {row["strategy"]: row for row in json.loads(result.stdout)["rows"]}
