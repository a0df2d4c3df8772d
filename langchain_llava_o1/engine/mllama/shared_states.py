"""Which rows of a batch attend to the same states, so that those are read from memory once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch

from langchain_llava_o1.engine.cache.states import States
from langchain_llava_o1.engine.transfer import send

# Of one layer. Larger states are attended to group by group, so that they are never copied.
_MOST_BYTES_TO_STACK = 2**20


@dataclass(frozen=True)
class SharedStates:
    """States that several rows of a batch attend to.

    Attributes:
        rows: Indices of the rows in the batch, ``[rows]``; None for all.
        states: What they share.
    """

    rows: torch.Tensor | None
    states: States


@dataclass(frozen=True)
class StackedStates:
    """Groups of rows, each group attending to the same states, all states of one length.

    Attributes:
        rows: Indices of the rows in the batch, ``[groups, most rows]``, those of a smaller group repeated.
        layers: One tensor ``[2, groups, key heads, positions, size]`` for each layer.
    """

    rows: torch.Tensor
    layers: tuple[torch.Tensor, ...]


class RowGroup(NamedTuple):
    """Rows of equal keys and their states."""

    rows: list[int]
    states: States


def group_rows(keys: Iterable[object], states: Iterable[States | None]) -> list[RowGroup]:
    """Group rows by equal keys; rows without states are left out."""
    groups: dict[object, RowGroup] = {}
    for row, (key, own) in enumerate(zip(keys, states, strict=True)):
        if own is not None and len(own):
            groups.setdefault(key, RowGroup([], own)).rows.append(row)
    return list(groups.values())


def share_states(
    keys: Iterable[object], states: Sequence[States | None], device: torch.device
) -> list[SharedStates]:
    """Find the rows that share states: those of equal keys.

    Args:
        keys: What identifies each row's states.
        states: Each row's states; rows without are left out.
        device: Where the rows' indices go.
    """
    return [
        SharedStates(None if len(rows) == len(states) else send(rows, device), shared)
        for rows, shared in group_rows(keys, states)
    ]


def stack_states(
    keys: Iterable[object], states: Iterable[States | None], device: torch.device
) -> list[StackedStates]:
    """Find the rows that share states, as ``share_states`` does, and stack small states of one length.

    That takes a copy, and saves a pass for each group.
    """
    by_length: dict[int, list[RowGroup]] = {}
    large: list[list[RowGroup]] = []
    for group in group_rows(keys, states):
        if group.states.layers[0].nbytes > _MOST_BYTES_TO_STACK:
            large.append([group])
        else:
            by_length.setdefault(len(group.states), []).append(group)
    return [_stack_groups(groups, device) for groups in (*by_length.values(), *large)]


def _stack_groups(groups: Sequence[RowGroup], device: torch.device) -> StackedStates:
    most = max(len(group.rows) for group in groups)
    rows = [group.rows + group.rows[-1:] * (most - len(group.rows)) for group in groups]
    by_layer = zip(*(group.states.layers for group in groups), strict=True)
    layers = (
        layers[0].unsqueeze(1) if len(groups) == 1 else torch.stack(layers, dim=1) for layers in by_layer
    )
    return StackedStates(send(rows, device), tuple(layers))
