"""Reading prompts: only what no earlier prompt began with, each token once, without padding."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch

from langchain_llava_o1.engine.cache.prefix_tree import Found, PrefixTree, count_alike
from langchain_llava_o1.engine.cache.states import States, join_states
from langchain_llava_o1.engine.cross_attention import PromptCrossAttention, find_cross_attention
from langchain_llava_o1.engine.memory import CacheBytes
from langchain_llava_o1.engine.mllama.attention import PrefillAttention, PrefillChunk
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.mllama.vision import PictureEncoder
from langchain_llava_o1.engine.prompt import PrefilledPrompt, PreparedPrompt, PromptKey, ScoreJob

# Enough to keep any device busy; with more, what a pass computes no longer stays in a processor's caches.
_MAX_TOKENS_PER_PASS = 1024
# Reading fewer tokens once instead of twice is not worth a pass of its own.
_LEAST_SHARED = 12


@dataclass
class _PendingPrompt:
    """A prompt that is not read to its end."""

    prompt: PreparedPrompt
    cross_attention: PromptCrossAttention
    num_cached: int


class _PlannedChunk(NamedTuple):
    """The next tokens to read of a prompt."""

    pending: _PendingPrompt
    found: Found
    end: int


class Prefiller:
    """Reads prompts with one model, and remembers what it read.

    Attributes:
        num_read: Tokens that went through the model so far.
        num_passes: Passes in which they did.
        tree: What it remembers.
    """

    def __init__(
        self, model: Mllama, pictures: PictureEncoder, tree: PrefixTree, image_token_id: int
    ) -> None:
        """Prepare to read prompts in which ``image_token_id`` stands for a picture."""
        self._model = model
        self._pictures = pictures
        self._image_token_id = image_token_id
        self.tree = tree
        self.num_read = self.num_passes = 0

    def read(self, prompts: Sequence[PreparedPrompt]) -> dict[PromptKey, PrefilledPrompt]:
        """Read prompts together, equal ones once.

        Where several begin with the same new tokens, those are read first and once.
        """
        distinct = {prompt.key: prompt for prompt in prompts}
        encoded = self._pictures.encode(
            picture for prompt in distinct.values() for picture in prompt.pictures
        )
        waiting: dict[PromptKey, _PendingPrompt] = {}
        for key, prompt in distinct.items():
            pictures = [encoded[picture.key] for picture in prompt.pictures]
            cross_attention = find_cross_attention(prompt.token_ids, pictures, self._image_token_id)
            waiting[key] = _PendingPrompt(prompt, cross_attention, -1)
        done: dict[PromptKey, PrefilledPrompt] = {}
        while waiting:
            for planned in _within_limits(self._plan(waiting)):
                done.update(self._read_planned(planned))
            waiting = {key: pending for key, pending in waiting.items() if key not in done}
        self.tree.shrink()
        return done

    @property
    def num_encoded(self) -> int:
        """Pictures that went through the vision tower so far."""
        return self._pictures.num_encoded

    def forget(self) -> None:
        """Empty the memory of texts and pictures; no later answer changes."""
        self.tree.clear()
        self._pictures.forget()
        if self._model.device.type == "cuda":
            torch.cuda.empty_cache()

    def enlarge_caches(self, caches: CacheBytes) -> None:
        """Let the memory of texts and pictures take more than before; less changes nothing."""
        self.tree.enlarge(caches.for_text)
        self._pictures.enlarge(caches.for_pictures)

    def _plan(self, waiting: dict[PromptKey, _PendingPrompt]) -> list[_PlannedChunk]:
        """Choose what to read next of each prompt; those whose beginning another one reads have to wait."""
        by_branch: dict[object, list[_PlannedChunk]] = {}
        for key, pending in waiting.items():
            # The last token is always read: the logits after it are not remembered.
            found = self.tree.find(key.pictures, key.token_ids[:-1])
            if pending.num_cached < 0:
                pending.num_cached = found.num_tokens
            branch = key.pictures, key.token_ids[: found.num_tokens + 1]
            by_branch.setdefault(branch, []).append(_PlannedChunk(pending, found, len(key.token_ids)))
        chosen: list[_PlannedChunk] = []
        for alike in by_branch.values():
            start = alike[0].found.num_tokens
            fork = _count_shared([planned.pending.prompt.token_ids for planned in alike])
            is_shared = len(alike) > 1 and fork - start >= _LEAST_SHARED
            chosen += [alike[0]._replace(end=fork)] if is_shared else alike
        return [
            planned._replace(end=min(planned.end, planned.found.num_tokens + _MAX_TOKENS_PER_PASS))
            for planned in chosen
        ]

    def _read_planned(self, planned: Sequence[_PlannedChunk]) -> dict[PromptKey, PrefilledPrompt]:
        chunks = []
        token_ids: list[int] = []
        positions: list[int] = []
        for pending, found, end in planned:
            start = found.num_tokens
            chunks.append(
                PrefillChunk(
                    num_tokens=end - start,
                    prefix=join_states(found.parts) if found.parts else None,
                    spans=pending.cross_attention.spans_between(start, end),
                )
            )
            token_ids += pending.prompt.token_ids[start:end]
            positions += range(start, end)
        hidden, states_of_chunks = self._read_chunks(chunks, token_ids, positions)
        lasts = torch.tensor([chunk.num_tokens for chunk in chunks]).cumsum(0) - 1
        is_whole = torch.tensor([each.end == len(each.pending.prompt.token_ids) for each in planned])
        done: dict[PromptKey, PrefilledPrompt] = {}
        if bool(is_whole.any()):
            logits = iter(self._model.logits(hidden[lasts[is_whole].to(hidden.device)]))
        for (pending, found, end), states in zip(planned, states_of_chunks, strict=True):
            key = pending.prompt.key
            self.tree.insert(key.pictures, key.token_ids[:end], states)
            if end == len(key.token_ids):
                done[key] = PrefilledPrompt(
                    (*found.parts, states), next(logits), pending.cross_attention, pending.num_cached
                )
        return done

    def _read_chunks(
        self, chunks: Sequence[PrefillChunk], token_ids: Sequence[int], positions: Sequence[int]
    ) -> tuple[torch.Tensor, list[States]]:
        """Read chunks in one pass; return the hidden state of each token and the states of each chunk."""
        device = self._model.device
        attention = PrefillAttention(self._model, chunks)
        hidden = self._model.forward(
            torch.tensor(token_ids, device=device), torch.tensor(positions, device=device), attention
        )
        self.num_read += len(token_ids)
        self.num_passes += 1
        return hidden, attention.states()

    def score(self, jobs: Sequence[ScoreJob]) -> list[list[float]]:
        """Compute how likely texts are to follow prompts, all of them in one pass after the prompts.

        Returns:
            For each job and each of its continuations the sum of its tokens' log-probabilities.
        """
        read = self.read([job.prompt for job in jobs])
        device = self._model.device
        chunks: list[PrefillChunk] = []
        token_ids: list[int] = []
        positions: list[int] = []
        # Texts that differ in their last token alone are read once, and their last tokens not at all.
        chunk_of: dict[tuple[PromptKey, tuple[int, ...]], int] = {}
        for job in jobs:
            key = job.prompt.key
            prefix = join_states(read[key].parts)
            span = read[key].cross_attention.spans[-1]
            for begun in (tokens[:-1] for tokens in job.continuations):
                if begun and (key, begun) not in chunk_of:
                    chunk_of[key, begun] = len(chunks)
                    chunks.append(PrefillChunk(len(begun), prefix, (span._replace(num_tokens=len(begun)),)))
                    token_ids += begun
                    positions += range(len(prefix), len(prefix) + len(begun))
        rest: Sequence[torch.Tensor] = ()
        if chunks:
            hidden, _ = self._read_chunks(chunks, token_ids, positions)
            rest = self._model.logits(hidden).split([chunk.num_tokens for chunk in chunks])
        sums = []
        for job in jobs:
            first = read[job.prompt.key].logits[None]
            for tokens in job.continuations:
                index = chunk_of.get((job.prompt.key, tokens[:-1]))
                logits = first if index is None else torch.cat((first, rest[index]))
                wanted = torch.tensor(tokens, device=device)[:, None]
                sums.append(logits.log_softmax(dim=-1).gather(-1, wanted).sum())
        read_sums = iter(torch.stack(sums).tolist())
        return [[next(read_sums) for _ in job.continuations] for job in jobs]


def _count_shared(texts: Sequence[tuple[int, ...]]) -> int:
    """Count the tokens that all texts begin with."""
    # The first and the last in order differ soonest.
    return count_alike(min(texts), max(texts))


def _within_limits(planned: Sequence[_PlannedChunk]) -> Iterator[list[_PlannedChunk]]:
    """Group what is to be read so that no pass is too large."""
    group: list[_PlannedChunk] = []
    num_tokens = 0
    for each in planned:
        length = each.end - each.found.num_tokens
        if group and num_tokens + length > _MAX_TOKENS_PER_PASS:
            yield group
            group, num_tokens = [], 0
        group.append(each)
        num_tokens += length
    if group:
        yield group
