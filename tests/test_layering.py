"""Importing the package is cheap, and no files import each other in a circle; pyproject.toml has the rest."""

import graphlib
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

PACKAGE = "langchain_llava_o1"
ROOT = Path(__file__).parents[1]

MODEL_LIBRARIES = {"torch", "transformers"}
LANGCHAIN = {"langchain", "langchain_core", "langgraph"}


def test_no_files_import_each_other_in_a_circle() -> None:
    # The contract in pyproject.toml compares neighbours; a package's own __init__.py is none of its modules'.
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    graphlib.TopologicalSorter(imports).prepare()


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout


@pytest.mark.parametrize(
    "statement",
    [
        f"import {PACKAGE}",
        f"from {PACKAGE} import ChatLlavaO1, create_stage_beam, image_block; ChatLlavaO1()",
        f"import {PACKAGE}.cli.app",
    ],
)
def test_no_model_library_is_loaded_before_a_model(statement: str) -> None:
    code = f"{statement}\nimport sys\nprint(*sorted({MODEL_LIBRARIES!r} & set(sys.modules)))"
    assert run_python(code).split() == []


def test_importing_the_package_loads_no_library_but_langgraph_and_its_own_loader() -> None:
    code = (
        "import langgraph.graph, sys\n"
        "before = set(sys.modules)\n"
        f"import {PACKAGE}\n"
        "print(*{name.split('.')[0] for name in set(sys.modules) - before})"
    )
    further = set(run_python(code).split()) - set(sys.stdlib_module_names)
    assert further <= LANGCHAIN | {PACKAGE, "langsmith", "lazy_loader"}


def test_help_and_version_load_no_graph_library() -> None:
    code = f"import {PACKAGE}.cli.app, sys\nprint(*sorted({LANGCHAIN!r} & set(sys.modules)))"
    assert run_python(code).split() == []
