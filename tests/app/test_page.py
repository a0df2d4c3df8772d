"""The page's form."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from langchain_llava_o1 import StageBeamContext
from langchain_llava_o1.app.form import read_strategy
from langchain_llava_o1.judges.catalogue import JUDGES
from langchain_llava_o1.search.catalogue import DEFAULT_SEARCH, SEARCHES
from langchain_llava_o1.search.strategy import Strategy

ROOT = Path(__file__).parents[2]

# In a process of its own: Gradio leaves event loops and sockets open, which are errors here.
PRINT_CHOICES = """
import json
from langchain_llava_o1.app.page import create_page
from tests.scripted_model import ScriptedModel
components = create_page(ScriptedModel()).config["components"]
dropdowns = [each["props"] for each in components if each["type"] == "dropdown"]
texts = ("Candidates", "Seed")
numbers = [each["props"] for each in components if each["props"].get("label") in texts]
print(
    json.dumps(
        {
            "choices": [[each["label"], [value for _, value in each["choices"]]] for each in dropdowns],
            "defaults": [[each["label"], each.get("value")] for each in dropdowns + numbers],
        }
    )
)
"""


@pytest.fixture(scope="module")
def form() -> dict[str, Any]:
    """What the page's fields offer, and what is in them at first."""
    done = subprocess.run(
        [sys.executable, "-c", PRINT_CHOICES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_search_and_judge_of_the_catalogues_can_be_chosen(form: dict[str, Any]) -> None:
    askable = [entry.name for entry in JUDGES.values() if entry.own_model is None]
    searches, judges = ["Strategy", list(SEARCHES)], ["Judge", ["", *askable]]
    assert form["choices"] == [searches, judges] * 3


def test_the_form_begins_with_the_defaults_of_the_command_line(form: dict[str, Any]) -> None:
    own_judge, fresh_seed = ["Judge", ""], ["Seed", ""]
    candidates = ["Candidates", StageBeamContext().candidates]
    assert form["defaults"] == [
        *(["Strategy", DEFAULT_SEARCH], own_judge) * 2,
        *(["Strategy", "best-of-n"], own_judge),
        *(candidates, fresh_seed) * 3,
    ]


@pytest.mark.parametrize(
    ("filled_in", "expected"),
    [
        (("swires", "", 8, " 3 "), Strategy("swires", None, {"candidates": 8, "seed": "3"})),
        (("stage-beam", "likelihood", None, ""), Strategy("stage-beam", "likelihood", {"candidates": 4})),
        (("greedy", "generative", 4, "0"), Strategy("greedy", None, {"seed": "0"})),
    ],
)
def test_the_form_is_read_as_the_search_takes_it(filled_in: tuple[Any, ...], expected: Strategy) -> None:
    assert read_strategy(*filled_in) == expected
