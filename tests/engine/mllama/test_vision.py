from pathlib import Path

import pytest
import torch

from langchain_llava_o1.engine.loading.checkpoint import Checkpoint, load_checkpoint
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.mllama.vision import PictureEncoder
from langchain_llava_o1.engine.settings import EngineSettings
from tests.engine.pictures import draw_noise


@pytest.fixture(scope="module")
def checkpoint(tiled_checkpoint: Path) -> Checkpoint:
    return load_checkpoint(EngineSettings(str(tiled_checkpoint), device="cpu"))


def test_each_picture_is_encoded_once(checkpoint: Checkpoint) -> None:
    encoder = PictureEncoder(Mllama(checkpoint.model), checkpoint.image_processor)
    first, second = draw_noise(1), draw_noise(2, (90, 30))
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
    first, second, third = (draw_noise(seed) for seed in range(3))
    with torch.inference_mode():
        for picture in (first, second, first, third, first):
            encoder.encode([picture])
        assert encoder.num_encoded == 3
        encoder.encode([second])
    assert encoder.num_encoded == 4


def test_one_picture_is_remembered_however_large(checkpoint: Checkpoint) -> None:
    for max_bytes in (0, 1):
        encoder = PictureEncoder(Mllama(checkpoint.model), checkpoint.image_processor, max_bytes=max_bytes)
        with torch.inference_mode():
            for seed in (1, 1, 2, 2, 1):
                encoder.encode([draw_noise(seed)])
        assert encoder.num_encoded == 3
