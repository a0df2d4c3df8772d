"""`llava-o1 app`, up to the page itself, which tests/integration/app opens."""

import socket
import sys
from collections.abc import Callable

import pytest
from typer.testing import Result

RunCommand = Callable[..., Result]


def test_a_port_that_is_taken_is_told(run_command: RunCommand) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run_command("app", "--port", str(port))
    assert result.exit_code == 1
    assert f"127.0.0.1:{port} cannot be listened on (Address already in use)" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_an_address_of_another_machine_is_told(run_command: RunCommand) -> None:
    result = run_command("app", "--host", "192.0.2.1")
    assert result.exit_code == 1
    assert "192.0.2.1:7860 cannot be listened on" in result.stderr


def test_an_address_that_gradio_does_not_serve_is_told(run_command: RunCommand) -> None:
    result = run_command("app", "--host", "::1")
    assert result.exit_code == 1
    assert "--host ::1 is an address of IPv6" in result.stderr


def test_without_gradio_the_extra_is_named(run_command: RunCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gradio", None)
    result = run_command("app")
    assert result.exit_code == 1
    assert result.stderr == (
        'llava-o1: error: The app needs Gradio: pip install "langchain-llava-o1[app]".\n'
    )


def test_a_port_that_is_none_is_wrong_usage(run_command: RunCommand) -> None:
    assert run_command("app", "--port", "70000").exit_code == 2
