"""The batch as it runs on the model: sequences join, choose tokens, and leave."""

from collections.abc import Sequence
from typing import NamedTuple

import torch

from langchain_llava_o1.engine.cache.slots import Slots
from langchain_llava_o1.engine.cache.states import States, join_states
from langchain_llava_o1.engine.cross_attention import PictureKeys
from langchain_llava_o1.engine.mllama.attention import DecodeAttention
from langchain_llava_o1.engine.mllama.cuda_graphs import CudaGraphSteps, choose_graph_capture
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.mllama.shared_states import share_states, stack_states
from langchain_llava_o1.engine.prefill import Prefiller
from langchain_llava_o1.engine.prefix_sharing import choose_shared_prefixes
from langchain_llava_o1.engine.prompt import PrefilledPrompt, PromptKey
from langchain_llava_o1.engine.sampling import BatchSampler
from langchain_llava_o1.engine.sequence import GeneratedSequence
from langchain_llava_o1.engine.transfer import send


class Chosen(NamedTuple):
    """The next token of a sequence, and its log-probability at temperature 1."""

    sequence: GeneratedSequence
    token_id: int
    logprob: float


class _RunningSequence(NamedTuple):
    """A sequence in a slot: what it shares with other sequences, and the keys that identify that."""

    sequence: GeneratedSequence
    prefix_key: PromptKey
    prefix: States | None
    picture_key: PictureKeys
    pictures: States | None

    @property
    def num_shared(self) -> int:
        return len(self.prefix_key.token_ids)


class ModelRunner:
    """Sequences that take one step at a time together.

    A turn of the loop is ``admit`` (when sequences wait), ``choose``, then ``advance``.

    Attributes:
        num_steps: Steps taken so far.
    """

    def __init__(self, model: Mllama, prefiller: Prefiller) -> None:
        """Start an empty batch on a model."""
        self._model = model
        self._prefiller = prefiller
        self._running: list[_RunningSequence] = []
        self._slots = Slots(model)
        self._prefilled: list[tuple[GeneratedSequence, PrefilledPrompt]] = []
        self._logits: torch.Tensor | None = None
        self._sampler: BatchSampler | None = None
        # The sequences that the sampler was made for. They come and go in several places, so this is checked
        # at each choice.
        self._sampled: list[GeneratedSequence] = []
        self._attention: DecodeAttention | None = None
        capture = choose_graph_capture(model)
        self._graph_steps = None if capture is None else CudaGraphSteps(model, self._slots, capture)
        self._uses_graph = False
        self.num_steps = 0

    @property
    def _sequences(self) -> list[GeneratedSequence]:
        return [*(each.sequence for each in self._running), *(sequence for sequence, _ in self._prefilled)]

    @property
    def active_sequences(self) -> list[GeneratedSequence]:
        """Sequences that are not finished."""
        return [sequence for sequence in self._sequences if not sequence.is_finished]

    def clear(self) -> None:
        """Drop all sequences."""
        self._running, self._prefilled = [], []
        self._slots.keep(())
        if self._graph_steps is None:
            self._slots.release()
        self._logits = self._sampler = None
        self._sampled = []
        self._invalidate_layout()

    def forget(self) -> None:
        """Free what memory can be freed between two steps."""
        self._prefiller.forget()
        if self._graph_steps is not None:
            self._graph_steps.forget()
        if not self._running:
            self._slots.release()

    def _invalidate_layout(self) -> None:
        """Note that what the sequences attend to has to be laid out again."""
        self._attention = None
        self._uses_graph = False

    def admit(self, sequences: Sequence[GeneratedSequence]) -> None:
        """Read the prompts of new sequences and let the sequences join.

        When this fails, the batch is as it was.
        """
        read = self._prefiller.read([sequence.prompt for sequence in sequences])
        for sequence in sequences:
            # A preempted sequence has more than its prompt to read again.
            if sequence.num_cached is None:
                sequence.num_cached = read[sequence.prompt.key].num_cached
        self._prefilled += [(sequence, read[sequence.prompt.key]) for sequence in sequences]

    def choose(self) -> list[Chosen]:
        """Choose the next token of every sequence.

        When this fails, no sequence has changed, and it can be repeated.
        """
        sequences = self._sequences
        if not sequences:
            return []
        if self._sampler is None or sequences != self._sampled:
            self._sampler = BatchSampler(
                [sequence.sampling for sequence in sequences],
                [sequence.stream for sequence in sequences],
                self._model.device,
            )
            self._sampled = sequences
        logits = [read.logits[None] for _, read in self._prefilled]
        if self._logits is not None:
            logits.insert(0, self._logits)
        token_ids, logprobs = self._sampler.choose(logits[0] if len(logits) == 1 else torch.cat(logits))
        for sequence, token_id in zip(sequences, token_ids, strict=True):
            sequence.token_ids.append(token_id)
        return [Chosen(*chosen) for chosen in zip(sequences, token_ids, logprobs, strict=True)]

    def advance(self) -> None:
        """Let the sequences that are not finished read the tokens chosen for them.

        When this fails, it can be repeated.
        """
        self._logits = None
        self._remove_finished()
        self._join_prefilled()
        if not self._running:
            self.clear()
            return
        sequences = [each.sequence for each in self._running]
        token_ids = [sequence.token_ids[-1] for sequence in sequences]
        positions = [
            each.num_shared + length for each, length in zip(self._running, self._slots.lengths, strict=True)
        ]
        if self._attention is None and not self._uses_graph:
            self._lay_out()
        if self._uses_graph:
            assert self._graph_steps is not None, "it has laid the sequences out"
            self._logits = self._graph_steps.step(token_ids, positions)
        else:
            self._logits = self._step(token_ids, positions)
        self._slots.end_step()
        self.num_steps += 1

    def _step(self, token_ids: Sequence[int], positions: Sequence[int]) -> torch.Tensor:
        assert self._attention is not None, "it is laid out before"
        device = self._model.device
        self._slots.begin_step()
        hidden = self._model.forward(send(token_ids, device), send(positions, device), self._attention)
        return self._model.logits(hidden)

    def preempt(self) -> list[GeneratedSequence]:
        """Take out the later half of the sequences, to be admitted again: they go on where they were.

        It makes room where ``choose`` or ``advance`` failed, so nothing that finished sequences wrote is
        remembered.

        Returns:
            The sequences that were taken out; none if only one was left.
        """
        self._keep_unfinished()
        sequences = self._sequences
        num_kept = -(-len(sequences) // 2)
        num_running = min(num_kept, len(self._running))
        self._slots.keep(range(num_running))
        self._running = self._running[:num_running]
        self._prefilled = self._prefilled[: num_kept - num_running]
        if self._logits is not None:
            self._logits = self._logits[:num_running]
        self._invalidate_layout()
        for sequence in sequences[num_kept:]:
            sequence.preempt()
        return sequences[num_kept:]

    def _lay_out(self) -> None:
        """Find out what each sequence attends to."""
        device = self._model.device
        running = self._running
        picture_keys = [each.picture_key for each in running]
        pictures = [each.pictures for each in running]
        if self._graph_steps is not None and not any(each.num_shared for each in running):
            self._uses_graph = self._graph_steps.lay_out(picture_keys, pictures)
        if self._uses_graph:
            return
        sees = [states is not None for states in pictures]
        self._attention = DecodeAttention(
            self._model,
            self._slots,
            prefixes=share_states(
                [each.prefix_key for each in running], [each.prefix for each in running], device
            ),
            pictures=stack_states(picture_keys, pictures, device),
            picture_row_mask=None if all(sees) else send(sees, device)[:, None].to(self._model.dtype),
        )

    def _remove_finished(self) -> None:
        """Take out finished sequences, and remember what they wrote: the next prompt may go on from it."""
        finished = [place for place, each in enumerate(self._running) if each.sequence.is_finished]
        for place in finished:
            self._remember(self._running[place], self._slots.states_of(place))
        if finished:
            self._prefiller.tree.shrink()
        self._keep_unfinished()

    def _keep_unfinished(self) -> None:
        """Take out the finished sequences."""
        kept = _fill_gaps([not each.sequence.is_finished for each in self._running])
        if len(kept) < len(self._running):
            self._slots.keep(kept)
            self._running = [self._running[place] for place in kept]
            self._invalidate_layout()
        self._prefilled = [(sequence, read) for sequence, read in self._prefilled if not sequence.is_finished]

    def _remember(self, finished: _RunningSequence, own: States) -> None:
        prompt = finished.sequence.prompt
        num_tokens = finished.num_shared + len(own)
        token_ids = (*prompt.token_ids, *finished.sequence.token_ids)[:num_tokens]
        self._prefiller.tree.insert(prompt.key.pictures, token_ids, own)

    def _join_prefilled(self) -> None:
        """Give new sequences a slot; what several of them begin with is shared, the rest becomes their own.

        When this fails, all of them are still new.
        """
        if not self._prefilled:
            return
        keys = [sequence.prompt.key for sequence, _ in self._prefilled]
        known = {each.prefix_key: each.prefix for each in self._running}
        joined: dict[PromptKey, States] = {}
        running: list[_RunningSequence] = []
        owned: list[States | None] = []
        for (sequence, read), prefix_key in zip(
            self._prefilled, choose_shared_prefixes(keys, self._model), strict=True
        ):
            key = sequence.prompt.key
            if key not in joined:
                joined[key] = join_states(read.parts)
            num_shared = len(prefix_key.token_ids)
            if prefix_key not in known:
                known[prefix_key] = joined[key].part(0, num_shared) if num_shared else None
            attended = read.cross_attention
            running.append(
                _RunningSequence(
                    sequence, prefix_key, known[prefix_key], attended.picture_keys, attended.states
                )
            )
            owned.append(joined[key].part(num_shared))
        self._slots.add(owned)
        self._running += running
        self._prefilled = []
        self._invalidate_layout()


def _fill_gaps(is_kept: Sequence[bool]) -> list[int]:
    """Order the places that are kept so that few of them move: the last ones go where others were."""
    num_kept = sum(is_kept)
    late = (place for place in range(num_kept, len(is_kept)) if is_kept[place])
    return [place if is_kept[place] else next(late) for place in range(num_kept)]
