"""Annotating on Ray, on a cluster of this machine alone."""

from collections import Counter
from pathlib import Path

import pytest

from langchain_llava_o1.chat.model_name import ModelName
from langchain_llava_o1.data.annotation.annotation import annotate
from langchain_llava_o1.data.annotation.plan import AnnotationPlan
from langchain_llava_o1.data.annotation.spending import Budget
from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.errors import ConfigurationError
from tests.data.annotation.teaching import TeacherServer, open_questions, read_json_lines
from tests.data.sets import staged


@pytest.fixture(autouse=True)
def needs_ray() -> None:
    pytest.importorskip("ray", reason='Ray is not installed: pip install "langchain-llava-o1[ray]"')


# Ray leaves sockets and processes to the end of the interpreter.
@pytest.mark.filterwarnings("ignore")
def test_workers_ask_and_this_process_writes(tmp_path: Path) -> None:
    questions, folder = open_questions(tmp_path, *["7"] * 5, "a bridge"), tmp_path / "set"
    with TeacherServer(lambda prompt: staged(conclusion="7")).serving() as server:
        teacher = ModelName("openai:scripted", {"base_url": server.address, "api_key": "none"})
        plan = AnnotationPlan(teacher, validator="rule", budget=Budget(max_tokens=100_000))
        report = annotate(questions, folder, plan, ray_address="local", num_ray_workers=2, concurrency=2)
        assert (report.num_annotated, report.num_refused, report.num_failed) == (5, 1, 0)
        assert report.num_calls == len(server.prompts) == 7
        assert max(Counter(server.prompts).values()) == 2
        assert len(list(open_training_set(folder))) == 5
        assert len(read_json_lines(folder / "annotation" / "journal.jsonl")) == 8
        again = annotate(questions, folder, plan, ray_address="local", num_ray_workers=1)
        assert again.num_annotated == 5
        assert len(server.prompts) == 7


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    def init(**options: object) -> None:
        raise ConnectionError("nobody there")

    # Ray itself looks for a cluster for minutes.
    monkeypatch.setattr(ray, "init", init)
    with pytest.raises(ConfigurationError, match=r"no Ray cluster at 'auto' \(nobody there\)"):
        annotate(
            open_questions(tmp_path, "7"),
            tmp_path / "set",
            AnnotationPlan(ModelName("openai:scripted", {"api_key": "none"})),
            ray_address="auto",
        )
