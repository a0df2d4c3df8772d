"""The steps on text: staged answers and verdicts about pictures."""

import time
from collections.abc import Callable, Iterable

import torch
from torch.nn import functional
from transformers import MllamaForConditionalGeneration

from recipes.tiny.batches import Batch, TextBatch
from recipes.tiny.optimizer import Optimizer
from recipes.tiny.token_sequence import IGNORED
from recipes.tiny.training_state import TrainingState
from recipes.tiny.vision import encode_pictures

ANY_CHOICE_WEIGHT = 4.0
"""Of the one token that takes a key or a colour, against the many that follow where it leads."""


def text_loss(model: MllamaForConditionalGeneration, states: torch.Tensor, text: TextBatch) -> torch.Tensor:
    """Sum the weighted cross-entropy of a text batch.

    Args:
        model: The model.
        states: (pictures, positions, width) cross-attention states.
        text: Sequences about those pictures.
    """
    device = states.device
    tokens, labels = text.tokens.to(device), text.labels.to(device)
    # A token sees the picture shown last before it; what is before the first (the turn's header) sees none.
    num_shown = (tokens == model.config.image_token_index).cumsum(1)
    most = max(1, int(num_shown.max()))
    seen = num_shown[:, :, None] == torch.arange(1, most + 1, device=device)
    shown = states[text.pictures[:, :most].to(device)].flatten(1, 2)
    hidden = model.model(
        input_ids=tokens,
        cross_attention_states=shown,
        cross_attention_mask=seen.long()[..., None],
        use_cache=False,
    ).last_hidden_state
    is_learned = labels[:, 1:] != IGNORED
    logits = model.lm_head(hidden[:, :-1][is_learned]).float()
    losses = functional.cross_entropy(logits, labels[:, 1:][is_learned], reduction="none")
    total = losses @ text.weights.to(device)[:, 1:][is_learned]
    if len(text.places):
        rows, places = text.places.to(device).T
        likely = model.lm_head(hidden[rows, places - 1]).float().log_softmax(-1)
        total = total + ANY_CHOICE_WEIGHT * _choice_losses(likely, text.choices.to(device)).sum()
    return total


def _choice_losses(likely: torch.Tensor, choices: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy of choices of which each is as good.

    Args:
        likely: (choices, vocabulary) log-probabilities.
        choices: (choices, most tokens) the tokens, ``IGNORED`` after them.
    """
    is_choice = choices != IGNORED
    found = likely.gather(1, choices.clamp(min=0)) * is_choice
    return -found.sum(1) / is_choice.sum(1)


def train_text(
    model: MllamaForConditionalGeneration,
    batches: Iterable[Batch],
    *,
    steps: int,
    name: str,
    rate: float,
    vision_rate: float,
    decay_from: float,
    dtype: torch.dtype,
    log: Callable[[str], None],
    state: TrainingState,
) -> None:
    """Train the whole model on batches of sequences.

    Args:
        model: The model, changed in place.
        batches: At least ``steps`` batches, without those that the state is past.
        steps: Optimizer steps, those that are done included.
        name: Shown in the log.
        rate: Peak learning rate of the language model.
        vision_rate: Peak learning rate of the vision tower, which already sees.
        decay_from: Share of the steps after which learning rates fall to zero.
        dtype: What products are computed in.
        log: Called with a line now and then.
        state: Where an earlier run stopped, and where this one is kept.
    """
    device = next(model.parameters()).device
    optimizer = Optimizer(
        [
            (model.model.vision_model, vision_rate),
            (model.model.multi_modal_projector, rate),
            (model.model.language_model, rate),
            (torch.nn.ModuleDict({"head": model.lm_head}), rate),
        ],
        warmup=100,
        dtype=dtype,
    )
    state.restore(model, optimizer)
    model.train()
    started = time.monotonic()
    average = 0.0
    first = state.num_done + 1
    for number, batch in enumerate(batches, start=first):
        with torch.autocast(device.type, dtype=dtype, enabled=dtype is not torch.float32):
            patches = encode_pictures(model, batch.pixels.to(device))
            states = model.model.multi_modal_projector(patches)
        # The pictures are encoded once for all parts; their gradient is collected here.
        shared = states.detach().requires_grad_()
        learned = sum(
            float(text.weights[text.labels != IGNORED].sum()) + ANY_CHOICE_WEIGHT * len(text.places)
            for text in batch.texts
        )
        total = 0.0
        for text in batch.texts:
            with torch.autocast(device.type, dtype=dtype, enabled=dtype is not torch.float32):
                loss = text_loss(model, shared, text) / learned
            loss.backward()
            total += float(loss.detach())
        states.backward(shared.grad)
        norm = optimizer.step(number / steps, decay_from=decay_from)
        average = total if number == first else 0.98 * average + 0.02 * total
        if number % 50 == 0 or number == steps:
            seconds = time.monotonic() - started
            log(f"{name} {number}/{steps} loss {average:.4f} norm {norm:.2f} {seconds:.0f} s")
        if number == steps:
            return
        state.keep(number, model, optimizer)
