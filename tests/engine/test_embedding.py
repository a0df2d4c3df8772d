"""Vectors of pictures are pooled from what transformers' own vision tower returns."""

import asyncio
from typing import Any, cast

import numpy as np
import pytest
import torch

from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.mllama.vision import PictureEncoder
from langchain_llava_o1.engine.request import EmbeddingRequest, Request, Sampling, Turn
from langchain_llava_o1.errors import ConfigurationError, GenerationTimeout
from langchain_llava_o1.pictures.picture import Picture
from tests.engine.pictures import draw_noise
from tests.engine.reference import Reference

WIDE, SMALL = draw_noise(1, (90, 30)), draw_noise(2)


def tower_output(reference: Reference, picture: Picture) -> torch.Tensor:
    """``[patches of the filled tiles, width of all layers]``."""
    features = reference.processor.image_processor([[picture.image]], return_tensors="pt")
    num_tiles = int(features.pop("num_tiles")[0][0])
    with torch.inference_mode():
        output: Any = reference.model.model.vision_model(**features).last_hidden_state
    return cast("torch.Tensor", output[0, 0, :num_tiles].flatten(0, 1))


@pytest.mark.parametrize("picture", [WIDE, SMALL], ids=["several tiles", "one tile"])
def test_vectors_are_pooled_from_the_filled_tiles(
    tiled_engine: Engine, tiled_reference: Reference, picture: Picture
) -> None:
    seen = tower_output(tiled_reference, picture)
    width = tiled_reference.model.config.vision_config.hidden_size
    expected = {
        ("max", "final"): seen[:, :width].amax(0),
        ("mean", "final"): seen[:, :width].mean(0),
        ("max", "intermediate"): seen[:, width:].amax(0),
        ("mean", "all"): seen.mean(0),
    }
    for (pooling, layers), pooled in expected.items():
        request = EmbeddingRequest((picture,), cast("Any", pooling), cast("Any", layers))
        (vector,) = tiled_engine.embed(request)
        assert vector == pytest.approx((pooled / pooled.norm()).tolist(), abs=1e-4)


def test_pictures_that_are_embedded_together_have_the_vectors_that_they_have_alone(
    tiled_engine: Engine,
) -> None:
    pictures = tuple(draw_noise(seed, (30 + 9 * seed, 40)) for seed in range(11))
    together = tiled_engine.embed(EmbeddingRequest(pictures))
    alone = [tiled_engine.embed(EmbeddingRequest((picture,)))[0] for picture in pictures]
    assert np.allclose(together, alone, atol=1e-4)


async def test_embedding_goes_on_beside_answers(engine: Engine) -> None:
    async def answer() -> str:
        request = Request((Turn("user", (SMALL, "How many?")),), Sampling(max_tokens=20))
        return "".join([delta.text async for delta in engine.agenerate(request)])

    alone = await answer()
    *vectors, beside = await asyncio.gather(
        *(engine.aembed(EmbeddingRequest((draw_noise(seed),))) for seed in range(4)), answer()
    )
    assert beside == alone
    assert vectors[2][0] == pytest.approx(engine.embed(EmbeddingRequest((draw_noise(2),)))[0], abs=1e-5)


def test_running_out_of_memory_is_tried_once_more(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    embed, failures = PictureEncoder.embed, [MemoryError("out of memory")]

    def fail_first(self: PictureEncoder, job: Any) -> Any:
        if failures:
            raise failures.pop()
        return embed(self, job)

    def num_cached() -> int:
        request = Request((Turn("user", ("How many?",)),), Sampling(max_tokens=1), is_streamed=False)
        (delta,) = engine.generate(request)
        return delta.num_cached_tokens

    num_cached()
    assert num_cached() > 0
    monkeypatch.setattr(PictureEncoder, "embed", fail_first)
    assert len(engine.embed(EmbeddingRequest((SMALL,)))) == 1
    assert not failures
    # What was read before is forgotten, which is what made room.
    assert num_cached() == 0


def test_what_cannot_be_embedded_is_refused(engine: Engine) -> None:
    with pytest.raises(ConfigurationError, match="at least one picture"):
        EmbeddingRequest(())
    with pytest.raises(ConfigurationError, match="timeout must be above 0"):
        EmbeddingRequest((SMALL,), timeout=0)
    with pytest.raises(GenerationTimeout):
        engine.embed(EmbeddingRequest((SMALL,), timeout=1e-9))
