"""Candidates as judges are shown them."""

import itertools
from collections.abc import Sequence

from langchain_core.messages import AIMessage, BaseMessage

from langchain_llava_o1.judges.judge import Comparison, Entry
from langchain_llava_o1.search.records import Beam, CandidateRecord
from langchain_llava_o1.staging.parts.part import Part
from langchain_llava_o1.staging.transcript import parse_transcript


def comparisons(
    part: Part,
    question: Sequence[BaseMessage],
    beams: Sequence[Beam],
    pair: tuple[CandidateRecord, CandidateRecord],
    *,
    both_orders: bool,
) -> list[Comparison]:
    """Return what a judge is to be asked: the pair as drawn and, on request, the pair swapped.

    Candidates that go on from different answers are shown with what those do not have in common.
    """
    answers = [beams[candidate["beam"]]["text"] for candidate in pair]
    prefixes = [_stages_before(part, answer) for answer in answers]
    num_shared = _count_shared(*prefixes)
    first, second = (
        _shown(part, prefix[num_shared:], answer, candidate["text"])
        for prefix, answer, candidate in zip(prefixes, answers, pair, strict=True)
    )
    prompt = _prompt(question, prefixes[0][:num_shared])
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
        answer = beams[candidate["beam"]]["text"]
        prompt = _prompt(question, _stages_before(part, answer))
        found.append(Entry(prompt, part.tagged(answer, candidate["text"]), candidate["mean_logprob"]))
    return found


def _stages_before(part: Part, answer: str) -> list[str]:
    """Return the stages before the part, each in its tags."""
    found = parse_transcript(answer).stages
    return [each.stage.wrap(each.body) for each in found if each.stage not in part.stages]


def _count_shared(one: Sequence[str], other: Sequence[str]) -> int:
    alike = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return len(list(alike))


def _prompt(question: Sequence[BaseMessage], stages: Sequence[str]) -> list[BaseMessage]:
    return [*question, *([AIMessage("\n\n".join(stages))] if stages else [])]


def _shown(part: Part, own_stages: Sequence[str], answer: str, text: str) -> str:
    if not own_stages:
        return part.words(answer, text)
    return "\n\n".join([*own_stages, part.tagged(answer, text)])
