"""Answering in one pass, with the records and events a search of one candidate would give."""

import time
from typing import TYPE_CHECKING

from langchain_llava_o1.cli.answering import AnswerSettings, Listener, model_name
from langchain_llava_o1.staging.stages import STAGES, Stage
from langchain_llava_o1.staging.transcript import Piece, StageSplitter, parse_transcript

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessageChunk, HumanMessage

    from langchain_llava_o1 import SearchResult
    from langchain_llava_o1.search.records import CandidateRecord, StageRecord


async def answer_in_one_pass(
    model: "BaseChatModel", message: "HumanMessage", settings: AnswerSettings, listener: Listener
) -> "SearchResult":
    """Let the model write all its stages at once, passing its text on as it comes."""
    from langchain_llava_o1 import SearchResult

    started = time.time()
    narrator = _Narrator(listener)
    final: AIMessageChunk | None = None
    async for chunk in model.astream([message], seed=settings.seed):
        narrator.tell(chunk)
        final = chunk if final is None else final + chunk
    assert final is not None, "a stream without any chunk is an error of the chat model's own"
    narrator.finish()
    seed = settings.seed or 0
    return SearchResult(
        question=str(message.text),
        answer=str(final.text),
        reasoning=str(final.additional_kwargs.get("reasoning_content", "")),
        stages=_records(model, final, seed),
        settings={"seed": seed, "temperature": settings.temperature},
        usage=final.usage_metadata,
        num_calls=1,
        seconds=time.time() - started,
        finish_reason=_finish_reason(final),
        model_name=model_name(model),
        pictures=tuple(
            block for block in message.content if isinstance(block, dict) and block["type"] == "image"
        ),
    )


class _Narrator:
    """Turns the chunks of a streamed answer into events."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._splitter = StageSplitter()
        self._visible = next(stage for stage in STAGES if stage.is_visible)
        self._stage: Stage | None = None
        self._bodies: list[str] = []

    def tell(self, chunk: "AIMessageChunk") -> None:
        """Tell of the stages that ``chunk`` opens, goes on with or closes."""
        reasoning = chunk.additional_kwargs.get("reasoning_content", "")
        for piece in self._splitter.feed(reasoning) if reasoning else ():
            self._take(piece)
        if content := str(chunk.text):
            self._take(Piece(self._visible, content))

    def finish(self) -> None:
        """Tell that the last stage is over."""
        self._leave()

    def _take(self, piece: Piece) -> None:
        if piece.stage is None:
            return
        if piece.stage != self._stage:
            self._leave()
            self._stage = piece.stage
            self._listener({"type": "stage_started", "stage": piece.stage.name, "num_candidates": 1})
        if piece.text:
            self._bodies.append(piece.text)
            self._listener({"type": "text", "stage": piece.stage.name, "text": piece.text})
        if piece.is_closing:
            self._leave()

    def _leave(self) -> None:
        if self._stage is not None:
            text = self._stage.wrap("".join(self._bodies))
            self._listener({"type": "winner", "stage": self._stage.name, "index": 0, "text": text})
        self._stage = None
        self._bodies.clear()


def _finish_reason(message: "AIMessageChunk") -> str:
    return str(message.response_metadata.get("finish_reason", "stop"))


def _records(model: "BaseChatModel", message: "AIMessageChunk", seed: int) -> dict[str, "StageRecord"]:
    """Read the stages out of a whole answer, each as the only candidate it had."""
    finish_reason = _finish_reason(message)
    bodies: dict[Stage, str] = {}
    for found in parse_transcript(message.additional_kwargs.get("reasoning_content", "")).stages:
        bodies.setdefault(found.stage, found.body)
    if _has_conclusion(message):
        bodies.update({stage: str(message.text) for stage in STAGES if stage.is_visible})
    last = next(reversed(bodies), None)
    records: dict[str, StageRecord] = {}
    for stage, body in bodies.items():
        is_complete = stage != last or finish_reason == "stop"
        text = stage.wrap(body) if is_complete else f"{stage.opening}{body}"
        candidate: CandidateRecord = {
            "index": 0,
            "beam": 0,
            "text": text,
            "tokens": model.get_num_tokens(text),
            "seed": seed,
            "finish_reason": finish_reason if stage == last else "stop",
            "is_complete": is_complete,
            "mean_logprob": message.response_metadata.get("mean_logprob"),
        }
        records[stage.name] = {
            "part": stage.name,
            "candidates": [candidate],
            "matches": [],
            "scores": None,
            "winner": 0,
            "kept": [0],
            "is_complete": is_complete,
            # All stages came from one call: counted once, so that sums over the stages are right.
            "num_calls": 0 if records else 1,
            "usage": None if records else message.usage_metadata,
        }
    return records


def _has_conclusion(message: "AIMessageChunk") -> bool:
    """Tell a conclusion from a text without one, which is given as it is, tags included."""
    is_untagged = _finish_reason(message) == "untagged"
    return bool(message.text) and not is_untagged and not parse_transcript(str(message.text)).stages
