"""The recipe's optimizer is torch's, and steps are computed in the precision that is asked for."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import AutoProcessor, MllamaForConditionalGeneration, MllamaProcessor

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.tiny import checkpoint_path
from recipes.tiny import recipe
from recipes.tiny.batches import Batch, BatchSize, GeneratedBatches, Placed, Shares, collate
from recipes.tiny.model import make_model
from recipes.tiny.muon import Muon, orthogonalize
from recipes.tiny.sequences import Encoder
from recipes.tiny.token_sequence import IGNORED, TokenChoice, TokenSequence
from recipes.tiny.training import text_loss, train_text
from recipes.tiny.training_state import TrainingState
from recipes.tiny.vision import train_vision

DTYPES = [torch.float32, torch.bfloat16]
ONE_PICTURE = BatchSize(pictures=1, parts=6, workers=1)
SHAPES = [(24, 40), (40, 24), (16, 16)]


class SeenDtypes(TorchDispatchMode):
    """Keeps which number types are computed."""

    def __init__(self) -> None:
        super().__init__()
        self.dtypes: set[torch.dtype] = set()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        self.dtypes |= {leaf.dtype for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)}
        return result


def matrices() -> list[torch.nn.Parameter]:
    rng = torch.Generator().manual_seed(0)
    return [torch.nn.Parameter(torch.randn(shape, generator=rng)) for shape in SHAPES]


def optimize(parameters: list[torch.nn.Parameter], optimizer: torch.optim.Optimizer) -> None:
    rng = torch.Generator().manual_seed(1)
    for _ in range(4):
        for parameter in parameters:
            parameter.grad = torch.randn(parameter.shape, generator=rng)
        optimizer.step()


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.bfloat16, 0.0), (torch.float32, 2e-3)], ids=str)
def test_muon_is_torchs(dtype: torch.dtype, tolerance: float) -> None:
    own, expected = matrices(), matrices()
    optimize(own, Muon([{"params": own, "lr": 0.02}], weight_decay=0.1, dtype=dtype))
    reference = torch.optim.Muon(expected, lr=0.02, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    optimize(expected, reference)

    for one, other in zip(own, expected, strict=True):
        torch.testing.assert_close(one, other, atol=tolerance, rtol=0)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_singular_values_come_near_one(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    found = orthogonalize(matrix, torch.float32)

    assert found.dtype is torch.float32
    singular_values = torch.linalg.svdvals(found)
    assert 0.3 < float(singular_values.min()) <= float(singular_values.max()) < 1.3


@pytest.fixture(scope="module")
def processor() -> MllamaProcessor:
    found: MllamaProcessor = AutoProcessor.from_pretrained(checkpoint_path())
    return found


@pytest.fixture
def model(processor: MllamaProcessor) -> MllamaForConditionalGeneration:
    return make_model(processor.tokenizer, seed=0)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_the_vision_tower_learns_in_the_precision_that_is_asked_for(
    model: MllamaForConditionalGeneration, processor: MllamaProcessor, dtype: torch.dtype, tmp_path: Path
) -> None:
    state = TrainingState(tmp_path / "vision.state")
    with SeenDtypes() as seen:
        train_vision(
            model, processor, steps=1, seed=0, dtype=dtype, log=print, workers=1, pictures=1, state=state
        )

    assert (torch.bfloat16 in seen.dtypes) == (dtype is torch.bfloat16)


def train_a_little(
    model: MllamaForConditionalGeneration, batches: Iterable[Batch], *, steps: int, state: TrainingState
) -> None:
    train_text(
        model,
        batches,
        steps=steps,
        name="test",
        rate=1e-3,
        vision_rate=1e-4,
        decay_from=0.5,
        dtype=torch.float32,
        log=print,
        state=state,
    )


def test_the_whole_model_learns_without_bfloat16_where_that_is_slow(
    model: MllamaForConditionalGeneration, processor: MllamaProcessor, tmp_path: Path
) -> None:
    shares = Shares(
        puzzles=0.0, comparisons=0.5, conversations=0.0, descriptions=0.0, easy=1.0, choices=0.0, sums=0.0
    )
    batches = GeneratedBatches(processor, shares, seed=0, size=ONE_PICTURE, ramp=0)
    batch = next(iter(batches))
    with SeenDtypes() as seen:
        train_a_little(
            model, [replace(batch, texts=batch.texts[:1])], steps=1, state=TrainingState(tmp_path / "state")
        )

    assert torch.float32 in seen.dtypes
    assert torch.bfloat16 not in seen.dtypes


class Killed(Exception):
    """What ends a run in the middle."""


def test_a_step_that_was_killed_goes_on_to_the_same_weights(
    processor: MllamaProcessor, tmp_path: Path
) -> None:
    shares = Shares(
        puzzles=1.0, comparisons=0.0, conversations=0.0, descriptions=0.0, easy=1.0, choices=0.0, sums=0.0
    )

    def train(path: Path, killed_after: int | None = None) -> list[torch.Tensor]:
        model = make_model(processor.tokenizer, seed=0)
        state = TrainingState(path, steps_between=2)
        batches_of_all = GeneratedBatches(
            processor, shares, seed=0, size=ONE_PICTURE, ramp=0, first=state.num_done
        )
        drawn = iter(batches_of_all)

        def batches() -> Iterator[Batch]:
            for number, batch in enumerate(drawn, start=1):
                yield replace(batch, texts=batch.texts[:1])
                if number == killed_after:
                    raise Killed

        train_a_little(model, batches(), steps=4, state=state)
        return list(model.parameters())

    with pytest.raises(Killed):
        train(tmp_path / "killed.state", killed_after=3)
    resumed = train(tmp_path / "killed.state")

    for one, other in zip(resumed, train(tmp_path / "whole.state"), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-6)


def test_a_run_goes_on_in_the_precision_that_it_began_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for measured in DTYPES:
        monkeypatch.setattr(recipe, "fastest_training_dtype", lambda device, dtype=measured: dtype)
        assert recipe.Recipe(tmp_path, "cpu", 1.0).dtype is torch.float32


@pytest.mark.parametrize(("name", "given"), [("scale", (0.5, None)), ("start", (1.0, Path("other")))])
def test_a_run_does_not_go_on_with_other_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, given: tuple[float, Path | None]
) -> None:
    monkeypatch.setattr(recipe, "fastest_training_dtype", lambda device: torch.float32)
    recipe.Recipe(tmp_path, "cpu", 1.0)
    with pytest.raises(ConfigurationError, match=f"was begun with {name} "):
        recipe.Recipe(tmp_path, "cpu", *given)


def test_a_gpu_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recipes.tiny.model.fastest_dtype", pytest.fail)
    assert recipe.fastest_training_dtype("cuda") is torch.float32


def test_any_choice_of_a_place_is_learned_to_be_as_likely() -> None:
    processor: Any = AutoProcessor.from_pretrained(checkpoint_path())
    model = MllamaForConditionalGeneration.from_pretrained(checkpoint_path(), dtype=torch.float32)
    encoder = Encoder(processor)
    tokens = encoder.text(" I take the circle key.")
    keys = tuple(encoder.text(" circle star"))
    place = tokens.index(keys[0])
    labels = [IGNORED] * len(tokens)
    states = torch.zeros(1, model.model.vision_model.num_patches, model.config.text_config.hidden_size)

    def loss(choices: list[TokenChoice]) -> float:
        sequence = TokenSequence(tokens, labels, [1.0] * len(tokens), choices)
        (text,) = collate(processor, encoder, [Image.new("RGB", (8, 8))], [Placed(sequence, (0,))], 1).texts
        with torch.inference_mode():
            return float(text_loss(model, states, text))

    each = [loss([TokenChoice(place, (key,))]) for key in keys]
    assert loss([TokenChoice(place, keys)]) == pytest.approx(sum(each) / 2, rel=1e-5)
    # A place with fewer choices does not count those of another one.
    both = [TokenChoice(place, keys), TokenChoice(place, keys[:1])]
    assert loss(both) == pytest.approx(sum(each) / 2 + each[0], rel=1e-5)
    assert loss([]) == 0
