"""Benchmarks as LangSmith datasets, answered and graded through its own client."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from langsmith import Client, aevaluate, evaluate

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.benchmark import Resources, open_benchmark
from langchain_llava_o1.evaluation.integrations.langsmith import (
    create_evaluator,
    create_sync_evaluator,
    create_sync_target,
    create_target,
    to_langsmith,
)
from langchain_llava_o1.evaluation.item import DamagedItemError, Item
from langchain_llava_o1.search.strategy import Strategy
from tests.evaluation.benchmark_files import write_published
from tests.evaluation.integrations.langsmith_server import Service, serve
from tests.scripted_model import Call, Reply, ScriptedModel, stopped

SCENES = open_benchmark("scenes", {"difficulty": "easy"})
PAIR = Strategy("stage-beam", "generative", {"candidates": 2})


@pytest.fixture
def service() -> Iterator[Service]:
    with serve() as service:
        yield service


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    client = Client(api_url=service.address, api_key="none")
    yield client
    client.close()


def right_conclusions(count: int) -> dict[str, str]:
    items = [SCENES.read_item(number) for number in range(count)]
    return {item.question: item.reference.conclusions(item.reference.told)[0] for item in items}


def test_a_dataset_has_the_questions_and_the_bytes_of_their_pictures(
    client: Client, service: Service
) -> None:
    dataset = to_langsmith(SCENES, client, dataset_name="scenes, easy", items=22, seed=3)

    assert service.dataset["name"] == "scenes, easy"
    assert str(dataset.id) == service.dataset["id"]
    # Twenty at a time.
    assert service.requests.count("POST /v1/platform/datasets/ID/examples") == 2
    assert len(service.examples) == 22
    for number, example in enumerate(service.examples.values(), 3):
        item = SCENES.read_item(number)
        assert example["inputs"] == {"question": item.question, "pictures": ["picture-1"]}
        assert example["attachments"] == {"picture-1": item.pictures[0]}
        assert example["outputs"] == {"reference": item.reference.answer}
        assert example["metadata"]["number"] == number
        assert example["metadata"]["options"] == {"difficulty": "easy"}


async def test_a_search_answers_the_examples_and_the_benchmark_grades_them(
    client: Client, service: Service
) -> None:
    right = right_conclusions(4)
    wrong_question = SCENES.read_item(2).question

    def write(call: Call) -> Reply:
        picture, question = call.messages[0].content
        assert picture["type"] == "image"
        text = "never" if question["text"] == wrong_question else right[question["text"]]
        return stopped(f"{call.stage.opening}{text}", call.stage.closing)

    to_langsmith(SCENES, client, dataset_name="scenes", items=4)
    target = create_target(ScriptedModel(write=write), PAIR)
    results = await aevaluate(
        target, data="scenes", evaluators=[create_evaluator(SCENES)], client=client, max_concurrency=2
    )

    rows = {row["example"].metadata["number"]: row async for row in results}
    scores = {number: row["evaluation_results"]["results"][0].score for number, row in rows.items()}
    assert scores == {0: 1, 1: 1, 2: 0, 3: 1}
    outputs = rows[1]["run"].outputs
    assert outputs["record"]["answer"] == outputs["conclusion"]
    assert list(outputs["record"]["stages"]) == ["summary", "caption", "reasoning", "conclusion"]
    assert outputs["record"]["settings"]["seed"] == 1
    client.flush()
    assert sorted(each["score"] for each in service.feedback) == [0, 1, 1, 1]


def test_evaluate_takes_the_synchronous_target_and_evaluator(client: Client, service: Service) -> None:
    right = right_conclusions(3)
    wrong_question = SCENES.read_item(2).question

    def write(call: Call) -> Reply:
        _, question = call.messages[0].content
        text = "never" if question["text"] == wrong_question else right[question["text"]]
        return stopped(f"{call.stage.opening}{text}", call.stage.closing)

    to_langsmith(SCENES, client, dataset_name="scenes", items=3)
    results = evaluate(
        create_sync_target(ScriptedModel(write=write), PAIR),
        data="scenes",
        evaluators=[create_sync_evaluator(SCENES)],
        client=client,
        max_concurrency=2,
    )
    rows = {row["example"].metadata["number"]: row for row in results}
    scores = {number: row["evaluation_results"]["results"][0].score for number, row in rows.items()}
    assert scores == {0: 1, 1: 1, 2: 0}
    assert rows[1]["run"].outputs["record"]["settings"]["seed"] == 1
    client.flush()


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("mathvista", {"answer": "14", "answer_type": "integer", "choices": {}}),
        ("mmstar", {"answer": "B"}),
        ("hallusion-bench", {"answer": "no"}),
    ],
)
def test_a_published_benchmark_s_dataset_has_the_right_answers(
    client: Client, service: Service, tmp_path: Path, name: str, reference: dict[str, Any]
) -> None:
    write_published(tmp_path, name)
    to_langsmith(open_benchmark(name, {}, Resources(tmp_path)), client, dataset_name=name, items=1, seed=1)
    (example,) = service.examples.values()
    written = example["outputs"]["reference"]
    assert {field: written[field] for field in reference} == reference


async def test_an_example_of_something_else_is_refused() -> None:
    grade = create_evaluator(open_benchmark("scenes", {"difficulty": "hard"}))
    example: Any = SimpleNamespace(metadata={"benchmark": "scenes", "options": {"difficulty": "easy"}})
    with pytest.raises(
        ConfigurationError, match=r"of scenes \(easy\), and the evaluator grades scenes \(hard\)"
    ):
        await grade(SimpleNamespace(outputs={"conclusion": "1"}, error=None), example)  # type: ignore[arg-type]


async def test_where_the_target_failed_there_is_no_score() -> None:
    metadata = {"benchmark": "scenes", "options": {"difficulty": "easy"}, "number": 0}
    example: Any = SimpleNamespace(metadata=metadata)
    run: Any = SimpleNamespace(outputs=None, error="the server is gone")
    feedback = await create_evaluator(SCENES)(run, example)
    assert feedback["score"] is None
    assert "the server is gone" in feedback["comment"]


def test_damaged_items_are_told_and_left_out(
    client: Client, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = SCENES.read_item

    def read_some(number: int) -> Item:
        if number == 1:
            raise DamagedItemError("row 1 is damaged")
        return read(number)

    monkeypatch.setattr(SCENES, "read_item", read_some)
    told: list[DamagedItemError] = []
    to_langsmith(SCENES, client, dataset_name="some", items=3, report_damage=told.append)
    assert [str(damage) for damage in told] == ["row 1 is damaged"]
    assert [example["metadata"]["number"] for example in service.examples.values()] == [0, 2]
