import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONFIGURATION = json.loads((ROOT / "langgraph.json").read_text())


@pytest.mark.parametrize("name", CONFIGURATION["graphs"])
def test_a_graph_of_langgraph_json_builds_without_a_checkpointer(name: str) -> None:
    path, factory = CONFIGURATION["graphs"][name].split(":")
    module = importlib.import_module(path.removeprefix("./").removesuffix(".py").replace("/", "."))
    graph = getattr(module, factory)()
    assert graph.checkpointer is None
    assert "messages" in graph.get_input_jsonschema()["properties"]
    assert graph.get_context_jsonschema()["properties"]["candidates"]["maximum"] == 64
    json.dumps([subgraph.get_output_jsonschema() for _, subgraph in graph.get_subgraphs(recurse=True)])


def test_building_a_graph_loads_no_model_library() -> None:
    program = (
        "import sys; from graphs.stage_beam import create_graph; create_graph(); "
        "print([name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_traces_with_pictures_are_not_uploaded() -> None:
    assert CONFIGURATION["env"]["LANGSMITH_TRACING"] == "false"
