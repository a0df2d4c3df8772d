"""What a judge is asked about candidates, and deciding a match: by verdicts, or without any."""

import itertools
from collections.abc import Sequence

from langchain_core.messages import AIMessage, BaseMessage

from langchain_llava_o1.judges.judge import Comparison, Entry
from langchain_llava_o1.judges.verdict import Verdict
from langchain_llava_o1.search.candidates import read_body
from langchain_llava_o1.search.records import Beam, CandidateRecord, MatchRecord
from langchain_llava_o1.search.sentences import join_sentences
from langchain_llava_o1.search.tournament import Match, flip_coin
from langchain_llava_o1.staging.stages import Part
from langchain_llava_o1.staging.transcript import parse_transcript


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


def comparisons(
    part: Part,
    question: Sequence[BaseMessage],
    beams: Sequence[Beam],
    pair: tuple[CandidateRecord, CandidateRecord],
    *,
    both_orders: bool,
) -> list[Comparison]:
    """Return what the judge is to be asked: the pair as drawn and, on request, the pair swapped.

    Candidates that go on from different answers are shown with what those do not have in common; sentences
    with the beginning of their stage.
    """
    prefixes = [_prefix(part, beams[candidate["beam"]]) for candidate in pair]
    shared = _shared_stages(*prefixes)
    first, second = (
        _shown(part, prefix[shared:], beams[candidate["beam"]], candidate)
        for prefix, candidate in zip(prefixes, pair, strict=True)
    )
    prompt = _prompt(question, prefixes[0][:shared])
    as_drawn = Comparison(part, prompt, first, second)
    return [as_drawn, Comparison(part, prompt, second, first)] if both_orders else [as_drawn]


def entries(
    part: Part,
    question: Sequence[BaseMessage],
    beams: Sequence[Beam],
    candidates: Sequence[CandidateRecord],
) -> list[Entry]:
    """Return candidates as a judge that scores is shown them."""
    found = []
    for candidate in candidates:
        beam = beams[candidate["beam"]]
        text = candidate["text"]
        if part.is_sentence:
            text = part.stages[0].opening + _begun_stage(part, beam, text)
        found.append(Entry(_prompt(question, _prefix(part, beam)), text, candidate["mean_logprob"]))
    return found


def _prefix(part: Part, beam: Beam) -> list[str]:
    """Return the stages before the part, each in its tags."""
    transcript = parse_transcript(beam["text"])
    return [found.stage.wrap(found.body) for found in transcript.stages if found.stage not in part.stages]


def _shared_stages(one: Sequence[str], other: Sequence[str]) -> int:
    alike = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return len(list(alike))


def _prompt(question: Sequence[BaseMessage], stages: Sequence[str]) -> list[BaseMessage]:
    return [*question, *([AIMessage("\n\n".join(stages))] if stages else [])]


def _shown(part: Part, own: Sequence[str], beam: Beam, candidate: CandidateRecord) -> str:
    text = candidate["text"]
    if part.is_sentence:
        text = _begun_stage(part, beam, text)
    is_single = len(part.stages) == 1
    return "\n\n".join([*own, read_body(part.stages[0], text) if is_single and not own else text])


def _begun_stage(part: Part, beam: Beam, sentence: str) -> str:
    """Return the words of a stage up to a sentence's end."""
    begun = parse_transcript(beam["text"]).find(part.name)
    body = parse_transcript(sentence, prefix=part.stages[0].opening).find(part.name)
    return join_sentences(begun.body if begun else "", body.body if body else "")


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
