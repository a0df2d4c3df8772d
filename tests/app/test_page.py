"""The page's form."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from langchain_llava_o1.app.page import _read_strategy
from langchain_llava_o1.judges.catalogue import JUDGES
from langchain_llava_o1.search.catalogue import SEARCHES
from langchain_llava_o1.search.strategy import Strategy

ROOT = Path(__file__).parents[2]

# In a process of its own: Gradio leaves event loops and sockets open, which are errors here.
PRINT_CHOICES = """
import json
from langchain_llava_o1.app.page import create_page
from tests.scripted_model import ScriptedModel
components = create_page(ScriptedModel()).config["components"]
dropdowns = [each["props"] for each in components if each["type"] == "dropdown"]
print(json.dumps([[each["label"], [value for _, value in each["choices"]]] for each in dropdowns]))
"""


def test_every_search_and_judge_of_the_catalogues_can_be_chosen() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRINT_CHOICES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    searches, judges = ["Strategy", list(SEARCHES)], ["Judge", ["", *JUDGES]]
    assert json.loads(done.stdout) == [searches, judges] * 3


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (("swires", "", 8, 3), Strategy("swires", None, {"candidates": 8, "seed": 3})),
        (("stage-beam", "likelihood", None, None), Strategy("stage-beam", "likelihood", {"candidates": 4})),
        (("greedy", "generative", 4, 0), Strategy("greedy", None, {"seed": 0})),
    ],
)
def test_the_form_is_read_as_the_search_takes_it(form: tuple[Any, ...], expected: Strategy) -> None:
    assert _read_strategy(*form) == expected
