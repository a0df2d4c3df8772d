"""First step: the vision tower alone learns what each patch shows.

Trained end to end on text alone, the whole model does not begin to see for a long time. The
labels are at the patches that hold an object's centre, or the middle of a bar's top.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset
from transformers import MllamaForConditionalGeneration, MllamaProcessor
from transformers.models.mllama.configuration_mllama import MllamaVisionConfig

from langchain_llava_o1.drawn.canvas import CANVAS, COLOURS
from langchain_llava_o1.drawn.charts import MOST_VALUE, Chart
from langchain_llava_o1.drawn.questions import Content
from langchain_llava_o1.drawn.scenes import CELLS, SHAPES, SIZES, Scene
from langchain_llava_o1.drawn.trail_maps import THINGS, Card, TrailMap
from recipes.tiny.batches import own_numbers, sample_items
from recipes.tiny.model import PATCH_EDGE
from recipes.tiny.optimizer import Optimizer
from recipes.tiny.tokenizer import IMAGE_EDGE
from recipes.tiny.training_state import TrainingState

PATCHES = IMAGE_EDGE // PATCH_EDGE
NOTHING = -100
FACTS = {
    "colour": len(COLOURS),
    "shape": len(SHAPES),
    "size": len(SIZES),
    "value": MOST_VALUE + 1,
    "next": len(CELLS),
    "thing": len(THINGS),
    "kind": 4,
}
"""What is predicted of a patch, with the number of classes; kinds are nothing, object, bar, card."""


@dataclass(frozen=True)
class PatchBatch:
    """Pictures and what their patches show.

    Attributes:
        pixels: (pictures, 1, 1, 3, edge, edge) float32.
        facts: For each name in ``FACTS`` (pictures, patches) int64, ``NOTHING`` without a label.
    """

    pixels: torch.Tensor
    facts: dict[str, torch.Tensor]


class PatchBatches(IterableDataset[PatchBatch]):
    """An endless stream of labelled pictures of training seeds."""

    def __init__(
        self,
        processor: MllamaProcessor,
        *,
        seed: int,
        pictures: int,
        easy_share: float,
        puzzle_share: float,
        first: int,
    ) -> None:
        """Choose the pictures in a batch; ``first`` is the number of the first batch, from 0."""
        super().__init__()
        self._processor, self._seed, self._pictures = processor, seed, pictures
        self._easy_share, self._puzzle_share = easy_share, puzzle_share
        self._first = first

    def __iter__(self) -> Iterator[PatchBatch]:
        """Draw batches for ever."""
        for number in own_numbers(self._first):
            rng = random.Random(f"patches {number} of {self._seed}")
            pictures = []
            facts = {name: torch.full((self._pictures, PATCHES**2), NOTHING) for name in FACTS}
            facts["kind"].fill_(0)
            for row in range(self._pictures):
                (item,) = sample_items(rng, self._easy_share, self._puzzle_share, 1)
                content, drawing = item.content, item.drawing
                pictures.append([drawing.picture])
                for labels, (x, y) in zip(object_facts(content), drawing.centres, strict=True):
                    column, line = (min(PATCHES - 1, max(0, int(at * PATCHES / CANVAS))) for at in (x, y))
                    for name, label in labels.items():
                        facts[name][row, line * PATCHES + column] = label
            pixels = self._processor.image_processor(pictures, return_tensors="pt").pixel_values
            yield PatchBatch(pixels, facts)


def object_facts(content: Content) -> list[dict[str, int]]:
    """Return the labels of each object, in the order of a drawing's centres."""
    colours = tuple(COLOURS)
    if isinstance(content, Chart):
        return [{"kind": 2, "colour": colours.index(bar.colour), "value": bar.value} for bar in content.bars]
    if isinstance(content, TrailMap):
        return list(map(_card_facts, content.cards))
    assert isinstance(content, Scene)
    return [
        {
            "kind": 1,
            "colour": colours.index(thing.colour),
            "shape": SHAPES.index(thing.shape),
            "size": SIZES.index(thing.size),
        }
        for thing in content.things
    ]


def _card_facts(card: Card) -> dict[str, int]:
    facts = {"kind": 3}
    for name, found, all_of_it in (
        ("colour", card.colour, tuple(COLOURS)),
        ("shape", card.key, SHAPES),
        ("next", card.next, CELLS),
        ("thing", card.thing, THINGS),
    ):
        if found:
            facts[name] = all_of_it.index(found)
    return facts


def encode_pictures(model: MllamaForConditionalGeneration, pixels: torch.Tensor) -> torch.Tensor:
    """Run the vision tower.

    Args:
        model: An Mllama with one tile.
        pixels: (pictures, 1, 1, 3, edge, edge).

    Returns:
        (pictures, 1 + patches, width): the class position first, then the patches in reading order.
    """
    ones = torch.ones(len(pixels), 1, dtype=torch.long, device=pixels.device)
    output = model.model.vision_model(pixels, aspect_ratio_ids=ones, aspect_ratio_mask=ones[..., None])
    states: torch.Tensor = output.last_hidden_state
    return states[:, 0, 0]


def train_vision(
    model: MllamaForConditionalGeneration,
    processor: MllamaProcessor,
    *,
    steps: int,
    seed: int,
    dtype: torch.dtype,
    log: Callable[[str], None],
    workers: int,
    pictures: int = 48,
    rate: float = 1e-3,
    puzzle_share: float = 0.4,
    state: TrainingState,
) -> None:
    """Train the vision tower to tell what each patch shows, going on from a state.

    ``dtype`` is what products are computed in, ``workers`` how many processes draw the pictures.
    """
    device = next(model.parameters()).device
    torch.manual_seed(seed)
    tower = model.model.vision_model
    vision_config = model.config.vision_config
    assert isinstance(vision_config, MllamaVisionConfig)
    head = nn.Linear(vision_config.vision_output_dim, sum(FACTS.values())).to(device)
    optimizer = Optimizer([(tower, rate), (nn.ModuleDict({"head": head}), rate)], warmup=60, dtype=dtype)
    dataset = PatchBatches(
        processor,
        seed=seed,
        pictures=pictures,
        easy_share=0.3,
        puzzle_share=puzzle_share,
        first=state.num_done,
    )
    state.restore(model, optimizer, head)
    started = time.monotonic()
    model.train()
    batches = DataLoader(dataset, batch_size=None, num_workers=workers, prefetch_factor=4)
    for number, batch in enumerate(batches, start=state.num_done + 1):
        facts = {name: labels.to(device) for name, labels in batch.facts.items()}
        with torch.autocast(device.type, dtype=dtype, enabled=dtype is not torch.float32):
            patches = encode_pictures(model, batch.pixels.to(device))[:, 1:]
            outputs = head(patches).float().split(list(FACTS.values()), -1)
        losses = {
            name: functional.cross_entropy(output.flatten(0, 1), facts[name].flatten(), ignore_index=NOTHING)
            for name, output in zip(FACTS, outputs, strict=True)
            if (facts[name] != NOTHING).any()
        }
        # Most patches show nothing: the kind counts more so that objects are found at all.
        total = torch.stack([loss * (4 if name == "kind" else 1) for name, loss in losses.items()]).sum()
        total.backward()
        optimizer.step(number / steps, decay_from=0.6)
        if number % 50 == 0 or number == steps:
            seconds = time.monotonic() - started
            loss = float(total.detach())
            log(f"vision {number}/{steps} loss {loss:.3f} {_shares(outputs, facts)} {seconds:.0f} s")
        if number == steps:
            return
        state.keep(number, model, optimizer, head)


def _shares(outputs: Sequence[torch.Tensor], facts: dict[str, torch.Tensor]) -> str:
    """Write for each fact the share of objects on which it is told right."""
    shares = []
    for (name, labels), output in zip(facts.items(), outputs, strict=True):
        # The kind of a patch without an object is left out: nearly all are, and nearly all are right.
        is_counted = labels > 0 if name == "kind" else labels != NOTHING
        shares.append(f"{name} {float((output.argmax(-1) == labels)[is_counted].float().mean()):.3f}")
    return " ".join(shares)
