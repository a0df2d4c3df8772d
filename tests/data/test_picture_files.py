"""Where pictures are: a folder, a zip, a zip in parts, nowhere; and never anywhere else."""

import os
import pickle
import zipfile
from pathlib import Path

import pytest

from langchain_llava_o1.data.picture_files.picture_files import PictureFiles, open_picture_files
from langchain_llava_o1.errors import ConfigurationError, ImageError
from langchain_llava_o1.pictures.policy import ImagePolicy
from tests.data.sets import draw, in_base64, write_pictures, write_zip


def cut(path: Path, num_parts: int) -> Path:
    """Cut a file into parts, and return the first."""
    data = path.read_bytes()
    step = -(-len(data) // num_parts)
    for number in range(num_parts):
        path.with_name(f"{path.name}.part-a{chr(ord('a') + number)}").write_bytes(
            data[number * step : (number + 1) * step]
        )
    path.unlink()
    return path.with_name(f"{path.name}.part-aa")


@pytest.fixture(params=["folder", "zip", "parts"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> PictureFiles:
    (tmp_path / "secret.png").write_bytes(draw("black"))
    if request.param == "folder":
        return open_picture_files(write_pictures(tmp_path / "pictures", "red", "teal"))
    path = write_zip(tmp_path / "pictures.zip", "red", "teal")
    return open_picture_files(cut(path, 3) if request.param == "parts" else path)


def test_pictures_are_read_and_missing_ones_told(files: PictureFiles) -> None:
    assert files.has("red.png")
    assert files.has("./teal.png")
    assert files.open("teal.png").image.getpixel((0, 0)) == (0, 128, 128)
    assert not files.has("green.png")
    with pytest.raises(ImageError, match=r"green\.png"):
        files.read("green.png")


@pytest.mark.parametrize(
    "path", ["../secret.png", "a/../../secret.png", "/etc/hostname", "..\\secret.png", "C:/x.png", "", "a\0b"]
)
def test_a_path_that_leads_out_is_not_followed(files: PictureFiles, path: str) -> None:
    assert not files.has(path)
    with pytest.raises(ImageError):
        files.read(path)


def test_a_place_can_be_sent_to_another_process(files: PictureFiles) -> None:
    assert pickle.loads(pickle.dumps(files)).read("red.png") == files.read("red.png")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_processes_that_were_forked_read_apart(files: PictureFiles) -> None:
    files.read("red.png")
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writable, files.open("teal.png").key)
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(readable, 100) == files.open("teal.png").key
    os.close(readable)
    os.close(writable)


def test_a_data_url_is_read_without_any_place() -> None:
    files = open_picture_files(None)
    assert files.read(f"data:image/png;base64,{in_base64('red')}") == draw("red")
    assert not files.has("red.png")
    with pytest.raises(ImageError, match="opened without pictures"):
        files.read("red.png")


def test_limits_hold_for_what_a_zip_says_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "pictures.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("bomb.png", bytes(100_000))
    with pytest.raises(ImageError, match="at most 1,000"):
        open_picture_files(path, ImagePolicy(max_bytes=1000)).read("bomb.png")


def test_what_is_no_place_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK")
    for path in (tmp_path / "nowhere", broken):
        with pytest.raises(ConfigurationError, match=path.name):
            open_picture_files(path)
