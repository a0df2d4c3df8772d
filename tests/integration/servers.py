"""What tests that start a server need."""

import socket
import subprocess
import time
from pathlib import Path

import httpx
import pytest

SECONDS_TO_START = 600


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end:
        assert process.poll() is None
        try:
            with socket.create_connection(("127.0.0.1", port)):
                return
        except ConnectionRefusedError:
            time.sleep(0.2)
    pytest.fail(f"nothing listened on port {port} within {SECONDS_TO_START} s")


def wait_until_served(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    pytest.fail(f"{address} was not there in {SECONDS_TO_START} s: {log.read_text()}")


def wait_until_written(path: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end:
        if path.is_file():
            return
        assert process.poll() is None, log.read_text()
        time.sleep(0.2)
    pytest.fail(f"{path} was not there in {SECONDS_TO_START} s: {log.read_text()}")
