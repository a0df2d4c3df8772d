"""langgraph.json, the graphs that it names, and the Dockerfile that is made of it."""

import importlib
import io
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.store.memory import InMemoryStore
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from PIL import Image

from langchain_llava_o1 import image_block
from langchain_llava_o1.pictures.blocks import read_reference
from langchain_llava_o1.search.catalogue import SEARCHES
from langchain_llava_o1.search.kept_pictures import NAMESPACE
from langchain_llava_o1.search.ui_messages import STAGE_COMPONENT

ROOT = Path(__file__).parents[1]
CONFIGURATION = json.loads((ROOT / "langgraph.json").read_text())
GRAPHS = CONFIGURATION["graphs"]
SERVED_SEARCHES = {entry.graph_name: entry for entry in SEARCHES.values() if entry.is_graph}


def graph_of(name: str) -> Any:
    path, factory = GRAPHS[name]["path"].split(":")
    module = importlib.import_module(path.removeprefix("./").removesuffix(".py").replace("/", "."))
    return getattr(module, factory)()


def run_langgraph(*arguments: str) -> str:
    command = str(Path(sys.executable).with_name("langgraph"))
    done = subprocess.run([command, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_of_langgraph_json_builds_without_a_checkpointer(name: str) -> None:
    graph = graph_of(name)
    assert graph.checkpointer is None
    assert graph.name == name
    assert GRAPHS[name]["description"].endswith(".")
    # Studio draws forms of these.
    json.dumps([graph.get_input_jsonschema(), graph.get_context_jsonschema()])
    json.dumps([subgraph.get_output_jsonschema() for _, subgraph in graph.get_subgraphs(recurse=True)])


@pytest.mark.parametrize("name", SERVED_SEARCHES)
def test_a_search_takes_messages_or_a_form_and_bounded_settings(name: str) -> None:
    graph = graph_of(name)
    assert set(graph.get_input_jsonschema()["properties"]) == {"messages", "question", "image"}
    settings = graph.get_context_jsonschema()["properties"]
    assert settings["temperature"]["anyOf"][0]["maximum"] == 2
    assert ("candidates" in settings) == SERVED_SEARCHES[name].has_candidates


def test_the_agent_goes_on_after_a_damaged_picture_and_keeps_photos_in_its_store() -> None:
    store = InMemoryStore()
    # As a server does with a graph.
    agent = graph_of("agent").copy({"checkpointer": InMemorySaver(), "store": store})
    photo = io.BytesIO()
    Image.effect_noise((640, 480), 60).save(photo, "PNG")
    damaged = {"type": "image", "base64": "aGVsbG8=", "mime_type": "image/png"}
    blocks = [image_block(photo.getvalue()), damaged, {"type": "text", "text": "What is it?"}]
    messages = agent.invoke(
        {"messages": [{"type": "human", "content": blocks}]}, {"configurable": {"thread_id": "1"}}
    )["messages"]

    (kept,) = store.search(NAMESPACE)
    assert read_reference(messages[0].content[0]) == kept.key
    assert messages[0].content[1]["type"] == "text"
    assert "are no picture in a known format" in messages[-1].text


def test_the_component_of_stages_has_the_name_and_properties_that_searches_give() -> None:
    text = (ROOT / "graphs" / "ui.tsx").read_text()
    assert f"export default {{ {STAGE_COMPONENT}: " in text
    assert "{ stage: string; text: string }" in text


def test_every_file_in_the_folder_has_a_graph_that_is_served() -> None:
    files = {path.name for path in (ROOT / "graphs").glob("*.py")}
    assert {Path(graph["path"].split(":")[0]).name for graph in GRAPHS.values()} == files


def test_every_search_of_the_catalogue_is_served_as_its_record_says() -> None:
    module = importlib.import_module("graphs.searches")
    factories = {name for name, factory in vars(module).items() if hasattr(factory, "cache_clear")}
    assert factories == set(SERVED_SEARCHES)
    in_file = {name: graph for name, graph in GRAPHS.items() if "searches.py" in graph["path"]}
    assert in_file == {
        name: {"path": f"./graphs/searches.py:{name}", "description": entry.graph_description}
        for name, entry in SERVED_SEARCHES.items()
    }


def test_building_the_graphs_loads_no_model_library() -> None:
    paths = [graph["path"][2:].replace(".py:", ":").replace("/", ".") for graph in GRAPHS.values()]
    program = (
        "import pkgutil, sys\n"
        f"for path in {paths}: pkgutil.resolve_name(path)()\n"
        "print([name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_traces_with_pictures_are_not_uploaded() -> None:
    assert CONFIGURATION["env"]["LANGSMITH_TRACING"] == "false"
    # The variables of `env` do not get into an image.
    variables = [line for line in CONFIGURATION["dockerfile_lines"] if line.startswith("ENV ")]
    assert variables == ["ENV " + " ".join(f"{name}={value}" for name, value in CONFIGURATION["env"].items())]


def test_the_configuration_has_nothing_that_langgraph_does_not_know() -> None:
    printed = run_langgraph("validate")
    assert f"{len(GRAPHS)} graphs found" in printed
    assert "warning" not in printed


@pytest.fixture(scope="module")
def dockerfile(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The lines that `langgraph build` gives to Docker."""
    path = tmp_path_factory.mktemp("image") / "Dockerfile"
    run_langgraph("dockerfile", "--config", "langgraph.json", str(path))
    return path.read_text().splitlines()


def test_the_image_begins_with_the_servers_and_our_lines(dockerfile: list[str]) -> None:
    assert dockerfile[0] == f"FROM langchain/langgraph-api:{CONFIGURATION['python_version']}"
    ours = [dockerfile.index(line) for line in CONFIGURATION["dockerfile_lines"]]
    first_install = next(number for number, line in enumerate(dockerfile) if "pip install" in line)
    # The kind of PyTorch must be known before the first package asks for it.
    assert max(ours) < first_install


def test_the_image_installs_the_package_and_what_the_graphs_need(dockerfile: list[str]) -> None:
    folder = f"/deps/{ROOT.name}"
    assert f"ADD . {folder}" in dockerfile
    assert f"WORKDIR {folder}" in dockerfile
    installs = [line for line in dockerfile if line.startswith("RUN") and "pip install" in line]
    assert any(line.endswith(" ".join(CONFIGURATION["dependencies"][1:])) for line in installs)
    assert any("for dep in /deps/*" in line and "-e ." in line for line in installs)


def test_the_image_serves_every_graph_with_its_description(dockerfile: list[str]) -> None:
    (line,) = [line for line in dockerfile if line.startswith("ENV LANGSERVE_GRAPHS=")]
    # In single quotes for Docker, which a quote inside of it would end.
    found = re.fullmatch(r"ENV LANGSERVE_GRAPHS='([^']*)'", line)
    assert found
    served = json.loads(found[1])
    assert served == {
        name: {**graph, "path": graph["path"].replace(".", f"/deps/{ROOT.name}", 1)}
        for name, graph in GRAPHS.items()
    }


def test_what_the_image_installs_besides_are_the_extras_of_the_graphs() -> None:
    # An image installs the package without extras, and its shell would take < and > for redirections.
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    wanted = {
        requirement.name: requirement.specifier
        for requirement in map(Requirement, [*extras["agent"], *extras["rag"]])
    }
    installed = {
        requirement.name: requirement.specifier
        for requirement in map(Requirement, CONFIGURATION["dependencies"][1:])
    }
    assert {name: _range(found) for name, found in installed.items()} == {
        name: f"{specifier}" for name, specifier in wanted.items()
    }


def _range(compatible: SpecifierSet) -> str:
    """Write ~=1.4 as the range that it means."""
    (specifier,) = compatible
    assert specifier.operator == "~="
    major = int(specifier.version.split(".")[0])
    return str(SpecifierSet(f">={specifier.version},<{major + 1}"))
