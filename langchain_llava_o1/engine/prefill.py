"""Reading prompts: only what no earlier prompt began with, each token once, without padding."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
from transformers.models.mllama.processing_mllama import get_cross_attention_token_mask

from langchain_llava_o1.engine.cache.prefix_tree import Found, PrefixTree, count_alike
from langchain_llava_o1.engine.cache.states import States, join_states
from langchain_llava_o1.engine.mllama.attention import Glance, Passage, PassageAttention
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.mllama.vision import PictureEncoder, PictureStates
from langchain_llava_o1.pictures.picture import Picture

# Enough to keep any device busy; with more, what a pass computes no longer stays near a processor.
_MAX_TOKENS_PER_PASS = 1024
# Reading fewer tokens once instead of twice is not worth a pass of its own.
_LEAST_SHARED = 12

PictureKeys = tuple[bytes, ...]


class PromptKey(NamedTuple):
    """What two prompts must share to have the same keys and values."""

    pictures: PictureKeys
    token_ids: tuple[int, ...]


@dataclass(frozen=True)
class PreparedPrompt:
    """A prompt whose pictures are read.

    Attributes:
        token_ids: The tokens.
        pictures: The picture of each image token.
    """

    token_ids: tuple[int, ...]
    pictures: tuple[Picture, ...]

    @property
    def key(self) -> PromptKey:
        """Equal for prompts with equal states."""
        return PromptKey(tuple(picture.key for picture in self.pictures), self.token_ids)


@dataclass(frozen=True)
class Scenery:
    """What the tokens of a prompt look at.

    Attributes:
        glances: For all its tokens.
        seen: Keys of the pictures that the tokens after the prompt see.
        states: Their states; None in a prompt without pictures.
    """

    glances: tuple[Glance, ...]
    seen: PictureKeys
    states: States | None


@dataclass(frozen=True)
class ReadPrompt:
    """A prompt and what the model made of it.

    Attributes:
        parts: States of its tokens, to be joined.
        logits: Float32 ``[vocabulary]`` for the token after it.
        scenery: What it looks at.
        num_cached: How many of its tokens had been read before.
    """

    parts: tuple[States, ...]
    logits: torch.Tensor
    scenery: Scenery
    num_cached: int


class ScoreJob(NamedTuple):
    """A prompt and the tokens of texts that may follow it, at least one each."""

    prompt: PreparedPrompt
    continuations: tuple[tuple[int, ...], ...]


@dataclass
class _Pending:
    """A prompt that is not read to its end."""

    prompt: PreparedPrompt
    scenery: Scenery
    num_cached: int


class _Planned(NamedTuple):
    """The next tokens to read of a prompt."""

    pending: _Pending
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

    def read(self, prompts: Sequence[PreparedPrompt]) -> dict[PromptKey, ReadPrompt]:
        """Read prompts together, equal ones once.

        Where several begin with the same new tokens, those are read first and once.
        """
        distinct = {prompt.key: prompt for prompt in prompts}
        encoded = self._pictures.encode(
            picture for prompt in distinct.values() for picture in prompt.pictures
        )
        waiting = {key: _Pending(prompt, self._look(prompt, encoded), -1) for key, prompt in distinct.items()}
        done: dict[PromptKey, ReadPrompt] = {}
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

    def _plan(self, waiting: dict[PromptKey, _Pending]) -> list[_Planned]:
        """Choose what to read next of each prompt; those whose beginning another one reads have to wait."""
        by_branch: dict[object, list[_Planned]] = {}
        for key, pending in waiting.items():
            # The last token is always read: what may follow it is not remembered.
            found = self.tree.find(key.pictures, key.token_ids[:-1])
            if pending.num_cached < 0:
                pending.num_cached = found.num_tokens
            branch = key.pictures, key.token_ids[: found.num_tokens + 1]
            by_branch.setdefault(branch, []).append(_Planned(pending, found, len(key.token_ids)))
        chosen: list[_Planned] = []
        for alike in by_branch.values():
            start = alike[0].found.num_tokens
            fork = _count_shared([planned.pending.prompt.token_ids for planned in alike])
            is_shared = len(alike) > 1 and fork - start >= _LEAST_SHARED
            chosen += [alike[0]._replace(end=fork)] if is_shared else alike
        return [
            planned._replace(end=min(planned.end, planned.found.num_tokens + _MAX_TOKENS_PER_PASS))
            for planned in chosen
        ]

    def _read_planned(self, planned: Sequence[_Planned]) -> dict[PromptKey, ReadPrompt]:
        passages = []
        token_ids: list[int] = []
        positions: list[int] = []
        for pending, found, end in planned:
            start = found.num_tokens
            passages.append(
                Passage(
                    num_tokens=end - start,
                    prefix=join_states(found.parts) if found.parts else None,
                    glances=_clip(pending.scenery.glances, start, end),
                )
            )
            token_ids += pending.prompt.token_ids[start:end]
            positions += range(start, end)
        hidden, states_of_passages = self._read_passages(passages, token_ids, positions)
        read = list(zip(planned, passages, states_of_passages, strict=True))
        lasts = torch.tensor([passage.num_tokens for passage in passages]).cumsum(0) - 1
        is_whole = torch.tensor([each.end == len(each.pending.prompt.token_ids) for each in planned])
        done: dict[PromptKey, ReadPrompt] = {}
        if bool(is_whole.any()):
            logits = iter(self._model.logits(hidden[lasts[is_whole].to(hidden.device)]))
        for (pending, found, end), _, states in read:
            key = pending.prompt.key
            self.tree.insert(key.pictures, key.token_ids[:end], states)
            if end == len(key.token_ids):
                done[key] = ReadPrompt(
                    (*found.parts, states), next(logits), pending.scenery, pending.num_cached
                )
        return done

    def _read_passages(
        self, passages: Sequence[Passage], token_ids: Sequence[int], positions: Sequence[int]
    ) -> tuple[torch.Tensor, list[States]]:
        """Read passages; return what the model makes of each token, and the states of each passage."""
        device = self._model.device
        attention = PassageAttention(self._model, passages)
        hidden = self._model.read(
            torch.tensor(token_ids, device=device), torch.tensor(positions, device=device), attention
        )
        self.num_read += len(token_ids)
        self.num_passes += 1
        return hidden, attention.states()

    def score(self, jobs: Sequence["ScoreJob"]) -> list[list[float]]:
        """Tell how likely texts are to follow prompts; all of them are read in one pass after the prompts.

        Returns:
            For each job and each of its continuations the sum of its tokens' log-probabilities.
        """
        read = self.read([job.prompt for job in jobs])
        device = self._model.device
        passages: list[Passage] = []
        token_ids: list[int] = []
        positions: list[int] = []
        # Texts that differ in their last token alone are read once, and their last tokens not at all.
        passage_of: dict[tuple[PromptKey, tuple[int, ...]], int] = {}
        for job in jobs:
            key = job.prompt.key
            prefix = join_states(read[key].parts)
            glance = read[key].scenery.glances[-1]
            for begun in (tokens[:-1] for tokens in job.continuations):
                if begun and (key, begun) not in passage_of:
                    passage_of[key, begun] = len(passages)
                    passages.append(Passage(len(begun), prefix, (glance._replace(num_tokens=len(begun)),)))
                    token_ids += begun
                    positions += range(len(prefix), len(prefix) + len(begun))
        rest: Sequence[torch.Tensor] = ()
        if passages:
            hidden, _ = self._read_passages(passages, token_ids, positions)
            rest = self._model.logits(hidden).split([passage.num_tokens for passage in passages])
        scores = []
        for job in jobs:
            first = read[job.prompt.key].logits[None]
            for tokens in job.continuations:
                place = passage_of.get((job.prompt.key, tokens[:-1]))
                logits = first if place is None else torch.cat((first, rest[place]))
                wanted = torch.tensor(tokens, device=device)[:, None]
                scores.append(logits.log_softmax(dim=-1).gather(-1, wanted).sum())
        told = iter(torch.stack(scores).tolist())
        return [[next(told) for _ in job.continuations] for job in jobs]

    def _look(self, prompt: PreparedPrompt, encoded: dict[bytes, PictureStates]) -> Scenery:
        """Find out what each token of a prompt looks at.

        A token before the first picture attends to all tiles of all pictures, empty ones included, without
        counting as seeing: so it does in transformers when the prompt is alone.
        """
        num_tokens = len(prompt.token_ids)
        if not prompt.pictures:
            return Scenery((Glance(num_tokens, None, sees=False),), (), None)
        own = [encoded[picture.key] for picture in prompt.pictures]
        told = get_cross_attention_token_mask(list(prompt.token_ids), self._image_token_id)
        spans = [(start, num_tokens if end == -1 else end) for start, end in told]
        bounds = sorted({0, num_tokens, *(place for span in spans for place in span)})
        known: dict[PictureKeys, States] = {}
        glances = []
        seen: list[PictureStates] = []
        for start, end in pairwise(bounds):
            seen = [
                picture
                for (first, after), picture in zip(spans, own, strict=True)
                if first <= start and end <= after
            ]
            keys = tuple(picture.key for picture in seen)
            if keys not in known:
                known[keys] = join_states(
                    [picture.filled for picture in seen] or [picture.whole for picture in own]
                )
            glances.append(Glance(end - start, known[keys], sees=bool(seen)))
        seen_keys = tuple(picture.key for picture in seen)
        return Scenery(tuple(glances), seen_keys, known[seen_keys])


def _clip(glances: Sequence[Glance], start: int, end: int) -> tuple[Glance, ...]:
    """Take the glances of the tokens from ``start`` to ``end``."""
    clipped = []
    first = 0
    for glance in glances:
        after = first + glance.num_tokens
        if first < end and after > start:
            clipped.append(glance._replace(num_tokens=min(after, end) - max(first, start)))
        first = after
    return tuple(clipped)


def _count_shared(texts: Sequence[tuple[int, ...]]) -> int:
    """Count the tokens that all texts begin with."""
    # The first and the last in order differ soonest.
    return count_alike(min(texts), max(texts))


def _within_limits(planned: Sequence[_Planned]) -> Iterator[list[_Planned]]:
    """Group what is to be read so that no pass is too large."""
    group: list[_Planned] = []
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
