"""lmms-eval asks the searches: its requests by themselves, and where it is installed the whole program."""

import importlib.metadata
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from langchain_llava_o1.errors import DataError
from langchain_llava_o1.evaluation.benchmark import open_benchmark
from langchain_llava_o1.evaluation.integrations.harness_requests import Harness, HarnessReply, read_messages
from langchain_llava_o1.evaluation.integrations.searcher import create_searcher
from langchain_llava_o1.search.strategy import Strategy
from tests.scripted_model import Call, Reply, ScriptedModel, number, stopped

TASK = Path(__file__).parents[1] / "lmms_task"
ROOT = Path(__file__).parents[3]
PAIR = Strategy("stage-beam", "generative", {"candidates": 2})


@dataclass(frozen=True)
class FakeRequest:
    args: tuple[Any, ...]


def write_messages(document: dict[str, Any]) -> list[dict[str, Any]]:
    parts = [{"type": "image", "url": document["picture"]}, {"type": "text", "text": document["question"]}]
    return [{"role": "user", "content": parts}]


def ask(*numbers: int) -> list[FakeRequest]:
    settings = {"max_new_tokens": 1, "temperature": 0, "until": ["\n\n"]}
    return [FakeRequest(("", write_messages, settings, number, "drawn", "test")) for number in numbers]


@pytest.fixture
def documents(picture: Path) -> dict[str, dict[str, list[dict[str, Any]]]]:
    pictures = (Image.new("RGB", (24, 16), "red"), str(picture), Image.new("L", (16, 16)))
    questions = [{"picture": each, "question": f"Question {i}?"} for i, each in enumerate(pictures)]
    return {"drawn": {"test": questions}}


async def answer(
    model: ScriptedModel, requests: Sequence[FakeRequest], documents: Any, seed: int = 0
) -> list[HarnessReply]:
    return await Harness(create_searcher(model, PAIR), seed, 2).answer(requests, documents)


def write_question_and_number(call: Call) -> Reply:
    question = call.messages[0].content[-1]["text"]
    return stopped(f"{call.stage.opening} {question} {number(call.seed)}", call.stage.closing)


async def test_requests_are_answered_with_conclusions_in_their_order(documents: Any) -> None:
    model = ScriptedModel(write=write_question_and_number)
    replies = await answer(model, ask(2, 0, 1), documents)
    assert [reply.text[:10] for reply in replies] == ["Question 2", "Question 0", "Question 1"]
    assert all("<" not in reply.text for reply in replies)
    # Two candidates of four stages and a verdict on each, of 3 tokens: a task's limit of 1 is not theirs.
    assert [reply.output_tokens for reply in replies] == [36, 36, 36]
    shown = [block["type"] for call in model.calls for block in call.messages[0].content]
    assert shown == ["image", "text"] * 36


async def test_the_same_seed_and_document_give_the_same_answer_and_a_repeat_another(documents: Any) -> None:
    first, repeat, other = await answer(
        ScriptedModel(write=write_question_and_number), ask(0, 0, 1), documents
    )
    assert first.text != repeat.text
    alone = await answer(ScriptedModel(write=write_question_and_number), ask(1), documents)
    assert alone == [other]
    elsewhere = await answer(ScriptedModel(write=write_question_and_number), ask(1), documents, seed=1)
    assert elsewhere != alone


async def test_a_failure_names_the_document(documents: Any) -> None:
    documents["drawn"]["test"][1]["picture"] = 5
    with pytest.raises(DataError, match=r"asks about image \(int\)") as raised:
        await answer(ScriptedModel(), ask(0, 1), documents)
    assert raised.value.__notes__ == ["Raised by document 1 of the task drawn (test)."]


def test_videos_are_refused() -> None:
    with pytest.raises(DataError, match=r"asks about video.*Leave this task out"):
        read_messages([{"role": "user", "content": [{"type": "video", "url": "a.mp4"}]}])


def test_examples_before_the_question_are_turns_of_the_conversation() -> None:
    turns = [("system", "Be brief."), ("user", "One?"), ("assistant", "1"), ("user", "Two?")]
    messages = [{"role": role, "content": [{"type": "text", "text": text}]} for role, text in turns]
    read = read_messages(messages)
    assert [(message.type, message.text) for message in read] == [
        ("system", "Be brief."),
        ("human", "One?"),
        ("ai", "1"),
        ("human", "Two?"),
    ]


def test_the_entry_point_can_be_imported_without_lmms_eval(monkeypatch: pytest.MonkeyPatch) -> None:
    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    point = importlib.metadata.EntryPoint(
        "llava_o1", points["lmms_eval.models"]["llava_o1"], "lmms_eval.models"
    )
    create_manifest = point.load()
    # What lmms-eval would be given.
    registry = SimpleNamespace(ModelManifest=lambda name, *, chat_class_path: (name, chat_class_path))
    monkeypatch.setitem(sys.modules, "lmms_eval", ModuleType("lmms_eval"))
    monkeypatch.setitem(sys.modules, "lmms_eval.models", ModuleType("lmms_eval.models"))
    monkeypatch.setitem(sys.modules, "lmms_eval.models.registry_v2", registry)
    name, class_path = create_manifest()
    assert name == point.name
    # lmms-eval imports the class by this path; finding the file imports nothing of it.
    assert importlib.util.find_spec(class_path.rpartition(".")[0])


@pytest.mark.skipif(
    importlib.util.find_spec("lmms_eval") is None, reason="lmms-eval is no dependency; install it to run this"
)
def test_the_program_prints_an_accuracy(tmp_path: Path) -> None:
    write_task(tmp_path, items=3)
    command = [sys.executable, "-m", "lmms_eval", "--model", "llava_o1", "--tasks", "drawn_scenes"]
    arguments = "pretrained=tiny,strategy=stage-beam,candidates=2,judge=likelihood,seed=1"
    options = ["--model_args", arguments, "--batch_size", "3", "--include_path", str(tmp_path)]
    options += ["--output_path", str(tmp_path / "out"), "--log_samples"]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "cache")}
    done = subprocess.run([*command, *options], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "|accuracy|" in done.stdout.replace(" ", "")
    (results,) = (tmp_path / "out").rglob("*_results.json")
    accuracy = json.loads(results.read_text())["results"]["drawn_scenes"]["accuracy,none"]
    (samples,) = (tmp_path / "out").rglob("*_samples_drawn_scenes.jsonl")
    graded = [json.loads(line)["accuracy"] for line in samples.read_text().splitlines()]
    assert len(graded) == 3
    assert accuracy == pytest.approx(sum(graded) / 3)


def write_task(folder: Path, items: int) -> None:
    """Put the task into a folder, with pictures and questions that are drawn."""
    for file in TASK.iterdir():
        if file.is_file():
            shutil.copy(file, folder)
    benchmark = open_benchmark("scenes", {"difficulty": "easy"})
    lines = []
    for item in map(benchmark.read_item, range(items)):
        path = folder / f"{item.id}.png"
        path.write_bytes(item.pictures[0])
        asked = {"image": str(path), "question": item.question, "answer": item.reference.answer}
        lines.append(json.dumps(asked) + "\n")
    (folder / "questions.jsonl").write_text("".join(lines))
