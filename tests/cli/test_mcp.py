"""`llava-o1 mcp`, up to the server itself, which tests/integration/test_mcp_server.py starts."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

RunCommand = Callable[..., Result]


def test_without_the_package_the_extra_is_named(
    run_command: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    monkeypatch.delitem(sys.modules, "langchain_llava_o1.agents.mcp_server", raising=False)
    result = run_command("mcp")
    assert result.exit_code == 1
    assert result.stderr == (
        'llava-o1: error: The MCP server needs the package mcp: pip install "langchain-llava-o1[mcp]".\n'
    )


def test_a_folder_that_is_not_there_is_wrong_usage(run_command: RunCommand, tmp_path: Path) -> None:
    result = run_command("mcp", "--image-root", str(tmp_path / "none"))
    assert result.exit_code == 2
    assert "does not exist" in " ".join(result.stderr.replace("│", "").split())


def test_a_setting_that_the_search_does_not_have_is_wrong_usage(run_command: RunCommand) -> None:
    result = run_command("mcp", "--set", "cutoff=3")
    assert result.exit_code == 2
    assert "stage-beam has no setting 'cutoff'" in result.stderr
