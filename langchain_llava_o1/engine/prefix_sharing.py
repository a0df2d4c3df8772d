"""Which beginnings of their prompts the sequences of a batch share."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from langchain_llava_o1.engine.cache.prefix_tree import count_alike
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.prompt import PromptKey

# What sequences share is attended to apart from their own text, so that it is read from memory once and never
# copied. That takes a few calls more in each layer, which cost as much as reading this many bytes.
_LEAST_BYTES_TO_SHARE = {"cpu": 2**20}
_LEAST_BYTES_TO_SHARE_ELSEWHERE = 2**26


def choose_shared_prefixes(keys: Sequence[PromptKey], model: Mllama) -> list[PromptKey]:
    """Choose for each prompt the beginning to share: the longest that others have, too, if it is large.

    A large prompt that is alone is shared with nobody, but not copied either.
    """
    least = _LEAST_BYTES_TO_SHARE.get(model.device.type, _LEAST_BYTES_TO_SHARE_ELSEWHERE)
    least_tokens = least / model.bytes_per_position
    longest = _longest_shared(keys)
    prefixes = [key._replace(token_ids=key.token_ids[: longest[key]]) for key in keys]
    num_sharing = Counter(prefixes)
    chosen = []
    for key, prefix in zip(keys, prefixes, strict=True):
        if num_sharing[prefix] * len(prefix.token_ids) >= least_tokens:
            chosen.append(prefix)
        else:
            chosen.append(key if len(key.token_ids) >= least_tokens else key._replace(token_ids=()))
    return chosen


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
