"""What the documentation says works: its code runs, and its pages are complete."""

import contextlib
import io
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from docs import repository_pages
from langchain_llava_o1.cli.app import app
from langchain_llava_o1.tiny import demo_picture_path
from tests.integration.pages import DOCS, ROOT, Block, blocks_of

PAGES_WITH_CODE = [ROOT / "README.md", *sorted(DOCS.glob("*.md")), *sorted((DOCS / "how-to").glob("*.md"))]
# The first one stands for all where tests are to be quick.
RUN = [PAGES_WITH_CODE[0], *(pytest.param(page, marks=pytest.mark.long) for page in PAGES_WITH_CODE[1:])]

RUN_UNTIL_STOPPED = {"app", "mcp"}
"""Commands that serve; tests of their own start and stop them."""


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_the_code_of_a_page_runs_in_order(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(demo_picture_path(), "picture.png")
    namespace: dict[str, Any] = {"__name__": page.stem}
    printed = ""
    for block in blocks_of(page):
        if block.title == "prints":
            assert printed == block.text, f"{page}:{block.line}"
        elif block.language == "python" and block.is_run:
            printed = run_python(block, page, namespace)
        elif block.language == "console" and block.is_run:
            run_commands(block)


def run_python(block: Block, page: Path, namespace: dict[str, Any]) -> str:
    # Empty lines in front make the line numbers of a traceback those of the page.
    code = compile("\n" * block.line + block.text, str(page), "exec")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, namespace)
    return printed.getvalue()


def run_commands(block: Block) -> None:
    for line in block.commands:
        name, *arguments = shlex.split(line, comments=True) or [""]
        if name == "llava-o1" and arguments[0] not in RUN_UNTIL_STOPPED:
            result = CliRunner().invoke(app, arguments)
            assert result.exit_code == 0, f"{line}: {result.output}"


def test_pages_that_are_run_have_code() -> None:
    languages = [block.language for page in PAGES_WITH_CODE for block in blocks_of(page) if block.is_run]
    assert languages.count("python") > 30


@pytest.mark.parametrize("page", PAGES_WITH_CODE, ids=lambda page: page.stem)
def test_no_block_is_left_out_because_of_how_its_fence_is_written(page: Path) -> None:
    fences = [line for line in page.read_text(encoding="utf-8").splitlines() if "```" in line]
    assert len(fences) == 2 * len(list(blocks_of(page)))


def test_drawings_need_no_script() -> None:
    # The theme would fetch Mermaid from elsewhere; without it such a block stays text.
    for page in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]:
        assert "```mermaid" not in page.read_text(encoding="utf-8"), page


def test_every_page_is_in_the_navigation() -> None:
    listed = set(pages_in(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]))
    written = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert written <= listed
    # The others are written elsewhere in the repository, and docs/repository_pages.py brings them in.
    assert listed - written == {name for name in repository_pages.SOURCES if name.endswith(".md")}


def pages_in(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    else:
        for entry in nav.values() if isinstance(nav, dict) else nav:
            yield from pages_in(entry)


@pytest.mark.parametrize(
    ("page", "written", "on_site"),
    [
        ("index.md", "[a](docs/searches.md#judges)", "[a](searches.md#judges)"),
        ("index.md", "[a](LICENSE) [b](#limits)", "[a](license.md) [b](#limits)"),
        ("how-to/judges.md", "[a](../searches.md)", "[a](../searches.md)"),
        ("how-to/judges.md", "[a](../../examples/07_judges.py)", "[a](../examples.md#07_judges)"),
        ("tutorial.md", "[a](../examples/)", "[a](examples.md)"),
        ("how-to/judges.md", "[a](../../README.md#install)", "[a](../index.md#install)"),
        ("model-card.md", "[a](../../../docs/performance.md)", "[a](performance.md)"),
        ("index.md", "[a](https://example.org/docs/x)", "[a](https://example.org/docs/x)"),
        ("index.md", "`[a](docs/x.md)`", "`[a](docs/x.md)`"),
        ("index.md", "```python\nrun[0](docs)\n```", "```python\nrun[0](docs)\n```"),
    ],
)
def test_links_of_the_repository_become_links_of_the_site(page: str, written: str, on_site: str) -> None:
    assert repository_pages.relink(written, page) == on_site
