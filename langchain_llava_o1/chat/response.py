"""An engine's deltas as LangChain message chunks.

Both ``invoke`` and ``stream`` go through here, and the chunks of a stream add up to the message that
``invoke`` returns. The conclusion is the content, the hidden stages are reasoning. Text outside the
stages is kept back, since it is no part of an answer that has a conclusion; when the text ends and
had none, all of it is the content.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, cast

from langchain_core.messages import AIMessage, AIMessageChunk, message_chunk_to_message
from langchain_core.messages.ai import InputTokenDetails, OutputTokenDetails, UsageMetadata

from langchain_llava_o1.engine.request import Delta
from langchain_llava_o1.staging.stages import STAGES, Stage
from langchain_llava_o1.staging.transcript import Piece, StageSplitter

MODEL_PROVIDER = "llava-o1"

END_OF_ANSWER: tuple[str, ...] = tuple(
    spelling for stage in STAGES if stage.is_visible for spelling in stage.stop
)
"""After these nothing more is shown, so nothing more need be generated."""


class _Output(NamedTuple):
    """A part of the message: of the content, or, where ``stage`` is set, of the reasoning."""

    block: int
    text: str
    stage: Stage | None = None
    kind: Literal["opening", "body", "closing"] = "body"


class Response:
    """The answer to one request as it arrives."""

    def __init__(
        self,
        *,
        model_name: str,
        prefix: str = "",
        stop: Sequence[str] = (),
        is_v1: bool = False,
        tells_logprobs: bool = False,
    ) -> None:
        """Start an answer.

        Args:
            model_name: Reported in the response's metadata.
            prefix: The text that the answer continues.
            stop: The caller's own stop strings, without those of ``END_OF_ANSWER``.
            is_v1: Whether content is a list of LangChain v1 blocks.
            tells_logprobs: Whether the log-probability of each token is told.
        """
        self._tells_logprobs = tells_logprobs
        self._model_name = model_name
        self._stop = tuple(stop)
        self._is_v1 = is_v1
        self._splitter = StageSplitter(prefix)
        self._written: list[str] = []
        self._stage: Stage | None = None
        self._has_conclusion = False
        self._is_concluded = False
        self._body = _TrimmedText()
        self._num_blocks = 0
        self._num_tokens = 0
        self._logprob_sum = 0.0
        self._num_told = 0
        self._untold: list[dict[str, Any]] = []
        self._num_reasoning_tokens = 0
        self._num_unassigned_tokens = 0

    def feed(self, delta: Delta) -> list[AIMessageChunk]:
        """Take in a delta and return the chunks that follow from it, often one, at times none."""
        text = delta.text
        self._logprob_sum += sum(delta.logprobs)
        if self._tells_logprobs:
            starts = (0, *delta.token_ends)
            self._untold += [
                {"token": delta.text[start:end], "logprob": logprob}
                for start, end, logprob in zip(starts, delta.token_ends, delta.logprobs, strict=False)
            ]
        if delta.stop is not None and delta.stop not in self._stop:
            # The model did write this tag; the engine only took it out because it was told to stop there.
            text += delta.stop
        self._written.append(text)
        # Token by token, since a delta may hold several stages, of which each has its tokens.
        outputs = []
        start = 0
        for end in delta.token_ends[:-1]:
            outputs += self._take_in(self._splitter.feed(text[start:end]))
            start = end
        pieces = self._splitter.feed(text[start:])
        if delta.finish_reason is None:
            outputs += self._take_in(pieces)
            return [self._chunk(outputs, **self._progress(delta))] if outputs else []
        outputs += self._take_in(pieces + self._splitter.finish(), is_last=True)
        return [*([self._chunk(outputs)] if outputs else []), *self._finish(delta)]

    def _take_in(self, pieces: list[Piece], *, is_last: bool = False) -> list[_Output]:
        """Take in the pieces that one token made certain."""
        outputs = [output for piece in pieces for output in self._read(piece)]
        self._count_token(is_decided=bool(pieces) or is_last)
        return outputs

    def _read(self, piece: Piece) -> list[_Output]:
        if self._is_concluded or piece.stage is None:
            return []
        outputs: list[_Output] = []
        if piece.stage != self._stage or piece.is_opening:
            outputs += self._leave()
            if self._is_concluded:
                return outputs
            outputs += self._enter(piece.stage)
        if text := self._body.feed(piece.text):
            outputs.append(_Output(self._num_blocks - 1, text, _hidden(piece.stage)))
        if piece.is_closing:
            outputs += self._leave()
        return outputs

    def _enter(self, stage: Stage) -> list[_Output]:
        self._stage = stage
        self._body = _TrimmedText()
        self._num_blocks += 1
        self._has_conclusion = stage.is_visible
        return [] if stage.is_visible else [_Output(self._num_blocks - 1, "", stage, "opening")]

    def _leave(self) -> list[_Output]:
        stage, self._stage = self._stage, None
        if stage is None:
            return []
        self._is_concluded = stage.is_visible
        return [] if stage.is_visible else [_Output(self._num_blocks - 1, "", stage, "closing")]

    def _count_token(self, *, is_decided: bool) -> None:
        """Count a token as reasoning until the conclusion opens.

        While a possible tag is held back, it is not known yet what the token belongs to.
        """
        self._num_tokens += 1
        self._num_unassigned_tokens += 1
        if is_decided:
            if self._num_blocks and not self._has_conclusion:
                self._num_reasoning_tokens += self._num_unassigned_tokens
            self._num_unassigned_tokens = 0

    def _finish(self, delta: Delta) -> list[AIMessageChunk]:
        chunks: list[AIMessageChunk] = []
        written = "".join(self._written)
        if written and not self._has_conclusion:
            chunks.append(self._chunk([_Output(self._num_blocks, written)]))
        progress = self._progress(delta)
        usage = progress["usage_metadata"]
        usage["output_token_details"] = OutputTokenDetails(reasoning=self._num_reasoning_tokens)
        metadata = {
            **progress["response_metadata"],
            "finish_reason": self._finish_reason(delta),
            "stop_sequence": delta.stop if delta.stop in self._stop else None,
            "mean_logprob": self._logprob_sum / self._num_tokens,
            "model_name": self._model_name,
            "model_provider": MODEL_PROVIDER,
        }
        last = self._chunk([], response_metadata=metadata, usage_metadata=usage, chunk_position="last")
        return [*chunks, last]

    def _progress(self, delta: Delta) -> dict[str, Any]:
        """Tell what came since it was last told: the tokens of a stream that is left early are counted."""
        is_first = not self._num_told
        num_read = delta.num_prompt_tokens if is_first else 0
        num_new = self._num_tokens - self._num_told
        usage = UsageMetadata(input_tokens=num_read, output_tokens=num_new, total_tokens=num_read + num_new)
        if is_first:
            usage["input_token_details"] = InputTokenDetails(cache_read=delta.num_cached_tokens)
        metadata = {"logprobs": {"content": self._untold}} if self._untold else {}
        self._num_told, self._untold = self._num_tokens, []
        return {"usage_metadata": usage, "response_metadata": metadata}

    def _finish_reason(self, delta: Delta) -> str:
        if self._is_concluded:
            return "stop"
        if delta.finish_reason == "length":
            return "length"
        is_stopped = delta.stop is not None and delta.stop in self._stop
        return "stop" if self._has_conclusion or is_stopped else "untagged"

    def _chunk(self, outputs: Sequence[_Output], **fields: Any) -> AIMessageChunk:
        if self._is_v1:
            metadata = {"output_version": "v1", **fields.pop("response_metadata", {})}
            return AIMessageChunk(content=_blocks(outputs), response_metadata=metadata, **fields)
        content = "".join(output.text for output in outputs if output.stage is None)
        reasoning = "".join(_tagged(output) for output in outputs)
        kept = {"reasoning_content": reasoning} if reasoning else {}
        return AIMessageChunk(content=content, additional_kwargs=kept, **fields)


class _TrimmedText:
    """Drops the outer whitespace of a text that arrives in parts."""

    def __init__(self) -> None:
        self._held = ""
        self._has_begun = False

    def feed(self, text: str) -> str:
        text = self._held + text
        if not self._has_begun:
            text = text.lstrip()
        certain = text.rstrip()
        self._held = text[len(certain) :]
        self._has_begun = self._has_begun or bool(certain)
        return certain


def collect_message(chunks: Sequence[AIMessageChunk]) -> AIMessage:
    """Add the chunks of one answer up to a message."""
    return cast(AIMessage, message_chunk_to_message(chunks[0] + chunks[1:]))


def _hidden(stage: Stage) -> Stage | None:
    return None if stage.is_visible else stage


def _tagged(output: _Output) -> str:
    if output.stage is None:
        return ""
    if output.kind == "opening":
        return ("\n\n" if output.block else "") + output.stage.opening
    return output.stage.closing if output.kind == "closing" else output.text


def _blocks(outputs: Sequence[_Output]) -> list[str | dict[Any, Any]]:
    """Write outputs as v1 blocks, one for each index."""
    blocks: dict[int, dict[Any, Any]] = {}
    for output in outputs:
        field = "text" if output.stage is None else "reasoning"
        if output.kind == "closing":
            continue
        block = blocks.setdefault(output.block, {"type": field, field: "", "index": output.block})
        block[field] += output.text
        if output.stage is not None and output.kind == "opening":
            # On a block's first chunk only: adding chunks up would repeat the name.
            block["extras"] = {"stage": output.stage.name}
    return list(blocks.values())
