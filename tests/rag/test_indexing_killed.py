"""An index that is killed goes on where it stopped."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from langchain_llava_o1 import index_folder, open_collection
from tests.rag.album import COLOURS, describing_model, draw, stored
from tests.rag.slow_index import NUM_BEFORE_STOP

ROOT = Path(__file__).parents[2]


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a signal of POSIX systems")
def test_what_was_done_before_a_kill_is_not_done_again(tmp_path: Path) -> None:
    album = tmp_path / "album"
    colours = [*COLOURS, *COLOURS]
    for number, colour in enumerate(colours):
        # No two pictures are the same: a known content would keep its caption.
        draw(album / f"{number}.png", colour, size=8 + number)
    command = [sys.executable, "-m", "tests.rag.slow_index", str(album), str(tmp_path / "collection")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "stopping\n"
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL

    model = describing_model()
    collection = open_collection(tmp_path / "collection")
    report = index_folder(album, collection, model, batch_size=2)
    assert len(report.unchanged) == NUM_BEFORE_STOP
    assert (len(report.added), report.changed) == (len(colours) - NUM_BEFORE_STOP, ())
    assert report.num_captions == len(model.calls) == len(colours) - NUM_BEFORE_STOP
    captions = {name: document.page_content for name, document in stored(collection).items()}
    assert captions == {
        f"album/{number}.png": f"A {colour} picture." for number, colour in enumerate(colours)
    }
