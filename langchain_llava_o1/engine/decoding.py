"""The batch of rows that are generated together: rows join, choose tokens, and leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import torch

from langchain_llava_o1.engine.cache import CachedRows, join_rows
from langchain_llava_o1.engine.mllama import Mllama, Sight, additive_mask
from langchain_llava_o1.engine.prefill import Prefilled, Prefiller, PreparedPrompt
from langchain_llava_o1.engine.request import Sampling
from langchain_llava_o1.engine.sampling import RowSampler

if TYPE_CHECKING:
    from transformers.cache_utils import Cache

OwnerT = TypeVar("OwnerT")

# Finished rows keep their place until this share of the batch is idle: moving rows copies their cache.
_IDLE_SHARE = 0.25


@dataclass(eq=False)
class Row(Generic[OwnerT]):
    """One answer being generated.

    Attributes:
        prompt: What it starts from.
        sampling: How its tokens are chosen.
        stream: Its own randomness.
        owner: Whatever the caller wants to find again.
        is_finished: Set by the caller; the row then leaves the batch.
    """

    prompt: PreparedPrompt
    sampling: Sampling
    stream: Random
    owner: OwnerT
    is_finished: bool = False


class Chosen(NamedTuple, Generic[OwnerT]):
    """The next token of a row, and its log-probability at temperature 1."""

    row: Row[OwnerT]
    token_id: int
    logprob: float


@dataclass(frozen=True)
class _Block:
    """Rows that share a cache.

    ``num_tokens[i]`` tokens of row ``i`` stand at the end of the cache; what is before is padding.
    """

    cache: "Cache"
    logits: torch.Tensor
    num_tokens: list[int]
    is_visible: torch.Tensor


@dataclass(frozen=True)
class _Part(Generic[OwnerT]):
    """Rows to take from a block, and whose they are."""

    block: _Block
    indices: list[int]
    rows: list[Row[OwnerT]]


@dataclass
class _Running(Generic[OwnerT]):
    """A block being decoded, with what each step needs.

    Attributes:
        rows: Whose rows they are, in batch order.
        block: The rows, as they were when they joined, but for the cache, which grows.
        sampler: How they choose.
        logits: For the next choice.
        chosen_ids: The last choice, not yet read.
        num_steps: Tokens read since the rows joined.
        positions: Tensor ``[rows, 1]``, position of the next token to read.
        starts: Tensor ``[rows, 1]``, first cache column that is not padding.
        sight: What the next token of each row sees.
    """

    rows: list[Row[OwnerT]]
    block: _Block
    sampler: RowSampler
    logits: torch.Tensor
    chosen_ids: torch.Tensor | None
    num_steps: int
    positions: torch.Tensor
    starts: torch.Tensor
    sight: Sight


class DecodeBatch(Generic[OwnerT]):
    """Rows that take one step at a time together.

    A turn of the loop is ``admit`` (when rows wait), ``choose``, then ``advance``.
    """

    def __init__(self, model: Mllama, prefiller: Prefiller) -> None:
        """Start an empty batch on a model."""
        self._model = model
        self._prefiller = prefiller
        self._running: _Running[OwnerT] | None = None

    @property
    def active_rows(self) -> list[Row[OwnerT]]:
        """Rows that are not finished."""
        return [row for row in self._running.rows if not row.is_finished] if self._running else []

    def clear(self) -> None:
        """Drop all rows."""
        self._running = None

    def admit(self, rows: Sequence[Row[OwnerT]]) -> None:
        """Read the prompts of new rows, equal ones once, and add the rows to the batch.

        When this fails, the batch is as it was.
        """
        waiting: dict[object, list[Row[OwnerT]]] = {}
        for row in rows:
            waiting.setdefault(row.prompt.key, []).append(row)
        parts = [self._keep_active(self._running)] if self._running and self.active_rows else []
        for prefilled in self._prefiller.read([same[0].prompt for same in waiting.values()]):
            joining = [
                (index, row) for index, prompt in enumerate(prefilled.prompts) for row in waiting[prompt.key]
            ]
            block = _block_of(prefilled)
            parts.append(_Part(block, [index for index, _ in joining], [row for _, row in joining]))
        self._running = self._join(parts)

    def choose(self) -> list[Chosen[OwnerT]]:
        """Choose the next token of every row that is not finished."""
        running = self._running
        if running is None:
            return []
        choice = running.sampler.choose(running.logits)
        running.chosen_ids = choice.token_ids
        chosen = zip(running.rows, choice.token_ids.tolist(), choice.logprobs.tolist(), strict=True)
        return [Chosen(row, token_id, logprob) for row, token_id, logprob in chosen if not row.is_finished]

    def advance(self) -> None:
        """Let the rows that are not finished read the tokens chosen for them."""
        running = self._running
        num_active = len(self.active_rows)
        if running is None or not num_active:
            self.clear()
            return
        chosen_ids = running.chosen_ids
        assert chosen_ids is not None
        if num_active <= (1 - _IDLE_SHARE) * len(running.rows):
            kept = self._keep_active(running)
            chosen_ids = chosen_ids[kept.indices]
            self._running = running = self._join([kept])
        length = max(running.block.num_tokens) + running.num_steps + 1
        columns = torch.arange(length, device=running.starts.device)
        running.logits = self._model.next_logits(
            chosen_ids[:, None],
            running.positions,
            running.block.cache,
            mask=(columns >= running.starts)[:, None, None],
            sight=running.sight,
        )
        running.num_steps += 1
        running.positions = running.positions + 1

    def _keep_active(self, running: _Running[OwnerT]) -> _Part[OwnerT]:
        """Take the rows that are not finished, as they are now."""
        block = _Block(
            cache=running.block.cache,
            logits=running.logits,
            num_tokens=[count + running.num_steps for count in running.block.num_tokens],
            is_visible=running.block.is_visible,
        )
        indices = [index for index, row in enumerate(running.rows) if not row.is_finished]
        return _Part(block, indices, [running.rows[index] for index in indices])

    def _join(self, parts: Sequence[_Part[OwnerT]]) -> _Running[OwnerT]:
        """Make one batch of the parts, no wider than its longest row needs."""
        device = self._model.device
        rows = [row for part in parts for row in part.rows]
        num_tokens = [part.block.num_tokens[index] for part in parts for index in part.indices]
        num_pictures = max(len(row.prompt.pictures) for row in rows)
        num_positions = self._model.positions_per_picture * num_pictures
        has_pictures = torch.tensor([bool(row.prompt.pictures) for row in rows], device=device)
        is_visible = torch.cat([_fit_width(part, num_positions) for part in parts]) | ~has_pictures[:, None]
        block = _Block(
            cache=join_rows(
                [CachedRows(part.block.cache, part.indices) for part in parts],
                cross_layers=self._model.cross_layers,
                num_tokens=max(num_tokens),
                num_positions=num_positions,
            ),
            logits=torch.cat([part.block.logits[part.indices] for part in parts]),
            num_tokens=num_tokens,
            is_visible=is_visible,
        )
        positions = torch.tensor(num_tokens, device=device)[:, None]
        is_masked = num_pictures > 0 and not bool(is_visible.all())
        is_mixed = num_pictures > 0 and not bool(has_pictures.all())
        dtype = self._model.dtype
        return _Running(
            rows=rows,
            block=block,
            sampler=RowSampler([row.sampling for row in rows], [row.stream for row in rows], device),
            logits=block.logits,
            chosen_ids=None,
            num_steps=0,
            positions=positions,
            starts=max(num_tokens) - positions,
            sight=Sight(
                mask=additive_mask(is_visible, dtype)[:, None, None] if is_masked else None,
                has_sight=has_pictures.to(dtype)[:, None, None, None] if is_mixed else None,
            ),
        )


def _block_of(prefilled: Prefilled) -> _Block:
    return _Block(
        cache=prefilled.cache,
        logits=prefilled.logits,
        num_tokens=[len(prompt.token_ids) for prompt in prefilled.prompts],
        is_visible=prefilled.is_visible,
    )


def _fit_width(part: _Part[OwnerT], width: int) -> torch.Tensor:
    """Take what the part's rows see, cut or filled to ``width`` image positions."""
    is_visible = part.block.is_visible[part.indices]
    fitted = is_visible.new_zeros(is_visible.shape[0], width)
    taken = min(width, is_visible.shape[1])
    fitted[:, :taken] = is_visible[:, :taken]
    return fitted
