"""What an annotation costs: estimated before, and held to a budget."""

from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata

from langchain_llava_o1.chat.model_name import ModelName
from langchain_llava_o1.data.annotation.annotation import annotate, estimate_annotation
from langchain_llava_o1.data.annotation.plan import AnnotationPlan
from langchain_llava_o1.data.annotation.spending import Budget, Price
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.search.strategy import Strategy
from tests.data.annotation.teaching import conclude, open_questions, teach
from tests.data.sets import staged

THOUSAND = UsageMetadata(input_tokens=1000, output_tokens=0, total_tokens=1000)


def test_the_budget_stops_before_it_is_passed_and_a_larger_one_goes_on(tmp_path: Path) -> None:
    questions, folder = open_questions(tmp_path, *["7"] * 6), tmp_path / "set"
    prices = {"teacher": Price(input=1000, output=1000), "validator": Price()}
    usage = UsageMetadata(input_tokens=1990, output_tokens=10, total_tokens=2000)
    model, name = teach(lambda call: AIMessage(staged(conclusion="7"), usage_metadata=usage))
    plan = AnnotationPlan(name, budget=Budget(max_cost=9), prices=prices)
    report = annotate(questions, folder, plan, concurrency=1)
    assert (report.is_budget_reached, report.num_annotated) == (True, 4)
    assert report.cost == pytest.approx(8)
    plan = AnnotationPlan(name, budget=Budget(max_tokens=12_000))
    report = annotate(questions, folder, plan, concurrency=3)
    assert (report.is_budget_reached, report.num_annotated, len(model.calls)) == (False, 6, 6)
    assert report.num_calls == 6


def test_an_estimate_asks_nobody(tmp_path: Path) -> None:
    questions = open_questions(tmp_path, "7", "a bridge", "8")
    model, name = teach(lambda call: conclude("7"))
    plan = AnnotationPlan(name, prices={"teacher": Price(0, 10), "validator": Price()})
    estimate = estimate_annotation(questions, tmp_path / "set", plan)
    assert not model.calls
    assert not (tmp_path / "set").exists()
    assert estimate.num_questions == 3
    assert estimate.used["teacher"].input_tokens > 3000
    assert estimate.cost == pytest.approx(3 * 400 * 10 / 1e6)
    annotate(questions, tmp_path / "set", plan)
    assert estimate_annotation(questions, tmp_path / "set", plan).num_questions == 0


def test_an_estimate_begins_nothing(tmp_path: Path) -> None:
    questions, folder = open_questions(tmp_path, "7", "7"), tmp_path / "set"
    folder.mkdir()
    _, name = teach(lambda call: conclude("7"))
    assert estimate_annotation(questions, folder, AnnotationPlan(name)).num_questions == 2
    assert list(folder.iterdir()) == []
    other = AnnotationPlan(name, shows_reference=False, strategy=Strategy("single"))
    assert estimate_annotation(questions, folder, other).num_questions == 2
    assert annotate(questions, folder, AnnotationPlan(name)).num_annotated == 2


def test_an_estimate_changes_nothing_in_a_folder_that_was_begun(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    _, name = teach(lambda call: conclude("7"))
    annotate(open_questions(tmp_path, "7", "8"), folder, AnnotationPlan(name))
    for file in ("examples.jsonl", "annotation/journal.jsonl"):
        path = folder / file
        path.write_bytes(path.read_bytes() + b'{"id": "q')
    before = _read_folder(folder)
    changed = open_questions(tmp_path, "5", "6", "7")
    assert estimate_annotation(changed, folder, AnnotationPlan(name)).num_questions == 3
    assert _read_folder(folder) == before
    with pytest.raises(ConfigurationError, match="begun in another way"):
        estimate_annotation(changed, folder, AnnotationPlan(name, seed=3, strategy=Strategy("single")))


def _read_folder(folder: Path) -> dict[str, bytes]:
    """Return what a folder holds, but for the lock."""
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if path.name != "lock"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tries": 0}, "tries is 0"),
        ({"validator": "gpt"}, "The validator is 'gpt'"),
        ({"budget": Budget(max_cost=1)}, "there are no prices"),
    ],
)
def test_a_plan_that_cannot_work_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        AnnotationPlan(ModelName("self"), **options)


def test_the_budget_stops_a_search_in_its_middle_and_what_it_drew_is_used_later(tmp_path: Path) -> None:
    questions, folder = open_questions(tmp_path, "7", "7"), tmp_path / "set"
    strategy = Strategy("best-of-n", "generative", {"candidates": 4, "early_stop": True})
    model, name = teach(lambda call: AIMessage(staged(conclusion="7"), usage_metadata=THOUSAND))
    plan = AnnotationPlan(name, strategy=strategy, budget=Budget(max_tokens=6000))
    report = annotate(questions, folder, plan, concurrency=1)
    assert (report.is_budget_reached, report.num_annotated) == (True, 1)
    assert 4 < report.num_calls <= 6
    plan = AnnotationPlan(name, strategy=strategy)
    report = annotate(questions, folder, plan)
    assert (report.num_annotated, report.num_calls, len(model.calls)) == (2, 8, 8)
