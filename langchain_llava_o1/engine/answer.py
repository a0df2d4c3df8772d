"""One row of a request, from the tokens the model chose to the text the caller gets."""

import codecs
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from langchain_llava_o1.engine.request import Delta, FinishReason, Request
from langchain_llava_o1.errors import GenerationError, ModelLoadError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


class Vocabulary:
    """The bytes that each token writes."""

    def __init__(self, tokenizer: "PreTrainedTokenizerFast") -> None:
        """Read a tokenizer's vocabulary.

        Raises:
            ModelLoadError: If the tokenizer is not a byte-level one, as every Mllama tokenizer is.
        """
        decoder = tokenizer.backend_tokenizer.decoder
        if "ByteLevel" not in repr(decoder):
            raise ModelLoadError(
                f"The tokenizer decodes with {decoder!r}; Mllama checkpoints have a byte-level tokenizer. "
                "Take tokenizer.json from the checkpoint this one was made from."
            )
        self._tokenizer = tokenizer
        self._added = {
            token_id: b"" if token.special else token.content.encode()
            for token_id, token in tokenizer.added_tokens_decoder.items()
        }
        self._added.update(dict.fromkeys(tokenizer.all_special_ids, b""))
        self._known: dict[int, bytes] = {}

    def bytes_of(self, token_id: int) -> bytes:
        """The bytes a token writes: none for a special token or one without an entry."""
        known = self._known.get(token_id)
        if known is None:
            known = self._known[token_id] = self._read(token_id)
        return known

    def _read(self, token_id: int) -> bytes:
        if token_id in self._added:
            return self._added[token_id]
        token = self._tokenizer.convert_ids_to_tokens(token_id)
        return bytes(_BYTE_OF[character] for character in token) if isinstance(token, str) else b""


def _byte_of_character() -> dict[str, int]:
    """Invert the byte-level alphabet: printable bytes stand for themselves, the rest follow from U+0100."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {
        chr(0x100 + position): byte for position, byte in enumerate(others)
    }


_BYTE_OF = _byte_of_character()


class _Scan(NamedTuple):
    text: str
    stop: str | None


class StopScanner:
    """Looks for stop strings in text that arrives in pieces, each character looked at once."""

    def __init__(self, stops: Sequence[str]) -> None:
        """Prepare to look for ``stops``; the one that is complete first wins, the longer of two at once."""
        self._stops = tuple(sorted(set(stops), key=len, reverse=True))
        self._first_characters = frozenset(stop[0] for stop in stops)
        self._longest = max(map(len, stops), default=0)
        self._held = ""

    def feed(self, piece: str) -> _Scan:
        """Take new text; return what can no longer become part of a stop string, and the one found."""
        if not self._stops:
            return _Scan(piece, None)
        text = self._held + piece
        self._held = ""
        found = [
            (position + len(stop), position, stop)
            for stop in self._stops
            if (position := text.find(stop)) >= 0
        ]
        if found:
            _, position, stop = min(found)
            return _Scan(text[:position], stop)
        for position in range(max(0, len(text) - self._longest + 1), len(text)):
            if text[position] in self._first_characters and any(
                stop.startswith(text[position:]) for stop in self._stops
            ):
                self._held = text[position:]
                return _Scan(text[:position], None)
        return _Scan(text, None)

    def finish(self) -> str:
        """Give out the text that was held back, now that no more will come."""
        held, self._held = self._held, ""
        return held


class Answer:
    """The text of one row as it grows, given out as deltas."""

    def __init__(
        self,
        index: int,
        request: Request,
        *,
        vocabulary: Vocabulary,
        end_ids: frozenset[int],
        max_tokens: int,
        num_prompt_tokens: int,
    ) -> None:
        """Start an empty answer.

        Args:
            index: Row of the request.
            request: What is answered; its stop strings apply.
            vocabulary: What the tokens write.
            end_ids: Tokens with which the model ends a turn.
            max_tokens: Most tokens this row may have, the context window considered.
            num_prompt_tokens: Tokens of the prompt, to be told in each delta.
        """
        self._index = index
        self._vocabulary = vocabulary
        self._end_ids = end_ids
        self._tokens_left = max_tokens
        self._num_prompt_tokens = num_prompt_tokens
        self._is_streamed = request.is_streamed
        # A character can be split over several tokens.
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._scanner = StopScanner(request.stop)
        self._text = ""
        self._token_ends: list[int] = []
        self._logprobs: list[float] = []

    def accept(self, token_id: int, logprob: float) -> Delta | None:
        """Take the next token; return a delta when there is something to give out.

        Raises:
            GenerationError: If the model's probabilities are not numbers.
        """
        if math.isnan(logprob):
            raise GenerationError(
                "The model's probabilities are not numbers (NaN). "
                'If its dtype is float16, which overflows, load it with dtype="bfloat16" or "float32".'
            )
        self._tokens_left -= 1
        self._logprobs.append(logprob)
        if token_id in self._end_ids:
            return self._finish("stop", self._decoder.decode(b"", final=True))
        text, stop = self._scanner.feed(self._decoder.decode(self._vocabulary.bytes_of(token_id)))
        self._text += text
        if stop is not None:
            return self._give_out("stop", stop)
        if self._tokens_left == 0:
            return self._finish("length", "")
        if self._text and self._is_streamed:
            return self._give_out(None, None)
        self._token_ends.append(len(self._text))
        return None

    def _finish(self, reason: FinishReason, last_text: str) -> Delta:
        text, stop = self._scanner.feed(last_text)
        self._text += text if stop is not None else text + self._scanner.finish()
        return self._give_out("stop" if stop is not None else reason, stop)

    def _give_out(self, reason: FinishReason | None, stop: str | None) -> Delta:
        delta = Delta(
            index=self._index,
            text=self._text,
            token_ends=(*self._token_ends, len(self._text)),
            finish_reason=reason,
            stop=stop,
            logprobs=tuple(self._logprobs),
            num_prompt_tokens=self._num_prompt_tokens,
        )
        self._text = ""
        self._token_ends = []
        self._logprobs = []
        return delta
