"""Which pictures each token of a prompt attends to."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from transformers.models.mllama.processing_mllama import get_cross_attention_token_mask

from langchain_llava_o1.engine.cache.states import States, join_states
from langchain_llava_o1.engine.mllama.attention import CrossAttentionSpan
from langchain_llava_o1.engine.mllama.vision import PictureStates

PictureKeys = tuple[bytes, ...]


@dataclass(frozen=True)
class PromptCrossAttention:
    """The pictures that the tokens of a prompt attend to.

    Attributes:
        spans: Of all its tokens.
        picture_keys: Keys of the pictures that the tokens after the prompt attend to.
        states: The states of those; None in a prompt without pictures.
    """

    spans: tuple[CrossAttentionSpan, ...]
    picture_keys: PictureKeys
    states: States | None

    def spans_between(self, start: int, end: int) -> tuple[CrossAttentionSpan, ...]:
        """Take the spans of the tokens from ``start`` to ``end``."""
        clipped = []
        first = 0
        for span in self.spans:
            after = first + span.num_tokens
            if first < end and after > start:
                clipped.append(span._replace(num_tokens=min(after, end) - max(first, start)))
            first = after
        return tuple(clipped)


def find_cross_attention(
    token_ids: Sequence[int], pictures: Sequence[PictureStates], image_token_id: int
) -> PromptCrossAttention:
    """Find the pictures that each token of a prompt attends to.

    A token before the first picture attends to all tiles of all pictures, empty ones included, without
    counting as seeing them: so it does in transformers when the prompt is alone.

    Args:
        token_ids: The prompt.
        pictures: The picture of each image token.
        image_token_id: The token that stands for a picture.
    """
    num_tokens = len(token_ids)
    if not pictures:
        return PromptCrossAttention((CrossAttentionSpan(num_tokens, None, sees_pictures=False),), (), None)
    visible = get_cross_attention_token_mask(list(token_ids), image_token_id)
    ranges = [(start, num_tokens if end == -1 else end) for start, end in visible]
    bounds = sorted({0, num_tokens, *(bound for limits in ranges for bound in limits)})
    known: dict[PictureKeys, States] = {}
    spans = []
    seen: list[PictureStates] = []
    for start, end in pairwise(bounds):
        seen = [
            picture
            for (first, after), picture in zip(ranges, pictures, strict=True)
            if first <= start and end <= after
        ]
        keys = tuple(picture.key for picture in seen)
        if keys not in known:
            known[keys] = join_states(
                [picture.filled for picture in seen] or [picture.whole for picture in pictures]
            )
        spans.append(CrossAttentionSpan(end - start, known[keys], sees_pictures=bool(seen)))
    picture_keys = tuple(picture.key for picture in seen)
    return PromptCrossAttention(tuple(spans), picture_keys, known[picture_keys])
