"""Who attends to what: passages of prompts while they are read, rows of a batch while they are generated."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch

from langchain_llava_o1.engine.cache.slots import Slots
from langchain_llava_o1.engine.cache.states import States
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.mllama.tiled_attention import attend
from langchain_llava_o1.engine.mllama.transfer import send

# Of one layer. Larger states are attended to group by group, so that they are never copied.
_MOST_BYTES_TO_STACK = 2**20


class Glance(NamedTuple):
    """What some consecutive tokens of a prompt look at.

    Attributes:
        num_tokens: How many tokens.
        states: The pictures they attend to; None in a prompt without pictures.
        sees: Whether those count as seen: tokens before the first picture attend to all of them unseeing.
    """

    num_tokens: int
    states: States | None
    sees: bool


class Passage(NamedTuple):
    """Consecutive tokens of one prompt, to be read at once.

    Attributes:
        num_tokens: How many.
        prefix: States of the tokens before them; None at the beginning.
        glances: What they look at.
    """

    num_tokens: int
    prefix: States | None
    glances: tuple[Glance, ...]


class PassageAttention:
    """Passages read side by side, each attending to its own prompt alone."""

    def __init__(self, model: Mllama, passages: Sequence[Passage]) -> None:
        """Lay passages out one after the other."""
        device, dtype = model.device, model.dtype
        num_groups = model.num_heads // model.num_key_heads
        self._passages = passages
        self._sizes = [passage.num_tokens for passage in passages]
        self._masks = [_causal_mask(passage, num_groups, device, dtype) for passage in passages]
        self._read: list[torch.Tensor] = []
        glances = [glance for passage in passages for glance in passage.glances]
        self.has_pictures = any(glance.states is not None for glance in glances)
        self.sight: torch.Tensor | None = None
        if not all(glance.sees for glance in glances):
            sees = torch.tensor([glance.sees for glance in glances], device=device)
            counts = torch.tensor([glance.num_tokens for glance in glances], device=device)
            self.sight = sees.repeat_interleave(counts)[:, None].to(dtype)

    def states(self) -> list[States]:
        """Take the keys and values of each passage, once it is read."""
        split = zip(*(layer.split(self._sizes, dim=2) for layer in self._read), strict=True)
        return [States(layers) for layers in split]

    def attend_to_text(
        self, layer: int, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor
    ) -> torch.Tensor:
        """Attend to the tokens before each token in its prompt and to itself."""
        read = torch.stack((keys, values)).transpose(1, 2)
        self._read.append(read)
        found = []
        parts = zip(
            self._passages,
            self._masks,
            queries.split(self._sizes),
            read.split(self._sizes, dim=2),
            strict=True,
        )
        for passage, mask, asked, own in parts:
            known = own if passage.prefix is None else torch.cat((passage.prefix.layers[layer], own), dim=2)
            found.append(_attend(asked, known, None if mask is None else mask.to(known.device)))
        return torch.cat(found)

    def attend_to_pictures(self, layer: int, queries: torch.Tensor) -> torch.Tensor:
        """Attend to the pictures that each token's glance goes to."""
        glances = [glance for passage in self._passages for glance in passage.glances]
        asked = queries.split([glance.num_tokens for glance in glances])
        return torch.cat(
            [
                torch.zeros_like(part)
                if glance.states is None
                else _attend(part, glance.states.layers[layer])
                for glance, part in zip(glances, asked, strict=True)
            ]
        )


@dataclass(frozen=True)
class Sharing:
    """Rows of a batch that attend to the same states.

    Attributes:
        rows: Their places in the batch, ``[rows]``; None for all.
        states: What they share.
    """

    rows: torch.Tensor | None
    states: States


@dataclass(frozen=True)
class Stack:
    """Groups of rows, each group attending to the same states, all states of one length.

    Attributes:
        rows: Places of the rows in the batch, ``[groups, most rows]``, those of a smaller group repeated.
        layers: One tensor ``[2, groups, key heads, positions, size]`` for each layer.
    """

    rows: torch.Tensor
    layers: tuple[torch.Tensor, ...]


class StepAttention:
    """The next token of each row: it attends to what its row shares with others, then to the row's own."""

    def __init__(
        self,
        model: Mllama,
        slots: Slots,
        prefixes: Sequence[Sharing],
        pictures: Sequence[Stack],
        sight: torch.Tensor | None,
    ) -> None:
        """Lay a batch out.

        Args:
            model: For its sizes.
            slots: The rows' own states, in batch order.
            prefixes: Rows with the beginning of their texts.
            pictures: Rows with the pictures they see.
            sight: ``[rows, 1]``, 1 for rows that see a picture; None if all do.
        """
        self._num_key_heads = model.num_key_heads
        self._scale = 1.0 / math.sqrt(model.head_size)
        self._slots = slots
        self._prefixes = prefixes
        self._pictures = pictures
        # All of them side by side, so that they are picked out and put back once.
        self._num_looking = [stack.rows.numel() for stack in pictures]
        self._looking = torch.tensor([], dtype=torch.long)
        if pictures:
            self._looking = torch.cat([stack.rows.flatten() for stack in pictures])
        self.has_pictures = bool(pictures)
        self.sight = sight

    def attend_to_text(
        self, layer: int, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor
    ) -> torch.Tensor:
        """Attend to shared and own tokens; the new ones are kept."""
        own = self._slots.append(layer, keys, values)
        asked = queries.unflatten(1, (self._num_key_heads, -1)) * self._scale
        scores = (asked @ own[0].transpose(-1, -2)).float()
        if self._slots.mask is not None:
            scores = scores + self._slots.mask.to(scores.device)
        tail = _Weighed.of(scores, own[1])
        shared = [self._weigh_prefix(layer, asked, sharing) for sharing in self._prefixes]
        if not shared:
            return tail.mean().to(queries.dtype).flatten(1, 2)
        if len(shared) == 1 and self._prefixes[0].rows is None:
            return tail.joined(shared[0]).mean().to(queries.dtype).flatten(1, 2)
        before = tail.nothing()
        for sharing, weighed in zip(self._prefixes, shared, strict=True):
            before.put(sharing.rows, weighed)
        return tail.joined(before).mean().to(queries.dtype).flatten(1, 2)

    def _weigh_prefix(self, layer: int, asked: torch.Tensor, sharing: Sharing) -> "_Weighed":
        keys, values = sharing.states.layers[layer]
        chosen = asked if sharing.rows is None else asked[sharing.rows.to(asked.device)]
        # All rows ask at once, so that what they share is read from memory once.
        together = chosen.transpose(0, 1).flatten(1, 2)
        weighed = _Weighed.of((together @ keys.transpose(-1, -2)).float(), values)
        return weighed.unfold(len(chosen))

    def attend_to_pictures(self, layer: int, queries: torch.Tensor) -> torch.Tensor:
        """Attend to the pictures that each row sees."""
        rows = self._looking.to(queries.device)
        # The heads that share keys ask as if they were more rows.
        asked = queries[rows].unflatten(1, (self._num_key_heads, -1))
        answers = []
        for stack, part in zip(self._pictures, asked.split(self._num_looking), strict=True):
            keys, values = stack.layers[layer]
            grouped = part.unflatten(0, stack.rows.shape).transpose(1, 2)
            answered = attend(grouped.flatten(2, 3), keys, values)
            answers.append(answered.unflatten(2, grouped.shape[2:4]).transpose(1, 2).flatten(0, 1))
        found = torch.zeros_like(queries)
        found[rows] = torch.cat(answers).flatten(1, 2)
        return found


class _Weighed(NamedTuple):
    """Values weighed by scores, not yet divided by the weights' total, so that parts can be joined.

    Attributes:
        top: The highest score, ``[..., 1]``.
        total: Sum of the weights relative to it, ``[..., 1]``.
        weighed: Weighed sum of the values, ``[..., size]``, float32.
    """

    top: torch.Tensor
    total: torch.Tensor
    weighed: torch.Tensor

    @classmethod
    def of(cls, scores: torch.Tensor, values: torch.Tensor) -> "_Weighed":
        top = scores.amax(dim=-1, keepdim=True)
        weights = (scores - top).exp()
        return cls(top, weights.sum(dim=-1, keepdim=True), (weights.to(values.dtype) @ values).float())

    def mean(self) -> torch.Tensor:
        return self.weighed / self.total

    def joined(self, other: "_Weighed") -> "_Weighed":
        top = torch.maximum(self.top, other.top)
        ours, theirs = (self.top - top).exp(), (other.top - top).exp()
        return _Weighed(
            top, ours * self.total + theirs * other.total, ours * self.weighed + theirs * other.weighed
        )

    def unfold(self, num_rows: int) -> "_Weighed":
        """Turn ``[key heads, rows * group, …]`` into ``[rows, key heads, group, …]``."""
        return _Weighed(*(part.unflatten(1, (num_rows, -1)).transpose(0, 1) for part in self))

    def nothing(self) -> "_Weighed":
        """Make one of the same shape that weighs nothing."""
        return _Weighed(
            torch.full_like(self.top, -torch.inf),
            torch.zeros_like(self.total),
            torch.zeros_like(self.weighed),
        )

    def put(self, rows: torch.Tensor | None, other: "_Weighed") -> None:
        for mine, theirs in zip(self, other, strict=True):
            mine[slice(None) if rows is None else rows.to(mine.device)] = theirs


def _attend(queries: torch.Tensor, states: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    """Attend with ``[tokens, heads, size]`` to ``[2, key heads, positions, size]``.

    The heads that share keys ask as if they were more tokens, so that no keys are repeated.
    """
    num_key_heads = states.shape[1]
    num_groups = queries.shape[1] // num_key_heads
    asked = queries.transpose(0, 1).unflatten(0, (num_key_heads, num_groups)).flatten(1, 2)
    found = attend(asked[None], states[None, 0], states[None, 1], mask)[0]
    answered: torch.Tensor = found.unflatten(1, (num_groups, -1)).flatten(0, 1).transpose(0, 1)
    return answered


def _causal_mask(
    passage: Passage, num_groups: int, device: torch.device, dtype: torch.dtype
) -> torch.Tensor | None:
    """Make what to add to the scores of a passage's tokens, once for each of the heads that share keys."""
    if passage.num_tokens == 1:
        return None
    num_before = len(passage.prefix) if passage.prefix is not None else 0
    shape = passage.num_tokens, num_before + passage.num_tokens
    forbidden = torch.full(shape, -torch.inf, device=device, dtype=dtype)
    return forbidden.triu_(num_before + 1).repeat(num_groups, 1)


class Group(NamedTuple):
    """Rows of equal keys and their states."""

    rows: list[int]
    states: States


def group_rows(keys: Iterable[object], states: Iterable[States | None]) -> list[Group]:
    """Put rows of equal keys together; rows without states are left out."""
    groups: dict[object, Group] = {}
    for row, (key, own) in enumerate(zip(keys, states, strict=True)):
        if own is not None and len(own):
            groups.setdefault(key, Group([], own)).rows.append(row)
    return list(groups.values())


def share(keys: Iterable[object], states: Sequence[States | None], device: torch.device) -> list[Sharing]:
    """Find the rows that share states: those of equal keys.

    Args:
        keys: What identifies each row's states.
        states: Each row's states; rows without are left out.
        device: Where the rows' places go.
    """
    return [
        Sharing(None if len(rows) == len(states) else send(rows, device), shared)
        for rows, shared in group_rows(keys, states)
    ]


def stack(keys: Iterable[object], states: Iterable[States | None], device: torch.device) -> list[Stack]:
    """Find the rows that share states, as ``share`` does; small states of one length are put side by side.

    That takes a copy, and saves a pass for each group.
    """
    by_length: dict[int, list[Group]] = {}
    large: list[list[Group]] = []
    for group in group_rows(keys, states):
        if group.states.layers[0].nbytes > _MOST_BYTES_TO_STACK:
            large.append([group])
        else:
            by_length.setdefault(len(group.states), []).append(group)
    return [_stack_groups(groups, device) for groups in (*by_length.values(), *large)]


def _stack_groups(groups: Sequence[Group], device: torch.device) -> Stack:
    most = max(len(group.rows) for group in groups)
    rows = [group.rows + group.rows[-1:] * (most - len(group.rows)) for group in groups]
    by_layer = zip(*(group.states.layers for group in groups), strict=True)
    layers = (
        layers[0].unsqueeze(1) if len(groups) == 1 else torch.stack(layers, dim=1) for layers in by_layer
    )
    return Stack(send(rows, device), tuple(layers))
