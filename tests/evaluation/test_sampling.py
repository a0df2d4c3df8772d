"""How `bench accuracy` asks a model: with which seeds, with or without stages."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.evaluation.letters import rows_of
from tests.scripted_model import ScriptedModel


def seeds_of(model: ScriptedModel) -> list[int]:
    seeds = sorted(call.seed for call in model.calls)
    model.calls.clear()
    return seeds


@pytest.mark.usefixtures("letters")
def test_another_sampling_seed_samples_the_same_items_anew(
    compare: Callable[..., Any], model: ScriptedModel, tmp_path: Path
) -> None:
    def sample(folder: str, *options: str) -> list[int]:
        result = compare("--compare", "single", "--out", str(tmp_path / folder), *options)
        assert result.exit_code == 0, result.output
        return seeds_of(model)

    plain, first = sample("plain"), sample("first", "--sampling-seed", "1")
    assert len(set(first)) == len(plain) == 8
    assert not set(first) & set(plain)
    assert sample("again", "--sampling-seed", "1") == first
    assert not set(sample("second", "--sampling-seed", "2")) & set(first)
    # What was sampled with another seed is no part of the same figures.
    refused = compare("--compare", "single", "--out", str(tmp_path / "first"))
    assert refused.exit_code == 1
    assert "seed" in refused.stderr


@pytest.mark.usefixtures("letters")
def test_a_plain_answer_is_asked_for_without_a_word_about_stages(
    compare: Callable[..., Any], model: ScriptedModel
) -> None:
    result = compare("--compare", "plain", "--items", "2", "--tokens", "2048", "--json")
    assert {call.messages[0].text for call in model.calls} == {"A is right.", "C is right."}
    assert {len(call.messages) for call in model.calls} == {1}
    assert {call.parameters["max_tokens"] for call in model.calls} == {2048}
    assert result.exit_code == 0, result.output
    assert rows_of(result)["plain"]["accuracy"] == 1.0
    assert rows_of(result)["plain"]["candidates"] == 1


@pytest.mark.usefixtures("letters")
@pytest.mark.parametrize(("continuation", "is_told_how"), [("prefill", False), ("instruct", True)])
def test_how_a_model_goes_on_can_be_chosen(
    continuation: str, is_told_how: bool, compare: Callable[..., Any], model: ScriptedModel, tmp_path: Path
) -> None:
    compare("--items", "1", "--continuation", continuation)
    (call,) = model.calls
    assert call.messages[0].text.startswith("A is right.")
    assert ("<SUMMARY>" in call.messages[0].text) == is_told_how
    with (tmp_path / "run" / "letters" / "outcomes.jsonl").open() as file:
        assert json.loads(file.readline())["continuation"] == continuation
