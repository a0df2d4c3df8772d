"""A further stage, search, selection or judge is one file or one record, and all else follows from it."""

import json
import math
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import pytest
from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.graph import END
from langgraph.types import Command

from langchain_llava_o1 import ConfidenceJudge, Scoring, ScoringJudge, SearchResult
from langchain_llava_o1.judges.catalogue import JUDGES, JudgeEntry
from langchain_llava_o1.search.builder import SearchBuilder, SearchGraph, give_answer
from langchain_llava_o1.search.catalogue import SEARCHES, find_search
from langchain_llava_o1.search.selection.ranking import keep_scores, read_scoring
from langchain_llava_o1.search.selection.selection import Selection
from langchain_llava_o1.search.settings import SearchSettings
from langchain_llava_o1.search.state import SearchState
from langchain_llava_o1.search.step_plan import Planner, StepPlan
from langchain_llava_o1.search.step_state import StepContext, StepState
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.stages import STAGES, Stage
from langchain_llava_o1.staging.transcript import parse_transcript
from tests.scripted_model import Call, Reply, ScriptedModel, number, stopped

ROOT = Path(__file__).parents[1]
PACKAGE = "langchain_llava_o1"
WRITERS = (
    "tests/__init__.py",
    "tests/scripted_model.py",
    "tests/search/__init__.py",
    "tests/search/writers.py",
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the package to add something to, and the models that tests script."""
    ignored = shutil.ignore_patterns("__pycache__", "*.safetensors")
    shutil.copytree(ROOT / PACKAGE, tmp_path / PACKAGE, ignore=ignored)
    for path in WRITERS:
        (tmp_path / path).parent.mkdir(exist_ok=True, parents=True)
        shutil.copy(ROOT / path, tmp_path / path)
    return tmp_path


def insert(path: Path, text: str, *, before: str) -> None:
    source = path.read_text(encoding="utf-8")
    assert source.count(before) == 1
    path.write_text(source.replace(before, text + before), encoding="utf-8")


def run_in(tree: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=tree, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


ASK_EVERY_SEARCH = """
import json
from langchain_core.messages import HumanMessage
from langchain_llava_o1 import SearchResult
from langchain_llava_o1.evaluation.speed.workload import make_work
from langchain_llava_o1.search.catalogue import SEARCHES
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.staging.transcript import parse_transcript
from tests.scripted_model import ScriptedModel, number
from tests.search.writers import write_staged

def write(call):
    reply = write_staged(call)
    reply.response_metadata["mean_logprob"] = -number(call.seed) / 2**32
    return reply

found = {}
for name, entry in SEARCHES.items():
    built = Strategy(name).build(ScriptedModel(write=write))
    state = built.graph.compile().invoke(
        {"messages": [HumanMessage("How many?")]},
        context=built.context.model_copy(update={"seed": 1, "needs_picture": False}),
    )
    answer = state["messages"][-1]
    stages = parse_transcript(answer.additional_kwargs["reasoning_content"]).stages
    found[name] = {
        "hidden": [stage.stage.name for stage in stages],
        "answer": answer.text,
        "incomplete": answer.response_metadata["incomplete_stages"],
        "steps": list(state["stages"]),
        "page": SearchResult.from_state(state).to_html(),
    }
(work,) = make_work(1, 2, lambda text: len(text.split()))
print(json.dumps({"searches": found, "num_stages_of_work": len(work.stages)}))
"""


def test_a_fifth_stage_is_a_record(tree: Path) -> None:
    insert(
        tree / PACKAGE / "staging" / "stages.py",
        '    Stage(name="check", tag="CHECK", criterion="A good check finds what is wrong."),\n',
        before='    Stage(\n        name="conclusion",',
    )
    told = json.loads(run_in(tree, "-c", ASK_EVERY_SEARCH))

    assert told["searches"].keys() == SEARCHES.keys()
    for name, found in told["searches"].items():
        assert found["hidden"] == ["summary", "caption", "reasoning", "check"], name
        assert found["answer"], name
        assert found["incomplete"] == [], name
        assert "<h3>check</h3>" in found["page"], name
    assert told["searches"]["stage-beam"]["steps"] == [*found["hidden"], "conclusion"]
    assert {"check", "conclusion"} < set(told["searches"]["swires"]["steps"])
    assert told["num_stages_of_work"] == 5


A_SEARCH = '''
"""My own search."""

from langchain_llava_o1.search.builder import SearchBuilder
from langchain_llava_o1.search.selection.majority import Majority
from langchain_llava_o1.search.settings import SearchSettings
from langchain_llava_o1.search.step_plan import StepPlan
from langchain_llava_o1.staging.parts.answer import WHOLE_ANSWER


def create_mine(model, *, judge=None, continuation=None):
    """Build the graph."""
    builder = SearchBuilder.of(model, Majority(judge), continuation, SearchSettings)
    return builder.single_step(
        lambda state, settings: StepPlan("answer", WHOLE_ANSWER, state["beams"], settings.candidates)
    )
'''

RUN_MINE = """
from langchain_core.messages import HumanMessage
from langchain_llava_o1.search.strategy import Strategy
from tests.scripted_model import ScriptedModel
from tests.search.writers import write_staged

built = Strategy("mine", settings={"candidates": 3}).build(ScriptedModel(write=write_staged))
state = built.graph.compile().invoke(
    {"messages": [HumanMessage("How many?")]},
    context=built.context.model_copy(update={"needs_picture": False}),
)
print(len(state["stages"]["answer"]["candidates"]))
"""


def test_a_search_is_a_module_and_a_record(tree: Path) -> None:
    (tree / PACKAGE / "search" / "mine.py").write_text(A_SEARCH, encoding="utf-8")
    home = f"{PACKAGE}.search.mine:create_mine"
    insert(
        tree / PACKAGE / "search" / "catalogue.py",
        f'        SearchEntry("mine", "My search", "Draws answers.", "{home}"),\n',
        before='    )\n}\n"""All of them, by name; the first one is the default."""',
    )
    assert run_in(tree, "-c", RUN_MINE).split() == ["3"]
    assert re.search(r"\bmine\b", run_in(tree, "-m", f"{PACKAGE}.cli", "ask", "--help"))


@dataclass(frozen=True)
class Resampling(Selection):
    """Draw candidates with replacement, the likelier the higher a judge scores them."""

    judge: ScoringJudge

    node: ClassVar[str] = "resample"

    def decide(self, state: StepState, context: StepContext, config: RunnableConfig) -> Command[Any]:
        scoring = read_scoring(state, context)
        return keep_scores(context, self.judge, scoring, self.judge.score_candidates(scoring, config))

    def keep(self, state: StepState) -> list[int]:
        scores = [-math.inf if score is None else score for score in state["scores"] or []]
        weights = [math.exp(score) for score in scores]
        drawn = random.Random(state["seed"]).choices(range(len(scores)), weights, k=state["num_kept"])
        return sorted(drawn, key=lambda index: scores[index], reverse=True)


def create_particle_filter(model: ScriptedModel) -> SearchGraph:
    """N answers side by side: each goes on for a stage, then N of them are drawn with replacement."""
    builder = SearchBuilder.of(model, Resampling(ConfidenceJudge()), None, SearchSettings)
    graph = builder.begin(STAGES[0].name)
    for stage in STAGES:
        graph.add_node(stage.name, builder.step(stage.name, plan_particles(stage)))
    graph.add_node("answer", give_answer)
    for name, following in pairwise([*(stage.name for stage in STAGES), "answer"]):
        graph.add_edge(name, following)
    graph.add_edge("answer", END)
    return graph


def plan_particles(stage: Stage) -> Planner:
    def plan(state: SearchState, settings: SearchSettings) -> StepPlan:
        beams = state["beams"]
        num_each = settings.candidates // len(beams)
        return StepPlan(
            stage.name, StagePart(stage), beams, num_each, num_kept=settings.candidates, needs_scores=True
        )

    return plan


def write_told(call: Call) -> Reply:
    """Write a number, and say how likely it was."""
    reply = stopped(f"{call.stage.opening} note {number(call.seed)}", call.stage.closing)
    reply.response_metadata["mean_logprob"] = -4 * number(call.seed) / 2**32
    return reply


@pytest.mark.parametrize("seed", range(3))
async def test_a_selection_is_a_class(seed: int) -> None:
    graph = create_particle_filter(ScriptedModel(write=write_told)).compile()
    question, context = (
        {"messages": [HumanMessage("How many?")]},
        {"seed": seed, "candidates": 6, "needs_picture": False},
    )
    state = await graph.ainvoke(question, context=context)

    assert list(state["stages"]) == [stage.name for stage in STAGES]
    assert all(len(record["kept"]) == 6 for record in state["stages"].values())
    assert any(len(set(record["kept"])) < 6 for record in state["stages"].values())
    answer = state["messages"][-1]
    assert len(parse_transcript(answer.additional_kwargs["reasoning_content"]).stages) == 3
    # What a candidate goes on from is the answer that was kept in its place, though it was kept twice.
    assert [each["beam"] for each in state["stages"]["caption"]["candidates"]] == [0, 1, 2, 3, 4, 5]
    assert graph.invoke(question, context=context)["stages"] == state["stages"]
    assert "kept" in SearchResult.from_state(state).to_html()


@dataclass(frozen=True)
class LastDigitJudge(ScoringJudge):
    """Prefers texts that end in a high digit."""

    model: Any

    def score_candidates(self, scoring: Scoring, config: RunnableConfig | None = None) -> Sequence[float]:
        return [
            float(entry.text.removesuffix(scoring.part.stages[-1].closing)[-1]) for entry in scoring.entries
        ]


def test_a_judge_is_a_class_and_a_record(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = JudgeEntry("mine", "By the last digit.", f"{__name__}:LastDigitJudge", is_scoring=True)
    monkeypatch.setitem(JUDGES, "mine", entry)
    model = ScriptedModel()
    for name in ("stage-beam", "swires"):
        graph = find_search(name).create(model, "mine").compile()
        state = graph.invoke(
            {"messages": [HumanMessage("How many?")]}, context={"seed": 2, "needs_picture": False}
        )
        record = state["stages"]["reasoning"]
        assert record["scores"][record["winner"]] == max(record["scores"])
    assert not model.judging_calls
