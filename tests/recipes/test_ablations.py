"""The ablations: every variant is trained from the same vision tower, and asked the same questions."""

import json
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from transformers import MllamaForConditionalGeneration

from langchain_llava_o1.chat.model import ChatLlavaO1
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.tiny import checkpoint_path
from recipes.tiny import ablations
from recipes.tiny.ablations import VARIANTS


@pytest.mark.long
def test_all_variants_are_trained_and_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ["--folder", str(tmp_path), "--vision", str(checkpoint_path()), "--scale", "0", "--items", "2"]
    monkeypatch.setattr(sys, "argv", ["ablations", *options])
    # What has not learned to end its answers writes as long as it may.
    monkeypatch.setattr(ablations, "ChatLlavaO1", partial(ChatLlavaO1, max_tokens=12))
    monkeypatch.setattr(ablations, "SEARCH", Strategy("greedy", settings={"max_tokens_per_stage": 12}))
    ablations.main()

    written = (tmp_path / "ablations.md").read_text()
    _, _, *rows = (line.strip("| ").split(" | ") for line in written.splitlines())
    assert [row[0] for row in rows] == [variant.name for variant in VARIANTS]
    for variant, row in zip(VARIANTS, rows, strict=True):
        assert (row[2] == "–") == (not variant.is_searched)
    towers = [
        MllamaForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).model.vision_model
        for folder in (checkpoint_path(), tmp_path / "vision")
    ]
    for shipped, taken in zip(*(tower.state_dict().values() for tower in towers), strict=True):
        assert torch.equal(shipped, taken)
    seconds = json.loads((tmp_path / "seconds.json").read_text())

    # What is done is not done again.
    ablations.main()
    assert json.loads((tmp_path / "seconds.json").read_text()) == seconds
    assert (tmp_path / "ablations.md").read_text() == written
