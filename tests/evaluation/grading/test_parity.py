"""Our rules beside those of lmms-eval and VLMEvalKit, as docs/benchmark-grading.md says they compare."""

from pathlib import Path

import pytest

from tests.evaluation.grading.lmms_rules import LmmsRules
from tests.evaluation.grading_parity import SETS, Compared, compare, write_agreement, write_differences

PAGE = Path(__file__).parents[3] / "docs" / "benchmark-grading.md"
OF_LMMS_EVAL = ("same as lmms-eval", "lmms-eval")


@pytest.fixture(scope="module")
def compared() -> dict[str, list[Compared]]:
    return {name: list(compare(name, None)) for name in SETS}


def cells_without_lmms_eval(table: str) -> list[list[str]]:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    heading = rows[0]
    hidden = {index for index, cell in enumerate(heading) if cell in OF_LMMS_EVAL}
    # Of what both read comes after each of the two agreements.
    hidden.add(heading.index("same as lmms-eval") + 1)
    return [[cell for index, cell in enumerate(row) if index not in hidden] for row in rows]


def test_our_rules_misread_none_of_the_replies(compared: dict[str, list[Compared]]) -> None:
    for found in compared.values():
        assert [each for each in found if each.ours not in (None, each.meant)] == []


def test_the_page_has_the_agreement_with_vlmevalkit(compared: dict[str, list[Compared]]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    start = page.index("| benchmark | same as lmms-eval")
    committed = page[start : page.index("\n\n", start)]
    assert cells_without_lmms_eval(committed) == cells_without_lmms_eval(write_agreement(compared))
    assert write_differences(compared, "VLMEvalKit") in page


def test_the_page_has_the_agreement_with_lmms_eval() -> None:
    try:
        rules = LmmsRules()
    except ImportError as error:
        pytest.skip(f"lmms-eval, or what its tasks import, is not installed: {error}")
    compared = {name: list(compare(name, rules)) for name in SETS}
    page = PAGE.read_text(encoding="utf-8")
    assert write_agreement(compared) in page
    assert write_differences(compared, "lmms-eval") in page
