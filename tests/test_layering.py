"""Imports point one way, and importing the package is cheap."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = "langchain_llava_o1"
ROOT = Path(__file__).parents[1]

FOUNDATIONS = {"errors", "features", "stages", "prompts", "transcript", "images", "image_download"}
CHAT_MODEL = {"chat_model", "chat_parameters", "call_options", "messages", "profiles", "response"}
MODEL_LIBRARIES = {"torch", "transformers"}
LANGCHAIN = {"langchain", "langchain_core", "langgraph"}

# What each part of the package may import of the others. A part is a module or folder of the package.
ALLOWED: dict[str, set[str]] = {
    **{part: FOUNDATIONS for part in FOUNDATIONS},
    "engine": FOUNDATIONS,
    "judges": FOUNDATIONS,
    "search": FOUNDATIONS | {"judges"},
    **{part: FOUNDATIONS | CHAT_MODEL | {"engine", "tiny"} for part in CHAT_MODEL},
    "__init__": {"chat_model", "images", "judges", "rag", "report", "reward_model", "search", "tool"},
    "tool": FOUNDATIONS | CHAT_MODEL | {"report", "search"},
    "report": FOUNDATIONS | {"messages", "search"},
    "rag": FOUNDATIONS | CHAT_MODEL | {"engine", "judges", "search"},
    "app": FOUNDATIONS | {"evaluation", "report", "search", "tiny"},
    "speed": FOUNDATIONS | {"engine", "tiny"},
    "tiny": FOUNDATIONS | CHAT_MODEL | {"__init__", "engine", "judges", "search"},
    "reward_model": {"errors", "engine"},
    "evaluation": FOUNDATIONS
    | CHAT_MODEL
    | {"__init__", "engine", "judges", "rag", "search", "speed", "tiny"},
    "cli": FOUNDATIONS | CHAT_MODEL | {"__init__", "app", "evaluation", "judges", "rag", "search", "tiny"},
}
MAY_USE_MODEL_LIBRARIES = {"engine", "reward_model", "speed", "tiny"}
MUST_NOT_USE_LANGCHAIN = {"engine", "speed", *FOUNDATIONS}

MODULES = sorted((ROOT / PACKAGE).rglob("*.py"))


def part_of(module: str) -> str:
    """Return the part that a dotted module name below the package belongs to."""
    parts = module.split(".")
    assert parts[0] == PACKAGE
    return parts[1] if len(parts) > 1 else "__init__"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_modules(path: Path) -> Iterator[str]:
    """Yield every module that a file imports, also inside functions and for types alone."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = list(package[: len(package) - node.level + 1]) if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            # `from package import module` names a module, `from package import name` a public name.
            for alias in node.names:
                path_of_module = ROOT.joinpath(*source.split("."), alias.name)
                is_module = path_of_module.with_suffix(".py").exists() or path_of_module.is_dir()
                yield f"{source}.{alias.name}" if is_module else source


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_point_one_way(path: Path) -> None:
    part = part_of(module_name(path))
    assert part in ALLOWED, f"{part} is new: say in ALLOWED what it may import"
    imported = set(imported_modules(path))
    inside = {part_of(name) for name in imported if name.split(".")[0] == PACKAGE}
    outside = {name.split(".")[0] for name in imported}

    assert inside - {part} <= ALLOWED[part]
    if part not in MAY_USE_MODEL_LIBRARIES:
        assert not outside & MODEL_LIBRARIES
    if part in MUST_NOT_USE_LANGCHAIN:
        assert not {name for name in outside if name in LANGCHAIN or name.startswith("langchain_")} - {
            PACKAGE
        }


def test_a_relative_import_and_one_inside_a_function_are_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    folder = tmp_path / PACKAGE / "search"
    folder.mkdir(parents=True)
    (tmp_path / PACKAGE / "engine.py").touch()
    (folder / "beam.py").write_text("from .. import engine\ndef f():\n    import torch.nn\n")

    assert set(imported_modules(folder / "beam.py")) == {f"{PACKAGE}.engine", "torch.nn"}


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


def test_importing_the_package_loads_no_library_that_langgraph_does_not() -> None:
    code = (
        "import langgraph.graph, sys\n"
        "before = set(sys.modules)\n"
        f"import {PACKAGE}\n"
        "print(*{name.split('.')[0] for name in set(sys.modules) - before})"
    )
    further = set(run_python(code).split()) - set(sys.stdlib_module_names)
    assert further <= LANGCHAIN | {PACKAGE, "langsmith"}


def test_help_and_version_load_no_graph_library() -> None:
    code = f"import {PACKAGE}.cli.app, sys\nprint(*sorted({LANGCHAIN!r} & set(sys.modules)))"
    assert run_python(code).split() == []
