"""The model card holds what was measured, with the command that gives it."""

import json
from pathlib import Path

from recipes.tiny.card import write_card

REPORT = {
    "benchmark": "scenes",
    "difficulty": "hard",
    "strategy": "stage-beam",
    "judge": "generative",
    "candidates": 4,
    "items": 1000,
    "seed": 3,
    "accuracy": 0.705,
    "interval": [0.676, 0.7325],
    "tokens": 123456,
    "seconds": 61.2,
}


def test_a_card_shows_reports_and_record(tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text(json.dumps({"parameters": 4783691, "torch": "2.13.0"}))

    table = write_card(tmp_path, [REPORT])

    card = (tmp_path / "README.md").read_text()
    assert table in card
    assert "4,783,691 parameters" in card
    assert "| torch | 2.13.0 |" in card
    row = "| scenes (hard) | stage-beam | generative | 4 | 1000 | 70.5% | 67.6% to 73.2% | 123,456 | 61 |"
    assert row in table
    assert "--strategy stage-beam --candidates 4 --judge generative --items 1000 --seed 3 --json" in table


def test_a_card_without_reports_says_so(tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text(json.dumps({"parameters": 1}))

    assert write_card(tmp_path, []) == "Not measured yet."
