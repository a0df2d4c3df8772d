"""Deciding a match: by verdicts, or without any."""

from collections.abc import Sequence

from langchain_llava_o1.judges.verdict import Verdict
from langchain_llava_o1.search.records import CandidateRecord, MatchRecord
from langchain_llava_o1.search.selection.tournament import Match, flip_coin


def settle_without_judge(match: Match, first: CandidateRecord, second: CandidateRecord) -> MatchRecord | None:
    """Decide a match that needs no verdict, or return None.

    Candidates that say the same are settled for the one drawn first. One that was cut off or lacks its tags
    loses to one that is complete.
    """
    if first["is_complete"] != second["is_complete"]:
        winner, loser = (first, second) if first["is_complete"] else (second, first)
        reason = f"Candidate {loser['index']} was cut off or lacks its tags."
        return _settled(match, winner["index"], reason, decided_by="incomplete")
    if (first["text"], first["beam"]) == (second["text"], second["beam"]):
        return _settled(match, match.first, "Both candidates say the same.", decided_by="identical")
    return None


def settle_by_verdicts(match: Match, verdicts: Sequence[Verdict], seed: int) -> MatchRecord:
    """Decide a match by its verdicts.

    A candidate wins that every verdict names. If a verdict cannot be read, or the verdicts of the two orders
    name different candidates, a coin drawn from the bracket's seed decides: neither the position nor
    the index of a candidate counts. The record says which it was.

    Args:
        match: The pair, as drawn.
        verdicts: One on the pair as drawn; where both orders were judged, a second one on the pair swapped.
        seed: The bracket's seed.
    """
    orders = ((match.first, match.second), (match.second, match.first))
    named = {
        None if verdict.choice is None else order[verdict.choice - 1]
        for verdict, order in zip(verdicts, orders, strict=False)
    }
    is_read = None not in named
    winner = named.pop() if len(named) == 1 else None
    if winner is not None:
        decided_by, reason = "judge", verdicts[0].reason
    elif is_read:
        decided_by, reason = "disagreement", "The verdicts of the two orders disagree; a coin decided."
    else:
        decided_by, reason = "unreadable", "A verdict could not be read; a coin decided."
    return MatchRecord(
        round=match.round,
        first=match.first,
        second=match.second,
        winner=flip_coin(match, seed) if winner is None else winner,
        reason=reason,
        verdicts=[verdict.text for verdict in verdicts],
        is_read=is_read,
        decided_by=decided_by,
    )


def _settled(match: Match, winner: int, reason: str, decided_by: str) -> MatchRecord:
    return MatchRecord(
        round=match.round,
        first=match.first,
        second=match.second,
        winner=winner,
        reason=reason,
        verdicts=[],
        is_read=True,
        decided_by=decided_by,
    )
