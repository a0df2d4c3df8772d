"""The benchmark does in every way the work it says."""

import json
import subprocess
import sys

import pytest

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.speed import Shape, Way, baselines, engine_search, workload
from langchain_llava_o1.evaluation.speed.measure import measure_speed
from langchain_llava_o1.staging.stages import STAGES, Stage

TOKENS = {"summary": 3, "caption": 4, "reasoning": 5, "conclusion": 2}
FURTHER = Stage(name="check", tag="CHECK", criterion="A good check looks for errors.")
FURTHER_TOKENS = 4
VERDICT = 3


def test_all_ways_do_the_same_work_with_a_further_stage_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workload, "STAGES", (*STAGES, FURTHER))
    monkeypatch.setattr(workload, "STAGE_TOKENS", TOKENS)
    monkeypatch.setattr(workload, "TOKENS_OF_OTHER_STAGES", FURTHER_TOKENS)
    monkeypatch.setattr(baselines, "VERDICT_TOKENS", VERDICT)
    monkeypatch.setattr(engine_search, "VERDICT_TOKENS", VERDICT)

    report = measure_speed(Shape.TINY, candidates=3, questions=2, repeats=1, device="cpu")

    assert tuple(row.name for row in report.rows) == tuple(Way)
    one_at_a_time, batched, generated, scored = report.rows
    num_stages = len(TOKENS) + 1
    num_sampled = 2 * 3 * (sum(TOKENS.values()) + FURTHER_TOKENS)
    num_judged = 2 * num_stages * 2 * VERDICT
    assert one_at_a_time.num_generated == batched.num_generated == generated.num_generated
    assert generated.num_generated == num_sampled + num_judged
    assert scored.num_generated == num_sampled
    assert one_at_a_time.num_pictures == 2 * num_stages * (3 + 2)
    assert generated.num_pictures == scored.num_pictures == 2
    assert generated.num_read <= 1.05 * generated.fewest_read
    assert scored.num_read <= 1.05 * scored.fewest_read
    assert generated.fewest_read < one_at_a_time.num_read / 2
    for row in report.rows:
        assert min(row.seconds, row.peak_bytes, row.roofline_ratio) > 0
    assert one_at_a_time.ratio == 1.0
    assert one_at_a_time.seconds_at_bandwidth > batched.seconds_at_bandwidth > scored.seconds_at_bandwidth
    assert one_at_a_time.seconds_of_one is None
    assert None not in (generated.seconds_of_one, scored.seconds_of_one)


def test_a_stage_without_a_length_of_its_own_has_the_default_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workload, "STAGES", (*STAGES, FURTHER))

    (question,) = workload.make_work(1, 2, lambda text: len(text.split()))

    assert [work.num_tokens for work in question.stages] == [
        *workload.STAGE_TOKENS.values(),
        workload.TOKENS_OF_OTHER_STAGES,
    ]


WITHOUT_LANGCHAIN = """
import runpy, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        package = name.partition(".")[0]
        if package in ("langchain", "langgraph", "langsmith", "pydantic") or (
            package.startswith(("langchain_", "langgraph_")) and package != "langchain_llava_o1"
        ):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
try:
    import langchain_core
except ModuleNotFoundError:
    runpy.run_module("langchain_llava_o1.evaluation.speed", run_name="__main__")
"""


@pytest.mark.long
def test_it_runs_without_langchain() -> None:
    options = "--shape tiny --candidates 1 --repeats 1 --device cpu --ways engine-default"
    command = [sys.executable, "-c", WITHOUT_LANGCHAIN, *options.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["rows"]
    assert row["name"] == "engine-default"


def test_no_repeats_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="repeats must be 1 or more, got 0"):
        measure_speed(Shape.TINY, candidates=1, questions=1, repeats=0)


def test_decode_steps_are_measured_alone() -> None:
    report = measure_speed(
        Shape.TINY, candidates=1, questions=1, repeats=1, ways=(), decode_rows=(1, 3), device="cpu"
    )

    assert not report.rows
    assert [step.rows for step in report.decode_steps] == [1, 3]
    for step in report.decode_steps:
        assert step.seconds * report.bytes_per_second / step.roofline_ratio > 0
    assert [step["rows"] for step in report.as_json()["decode_steps"]] == [1, 3]


def test_no_rows_are_refused_before_anything_is_measured() -> None:
    with pytest.raises(ConfigurationError, match=r"decode_rows must each be 1 or more, got \[2, 0\]"):
        measure_speed(Shape.TINY, candidates=1, questions=1, repeats=1, decode_rows=(2, 0))
