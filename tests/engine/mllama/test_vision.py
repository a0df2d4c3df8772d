from pathlib import Path

import pytest
import torch
from PIL import Image

from langchain_llava_o1.engine.loading.checkpoint import Checkpoint, EngineSettings, load_checkpoint
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.mllama.vision import PictureEncoder, read_picture
from langchain_llava_o1.errors import ImageError
from tests.engine.pictures import draw_broken, draw_noise


@pytest.fixture(scope="module")
def checkpoint(tiled_checkpoint: Path) -> Checkpoint:
    return load_checkpoint(EngineSettings(str(tiled_checkpoint), device="cpu"))


def test_equal_pixels_have_equal_keys() -> None:
    picture = read_picture(draw_noise(1))
    assert read_picture(draw_noise(1)).key == picture.key
    assert read_picture(draw_noise(2)).key != picture.key


def test_the_same_bytes_in_another_shape_are_another_picture() -> None:
    pixels = draw_noise(1).tobytes()
    wide, tall = (Image.frombytes("RGB", size, pixels) for size in ((40, 30), (30, 40)))
    assert read_picture(wide).key != read_picture(tall).key


def test_transparency_is_laid_over_white() -> None:
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    assert read_picture(clear).image.getpixel((0, 0)) == (255, 255, 255)
    assert read_picture(clear).key == read_picture(Image.new("RGB", (4, 4), "white")).key


def test_a_truncated_picture_is_an_error() -> None:
    with pytest.raises(ImageError, match="cannot be decoded"):
        read_picture(draw_broken())


def test_each_picture_is_encoded_once(checkpoint: Checkpoint) -> None:
    encoder = PictureEncoder(Mllama(checkpoint.model), checkpoint.image_processor)
    first, second = read_picture(draw_noise(1)), read_picture(draw_noise(2, (90, 30)))
    with torch.inference_mode():
        together = encoder.encode([first, second, first])
        again = encoder.encode([second])
        alone = PictureEncoder(Mllama(checkpoint.model), checkpoint.image_processor).encode([second])
    assert encoder.num_encoded == 2
    assert again[second.key] is together[second.key]
    torch.testing.assert_close(together[second.key].whole.layers, alone[second.key].whole.layers)
    assert len(together[first.key].filled) > len(together[second.key].filled)
    assert len(together[first.key].whole) == len(together[second.key].whole)


def test_the_oldest_pictures_are_forgotten(checkpoint: Checkpoint) -> None:
    model = Mllama(checkpoint.model)
    num_positions = model.num_tiles * model.num_patches
    num_bytes = num_positions * len(model.picture_devices) * model.bytes_per_position
    encoder = PictureEncoder(model, checkpoint.image_processor, max_bytes=2 * num_bytes)
    first, second, third = (read_picture(draw_noise(seed)) for seed in range(3))
    with torch.inference_mode():
        for picture in (first, second, first, third, first):
            encoder.encode([picture])
        assert encoder.num_encoded == 3
        encoder.encode([second])
    assert encoder.num_encoded == 4
