"""Files are fetched from a server: whole, checked, and resumed where they stopped."""

import hashlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from langchain_llava_o1.cli.app import app
from langchain_llava_o1.evaluation.benchmark_files import published_files
from langchain_llava_o1.evaluation.benchmark_files.fetching import FetchError, fetch_file
from langchain_llava_o1.evaluation.benchmark_files.published_files import PUBLISHED_FILES, PublishedFile

CONTENT = b"index\timage\n" + bytes(range(256)) * 12_000


@dataclass
class Server:
    """Serves one content; may cut it off, ignore ranges, or refuse.

    Attributes:
        ranges: The range that each request asked for.
    """

    url: str = ""
    content: bytes = CONTENT
    cut_after: int | None = None
    has_ranges: bool = True
    status: int = 200
    ranges: list[str | None] = field(default_factory=list)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "*")
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            state.ranges.append(asked)
            if self.path == "/moved":
                self.send_response(302)
                self.send_header("Location", "/MMStar.tsv")
                self.end_headers()
                return
            first = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and state.has_ranges else 0
            if asked and first >= len(state.content):
                self.send_error(416)
                return
            body = state.content[first:]
            if state.status != 200:
                self.send_error(state.status)
                return
            self.send_response(206 if asked and state.has_ranges else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: state.cut_after])

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    opened = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=opened.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"http://127.0.0.1:{opened.server_address[1]}"
    yield state
    opened.shutdown()
    opened.server_close()
    thread.join()


@pytest.fixture
def file(server: Server) -> PublishedFile:
    return PublishedFile(
        "MMStar", f"{server.url}/MMStar.tsv", hashlib.md5(CONTENT).hexdigest(), benchmark="mmstar"
    )


def test_a_file_is_fetched_once(file: PublishedFile, server: Server, tmp_path: Path) -> None:
    reported: list[tuple[int, int | None]] = []
    folder = tmp_path / "new" / "folder"
    fetched = fetch_file(file, folder, report=lambda done, total: reported.append((done, total)))
    assert fetched.is_new
    assert fetched.path == folder / "MMStar.tsv"
    assert fetched.path.read_bytes() == CONTENT
    assert reported[-1] == (len(CONTENT), len(CONTENT))
    assert not fetch_file(file, folder).is_new
    assert server.ranges == [None]
    assert [path.name for path in folder.iterdir()] == ["MMStar.tsv"]


def test_a_download_that_was_cut_off_goes_on(file: PublishedFile, server: Server, tmp_path: Path) -> None:
    server.cut_after = 2_000_000
    with pytest.raises(FetchError, match=r"cannot be fetched .* goes on where this stopped"):
        fetch_file(file, tmp_path)
    kept = (tmp_path / "MMStar.tsv.partial").stat().st_size
    assert 0 < kept <= 2_000_000
    assert not (tmp_path / "MMStar.tsv").exists()
    server.cut_after = None
    reported: list[tuple[int, int | None]] = []
    fetched = fetch_file(file, tmp_path, report=lambda done, total: reported.append((done, total)))
    assert server.ranges == [None, f"bytes={kept}-"]
    assert reported[0][0] > kept
    assert reported[-1] == (len(CONTENT), len(CONTENT))
    assert fetched.path.read_bytes() == CONTENT


def test_a_server_without_parts_sends_it_all_again(
    file: PublishedFile, server: Server, tmp_path: Path
) -> None:
    (tmp_path / "MMStar.tsv.partial").write_bytes(CONTENT[:100])
    server.has_ranges = False
    assert fetch_file(file, tmp_path).path.read_bytes() == CONTENT


def test_a_whole_partial_file_is_taken(file: PublishedFile, tmp_path: Path) -> None:
    (tmp_path / "MMStar.tsv.partial").write_bytes(CONTENT)
    assert fetch_file(file, tmp_path).path.read_bytes() == CONTENT


def test_another_content_is_refused_and_deleted(file: PublishedFile, server: Server, tmp_path: Path) -> None:
    server.content = CONTENT + b"more"
    found = hashlib.md5(server.content).hexdigest()
    with pytest.raises(FetchError, match=f"its MD5 is {found}, expected was {file.md5}"):
        fetch_file(file, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_damaged_file_is_kept_until_a_whole_one_is_there(
    file: PublishedFile, server: Server, tmp_path: Path
) -> None:
    (tmp_path / "MMStar.tsv").write_bytes(b"damaged")
    server.status = 503
    with pytest.raises(FetchError, match="it answers 503 Service Unavailable"):
        fetch_file(file, tmp_path)
    assert (tmp_path / "MMStar.tsv").read_bytes() == b"damaged"
    server.status = 200
    assert fetch_file(file, tmp_path).is_new
    assert (tmp_path / "MMStar.tsv").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://127.0.0.1:1/file", r"127\.0\.0\.1:1/file cannot be fetched"),
        ("no address", "no address cannot be fetched"),
        ("ftp://127.0.0.1/file", "cannot be fetched"),
    ],
)
def test_an_address_that_leads_nowhere_is_an_error(
    file: PublishedFile, tmp_path: Path, address: str, message: str
) -> None:
    with pytest.raises(FetchError, match=message):
        fetch_file(file, tmp_path, url=address)


@pytest.fixture
def published(file: PublishedFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish this server's file, and one that it does not have."""
    other = replace(PUBLISHED_FILES["AI2D_TEST"], url=file.url.replace("MMStar", "AI2D_TEST"))
    monkeypatch.setattr(published_files, "PUBLISHED_FILES", {"MMStar": file, "AI2D_TEST": other})


def run_command(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["bench", "fetch", *arguments])


@pytest.mark.usefixtures("published")
def test_the_command_fetches_and_says_how_far_it_is(
    file: PublishedFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LMUData", str(tmp_path / "shared"))
    result = run_command("mmstar")
    assert result.exit_code == 0
    assert result.stdout == f"{tmp_path / 'shared' / 'MMStar.tsv'}  fetched, MD5 {file.md5}\n"
    assert result.stderr.endswith("MMStar.tsv: 3.1 of 3.1 MB\n")
    assert "already there" in run_command("MMStar").stdout


@pytest.mark.usefixtures("published")
def test_the_command_takes_another_address(server: Server, tmp_path: Path) -> None:
    result = run_command("mmstar", "--data", str(tmp_path), "--url", f"{server.url}/moved")
    assert result.exit_code == 0
    assert (tmp_path / "MMStar.tsv").read_bytes() == CONTENT


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (("some",), 2, "There is no file of a benchmark 'some'; there are mmstar"),
        (("mmstar,AI2D_TEST", "--url", "http://127.0.0.1:1"), 2, "an address is that of one file"),
        (("mmstar,AI2D_TEST", "--data", "."), 1, "404 Not Found"),
    ],
)
def test_the_command_says_what_it_cannot_fetch(
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    exit_code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    server.status = 404
    result = run_command(*arguments)
    assert result.exit_code == exit_code
    assert message in " ".join(result.stderr.replace("│", " ").split())


@pytest.mark.usefixtures("published")
def test_one_file_that_fails_does_not_stop_the_others(server: Server, tmp_path: Path) -> None:
    # The server has something else under the first name.
    result = run_command("AI2D_TEST,mmstar", "--data", str(tmp_path))
    assert result.exit_code == 1
    assert "MMStar.tsv  fetched" in result.stdout
    assert (tmp_path / "MMStar.tsv").read_bytes() == CONTENT
    assert "is not AI2D_TEST.tsv as it was published" in result.stderr
    assert "1 of 2 files could not be fetched" in result.stderr
    server.status = 503
    (tmp_path / "MMStar.tsv").unlink()
    again = run_command("AI2D_TEST,mmstar", "--data", str(tmp_path))
    assert again.exit_code == 1
    assert again.stderr.count("503 Service Unavailable") == 2


@pytest.mark.usefixtures("published")
def test_a_file_that_cannot_be_written_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "AI2D_TEST.tsv.partial").mkdir()
    result = run_command("AI2D_TEST,mmstar", "--data", str(tmp_path))
    assert result.exit_code == 1
    assert (tmp_path / "MMStar.tsv").read_bytes() == CONTENT
    assert f"AI2D_TEST.tsv cannot be kept in {tmp_path} (" in result.stderr
    assert "or name another folder with --data" in result.stderr
    assert "1 of 2 files could not be fetched" in result.stderr
    alone = run_command("AI2D_TEST", "--data", str(tmp_path))
    assert alone.exit_code == 1
    assert "name another folder with --data" in alone.stderr


def test_every_published_file_has_an_address_and_a_digest() -> None:
    assert {file.benchmark for file in PUBLISHED_FILES.values()} - {""} == {
        *("mmstar", "mmbench", "mmvet", "mathvista", "ai2d", "hallusion-bench")
    }
    for file in PUBLISHED_FILES.values():
        assert file.url.startswith("https://")
        assert file.url.endswith(f"/{file.file_name}")
        assert re.fullmatch("[0-9a-f]{32}", file.md5)
