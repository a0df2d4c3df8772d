"""What a built wheel holds."""

from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

PACKAGE = "langchain_llava_o1"
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel_files() -> set[str]:
    """Paths of all files that a wheel built from this tree would hold."""
    builder = WheelBuilder(str(ROOT))
    with builder.config.set_build_data({"artifacts": [], "force_include": {}}):
        return {file.distribution_path for file in builder.recurse_included_files()}


@pytest.mark.parametrize(
    "path",
    [
        "__init__.pyi",
        "py.typed",
        "cli/app.py",
        "data/sample.css",
        "data/templates/sample.html",
        "report/page.css",
        "report/templates/page.html",
        "tiny/checkpoint/config.json",
        "tiny/checkpoint/model.safetensors",
        "tiny/checkpoint/tokenizer.json",
        "tiny/pictures/demo.png",
    ],
)
def test_the_wheel_holds(wheel_files: set[str], path: str) -> None:
    assert f"{PACKAGE}/{path}" in wheel_files


def test_the_wheel_holds_the_package_alone(wheel_files: set[str]) -> None:
    assert {path.split("/")[0] for path in wheel_files} == {PACKAGE}
    assert not [path for path in wheel_files if path.endswith(".pyc")]


def test_weights_in_the_wheel_are_small() -> None:
    weights = sum(path.stat().st_size for path in (ROOT / PACKAGE).rglob("*.safetensors"))
    assert weights <= 16 * 2**20
