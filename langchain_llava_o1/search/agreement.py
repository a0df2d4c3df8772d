"""How many candidates say the same."""

from collections import Counter
from collections.abc import Sequence

from langchain_llava_o1.search.records import CandidateRecord
from langchain_llava_o1.staging.parts.part import Part


def shares(part: Part, candidates: Sequence[CandidateRecord]) -> list[float]:
    """Return for each candidate the share of candidates that say the same, itself included.

    One that is not complete agrees with none.
    """
    meanings = [
        part.meaning(candidate["text"]) if candidate["is_complete"] else None for candidate in candidates
    ]
    counts = Counter(meanings)
    return [0.0 if each is None else counts[each] / len(meanings) for each in meanings]
