"""The real `langgraph dev`, with all graphs of langgraph.json."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.servers import free_port, wait_until_served, wait_until_written

ROOT = Path(__file__).parents[2]
# A graph of the tests' own: the served ones have a judge that compares, and so no ranking.
GRAPH_WITH_RANKING = """
from langchain_llava_o1 import ChatLlavaO1, ConfidenceJudge, create_stage_beam

graph = create_stage_beam(ChatLlavaO1(), judge=ConfidenceJudge()).compile()
"""


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        address: Where it listens.
        process_id: Of the process that answers and generates.
        log: What it has written.
    """

    address: str
    process_id: int
    log: Path


@pytest.fixture(scope="session")
def langgraph_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that do not need one of their own."""
    with start_server(tmp_path_factory.mktemp("langgraph")) as server:
        yield server


@contextmanager
def start_server(folder: Path, *, components: dict[str, str] | None = None) -> Iterator[Server]:
    """Start `langgraph dev` on a free port, in a folder of its own, since it writes its state there.

    For components, the files that draw the UI messages of graphs, the server fetches a bundler from npm.
    """
    shutil.copytree(ROOT / "graphs", folder / "graphs", ignore=shutil.ignore_patterns("__pycache__"))
    configuration = json.loads((ROOT / "langgraph.json").read_text())
    (folder / "graphs" / "with_ranking.py").write_text(GRAPH_WITH_RANKING)
    configuration["graphs"]["with_ranking"] = "./graphs/with_ranking.py:graph"
    if components:
        configuration["ui"] = components
    (folder / "langgraph.json").write_text(json.dumps(configuration))

    address = f"http://127.0.0.1:{free_port()}"
    log = folder / "log.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            [
                str(Path(sys.executable).with_name("langgraph")),
                *("dev", "--no-browser", "--no-reload", "--n-jobs-per-worker", "10"),
                *("--port", address.rpartition(":")[2]),
            ],
            cwd=folder,
            env=_environment(reaches_out=components is not None),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until_served(f"{address}/ok", process, log)
            if components:
                # Asked before they are there, the server says for ever that it has none.
                wait_until_written(folder / ".langgraph_api" / "ui" / "schemas.json", process, log)
            yield Server(address, process.pid, log)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(120)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(120)


def run_example(name: str, server: Server) -> str:
    """Run an example against the server; return what it prints."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / name)],
        env={**_environment(), "LANGGRAPH_URL": server.address},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _environment(*, reaches_out: bool = False) -> dict[str, str]:
    """Return an environment with no key, in which whatever goes to another machine fails, or does not."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.endswith("_API_KEY") and not name.startswith(("LANGSMITH_", "LANGCHAIN_", "LLAVA_O1_"))
    }
    quiet = {
        **kept,
        "LANGGRAPH_CLI_NO_ANALYTICS": "1",
        "LANGGRAPH_NO_VERSION_CHECK": "1",
        "HF_HUB_OFFLINE": "1",
    }
    if reaches_out:
        return quiet
    nowhere = "http://127.0.0.1:9"
    return {
        **quiet,
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), nowhere),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
    }
