"""The batch of rows that are generated together: rows join, choose tokens, and leave."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Generic, NamedTuple, TypeVar

import torch

from langchain_llava_o1.engine.cache.prefix_tree import count_alike
from langchain_llava_o1.engine.cache.slots import Slots
from langchain_llava_o1.engine.cache.states import States, join_states
from langchain_llava_o1.engine.mllama.attention import StepAttention, share, stack
from langchain_llava_o1.engine.mllama.cuda_graphs import RecordedSteps, choose_recorder
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.mllama.transfer import send
from langchain_llava_o1.engine.prefill import PictureKeys, Prefiller, PreparedPrompt, PromptKey, ReadPrompt
from langchain_llava_o1.engine.request import Sampling
from langchain_llava_o1.engine.sampling import RandomStream, RowSampler

OwnerT = TypeVar("OwnerT")

# What rows share is attended to apart from their own text, so that it is read from memory once and never
# copied. That takes a few calls more in each layer, which cost as much as reading this many bytes.
_LEAST_BYTES_TO_SHARE = {"cpu": 2**20}
_LEAST_BYTES_TO_SHARE_ELSEWHERE = 2**26


@dataclass(eq=False)
class Row(Generic[OwnerT]):
    """One answer being generated.

    Attributes:
        prompt: What it starts from.
        sampling: How its tokens are chosen.
        stream: Its own randomness.
        owner: Whatever the caller wants to find again.
        is_finished: Set by the caller; the row then leaves the batch.
        token_ids: What it has generated.
        num_cached: How many tokens of its prompt had been read before; set when it joins a batch.
    """

    prompt: PreparedPrompt
    sampling: Sampling
    stream: RandomStream
    owner: OwnerT
    is_finished: bool = False
    token_ids: list[int] = field(default_factory=list)
    num_cached: int = 0


class Chosen(NamedTuple, Generic[OwnerT]):
    """The next token of a row, and its log-probability at temperature 1."""

    row: Row[OwnerT]
    token_id: int
    logprob: float


class _Seat(NamedTuple, Generic[OwnerT]):
    """A row in its place: what it shares with other rows, and by what that is recognised."""

    row: Row[OwnerT]
    prefix_key: PromptKey
    prefix: States | None
    picture_key: PictureKeys
    pictures: States | None

    @property
    def num_shared(self) -> int:
        return len(self.prefix_key.token_ids)


class DecodeBatch(Generic[OwnerT]):
    """Rows that take one step at a time together.

    A turn of the loop is ``admit`` (when rows wait), ``choose``, then ``advance``.

    Attributes:
        num_steps: Steps taken so far.
    """

    def __init__(self, model: Mllama, prefiller: Prefiller) -> None:
        """Start an empty batch on a model."""
        self._model = model
        self._prefiller = prefiller
        self._seats: list[_Seat[OwnerT]] = []
        self._slots = Slots(model)
        self._newcomers: list[tuple[Row[OwnerT], ReadPrompt]] = []
        self._logits: torch.Tensor | None = None
        self._sampler: RowSampler | None = None
        # Whom the sampler was made for. Rows come and go in several places, so it is checked at each choice.
        self._sampled_rows: list[Row[OwnerT]] = []
        self._attention: StepAttention | None = None
        record = choose_recorder(model)
        self._recorded = None if record is None else RecordedSteps(model, self._slots, record)
        self._is_recorded = False
        self.num_steps = 0

    @property
    def _rows(self) -> list[Row[OwnerT]]:
        return [*(seat.row for seat in self._seats), *(row for row, _ in self._newcomers)]

    @property
    def active_rows(self) -> list[Row[OwnerT]]:
        """Rows that are not finished."""
        return [row for row in self._rows if not row.is_finished]

    def clear(self) -> None:
        """Drop all rows."""
        self._seats, self._newcomers = [], []
        self._slots.keep(())
        if self._recorded is None:
            self._slots.release()
        self._logits = self._sampler = None
        self._sampled_rows = []
        self._disarrange()

    def forget(self) -> None:
        """Free what memory can be freed between two steps."""
        self._prefiller.forget()
        if self._recorded is not None:
            self._recorded.forget()
        if not self._seats:
            self._slots.release()

    def _disarrange(self) -> None:
        """Note that what the rows attend to is to be laid out again."""
        self._attention = None
        self._is_recorded = False

    def admit(self, rows: Sequence[Row[OwnerT]]) -> None:
        """Read the prompts of new rows and let the rows join.

        When this fails, the batch is as it was.
        """
        read = self._prefiller.read([row.prompt for row in rows])
        for row in rows:
            row.num_cached = read[row.prompt.key].num_cached
        self._newcomers += [(row, read[row.prompt.key]) for row in rows]

    def choose(self) -> list[Chosen[OwnerT]]:
        """Choose the next token of every row.

        When this fails, no row has changed, and it can be repeated.
        """
        rows = self._rows
        if not rows:
            return []
        if self._sampler is None or rows != self._sampled_rows:
            self._sampler = RowSampler(
                [row.sampling for row in rows], [row.stream for row in rows], self._model.device
            )
            self._sampled_rows = rows
        logits = [read.logits[None] for _, read in self._newcomers]
        if self._logits is not None:
            logits.insert(0, self._logits)
        token_ids, logprobs = self._sampler.choose(logits[0] if len(logits) == 1 else torch.cat(logits))
        for row, token_id in zip(rows, token_ids, strict=True):
            row.token_ids.append(token_id)
        return [Chosen(*chosen) for chosen in zip(rows, token_ids, logprobs, strict=True)]

    def advance(self) -> None:
        """Let the rows that are not finished read the tokens chosen for them.

        When this fails, it can be repeated.
        """
        self._logits = None
        self._let_go()
        self._seat_newcomers()
        if not self._seats:
            self.clear()
            return
        rows = [seat.row for seat in self._seats]
        token_ids = [row.token_ids[-1] for row in rows]
        positions = [
            seat.num_shared + length for seat, length in zip(self._seats, self._slots.lengths, strict=True)
        ]
        if self._attention is None and not self._is_recorded:
            self._lay_out()
        if self._is_recorded:
            assert self._recorded is not None, "it has laid the rows out"
            self._logits = self._recorded.step(token_ids, positions)
        else:
            self._logits = self._step(token_ids, positions)
        self._slots.end_step()
        self.num_steps += 1

    def _step(self, token_ids: Sequence[int], positions: Sequence[int]) -> torch.Tensor:
        assert self._attention is not None, "it is laid out before"
        device = self._model.device
        self._slots.begin_step()
        hidden = self._model.read(send(token_ids, device), send(positions, device), self._attention)
        return self._model.logits(hidden)

    def put_off(self) -> list[Row[OwnerT]]:
        """Take out the later half of the rows, to be admitted again: they go on where they were.

        It makes room where ``choose`` or ``advance`` failed, so nothing that finished rows wrote is
        remembered.

        Returns:
            The rows that were taken out; none if only one was left.
        """
        self._keep_unfinished()
        rows = self._rows
        num_kept = -(-len(rows) // 2)
        num_seated = min(num_kept, len(self._seats))
        self._slots.keep(range(num_seated))
        self._seats = self._seats[:num_seated]
        self._newcomers = self._newcomers[: num_kept - num_seated]
        if self._logits is not None:
            self._logits = self._logits[:num_seated]
        self._disarrange()
        for row in rows[num_kept:]:
            row.prompt = replace(row.prompt, token_ids=(*row.prompt.token_ids, *row.token_ids))
            row.token_ids = []
        return rows[num_kept:]

    def _lay_out(self) -> None:
        """Find out what each row attends to."""
        device = self._model.device
        seats = self._seats
        picture_keys = [seat.picture_key for seat in seats]
        pictures = [seat.pictures for seat in seats]
        if self._recorded is not None and not any(seat.num_shared for seat in seats):
            self._is_recorded = self._recorded.lay_out(picture_keys, pictures)
        if self._is_recorded:
            return
        sees = [states is not None for states in pictures]
        self._attention = StepAttention(
            self._model,
            self._slots,
            prefixes=share([seat.prefix_key for seat in seats], [seat.prefix for seat in seats], device),
            pictures=stack(picture_keys, pictures, device),
            sight=None if all(sees) else send(sees, device)[:, None].to(self._model.dtype),
        )

    def _let_go(self) -> None:
        """Take out the finished rows, and remember what they wrote: the next prompt may go on from it."""
        finished = [place for place, seat in enumerate(self._seats) if seat.row.is_finished]
        for place in finished:
            self._remember(self._seats[place], self._slots.states_of(place))
        if finished:
            self._prefiller.tree.shrink()
        self._keep_unfinished()

    def _keep_unfinished(self) -> None:
        """Take out the finished rows."""
        kept = _fill_gaps([not seat.row.is_finished for seat in self._seats])
        if len(kept) < len(self._seats):
            self._slots.keep(kept)
            self._seats = [self._seats[place] for place in kept]
            self._disarrange()
        self._newcomers = [(row, read) for row, read in self._newcomers if not row.is_finished]

    def _remember(self, seat: _Seat[OwnerT], own: States) -> None:
        prompt = seat.row.prompt
        num_tokens = seat.num_shared + len(own)
        token_ids = (*prompt.token_ids, *seat.row.token_ids)[:num_tokens]
        self._prefiller.tree.insert(prompt.key.pictures, token_ids, own)

    def _seat_newcomers(self) -> None:
        """Give new rows a place; what several of them begin with is shared, the rest becomes their own.

        When this fails, all of them are still new.
        """
        if not self._newcomers:
            return
        keys = [row.prompt.key for row, _ in self._newcomers]
        known = {seat.prefix_key: seat.prefix for seat in self._seats}
        joined: dict[PromptKey, States] = {}
        seats: list[_Seat[OwnerT]] = []
        owned: list[States | None] = []
        for (row, read), prefix_key in zip(self._newcomers, self._share(keys), strict=True):
            key = row.prompt.key
            if key not in joined:
                joined[key] = join_states(read.parts)
            num_shared = len(prefix_key.token_ids)
            if prefix_key not in known:
                known[prefix_key] = joined[key].part(0, num_shared) if num_shared else None
            seats.append(_Seat(row, prefix_key, known[prefix_key], read.scenery.seen, read.scenery.states))
            owned.append(joined[key].part(num_shared))
        self._slots.add(owned)
        self._seats += seats
        self._newcomers = []
        self._disarrange()

    def _share(self, keys: Sequence[PromptKey]) -> list[PromptKey]:
        """Choose for each prompt the beginning to share: the longest that others have, too, if it is large.

        A large prompt that is alone is shared with nobody, but not copied either.
        """
        least = _LEAST_BYTES_TO_SHARE.get(self._model.device.type, _LEAST_BYTES_TO_SHARE_ELSEWHERE)
        least_tokens = least / self._model.bytes_per_position
        longest = _longest_shared(keys)
        prefixes = [key._replace(token_ids=key.token_ids[: longest[key]]) for key in keys]
        num_rows = Counter(prefixes)
        chosen = []
        for key, prefix in zip(keys, prefixes, strict=True):
            if num_rows[prefix] * len(prefix.token_ids) >= least_tokens:
                chosen.append(prefix)
            else:
                chosen.append(key if len(key.token_ids) >= least_tokens else key._replace(token_ids=()))
        return chosen


def _fill_gaps(is_kept: Sequence[bool]) -> list[int]:
    """Order the places that are kept so that few of them move: the last ones go where others were."""
    num_kept = sum(is_kept)
    late = (place for place in range(num_kept, len(is_kept)) if is_kept[place])
    return [place if is_kept[place] else next(late) for place in range(num_kept)]


def _longest_shared(keys: Sequence[PromptKey]) -> dict[PromptKey, int]:
    """Count the tokens of each prompt that another one begins with, too; all of one that is alone."""
    num_equal = Counter(keys)
    distinct = sorted(num_equal)
    longest = dict.fromkeys(distinct, 0)
    for one, other in pairwise(distinct):
        if one.pictures == other.pictures:
            alike = count_alike(one.token_ids, other.token_ids)
            longest[one], longest[other] = max(longest[one], alike), max(longest[other], alike)
    return {
        key: len(key.token_ids) if num_equal[key] > 1 or not alike else alike
        for key, alike in longest.items()
    }
