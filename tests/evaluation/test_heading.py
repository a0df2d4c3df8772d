"""When a run goes on with the file of an earlier one."""

import json
from pathlib import Path

import pytest

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.outcome import Outcome
from langchain_llava_o1.evaluation.outcome_log import Cell, OutcomeLog
from langchain_llava_o1.evaluation.verdict_log import VerdictLog

OUTCOME = Outcome(3, "3", "count", "2", 1.0, input_tokens=20, output_tokens=90)
REWARD = 'reward:ob11/PRM {"batch_size": 8, "device": "cuda:0", "max_pixels": 9}'
SMALLER_BATCHES = 'reward:ob11/PRM {"batch_size": 2, "max_pixels": 9}'
LARGER_PICTURES = 'reward:ob11/PRM {"batch_size": 8, "device": "cuda:0", "max_pixels": 10}'
SERVED = 'generative:qwen {"base_url": "http://127.0.0.1:1/v1"}'
SERVED_ELSEWHERE = 'generative:qwen {"base_url": "http://127.0.0.1:2/v1"}'


@pytest.mark.parametrize(("before", "now"), [(REWARD, SMALLER_BATCHES), (SERVED, SERVED_ELSEWHERE)])
def test_a_judge_that_runs_elsewhere_or_in_smaller_batches_goes_on(
    before: str, now: str, tmp_path: Path
) -> None:
    cell = Cell("stage-beam", 4)
    OutcomeLog(tmp_path, {"judge": before}).add(cell, OUTCOME, 1.0)
    assert [each.outcome.number for each in OutcomeLog(tmp_path, {"judge": now}).of(cell, range(9))] == [3]
    path = tmp_path / "verdicts.jsonl"
    VerdictLog(path, {"judge": before, "model": before}).add([{"item": 1}])
    assert VerdictLog(path, {"judge": now, "model": now}).lines == [{"item": 1}]


def test_a_judge_that_sees_otherwise_is_another(tmp_path: Path) -> None:
    cell = Cell("stage-beam", 4)
    OutcomeLog(tmp_path, {"judge": REWARD}).add(cell, OUTCOME, 1.0)
    with pytest.raises(ConfigurationError, match="belongs to another comparison"):
        OutcomeLog(tmp_path, {"judge": LARGER_PICTURES})


@pytest.mark.parametrize("line", [[], 1, None, "judge"])
def test_a_file_of_something_else_is_refused(line: object, tmp_path: Path) -> None:
    for name in ("outcomes.jsonl", "verdicts.jsonl"):
        (tmp_path / name).write_text(json.dumps(line) + "\n")
    with pytest.raises(ConfigurationError, match="delete that file"):
        OutcomeLog(tmp_path, {"judge": "generative"})
    with pytest.raises(ConfigurationError, match="delete this one"):
        VerdictLog(tmp_path / "verdicts.jsonl", {"judge": "generative"})
