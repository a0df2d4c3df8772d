"""Requests as sequences: the prompt laid out and measured, the randomness dealt."""

from langchain_llava_o1.engine.answer import Answer, Vocabulary
from langchain_llava_o1.engine.cache.prefix_tree import count_alike
from langchain_llava_o1.engine.chat_format import ChatFormat
from langchain_llava_o1.engine.loading.checkpoint import Checkpoint
from langchain_llava_o1.engine.mailbox import Ticket
from langchain_llava_o1.engine.mllama.vision import EmbeddingJob
from langchain_llava_o1.engine.prompt import PreparedPrompt, ScoreJob
from langchain_llava_o1.engine.request import EmbeddingRequest, Part, Request, ScoreRequest, Turn
from langchain_llava_o1.engine.sampling import RandomStream
from langchain_llava_o1.engine.sequence import GeneratedSequence, SequenceOwner
from langchain_llava_o1.errors import ContextLengthError


class RequestPreparation:
    """Prepares requests for one checkpoint."""

    def __init__(self, checkpoint: Checkpoint, context_length: int) -> None:
        """Take a checkpoint's tokenizer, template and end tokens."""
        self._vocabulary = Vocabulary(checkpoint.tokenizer)
        self._chat_format = ChatFormat(
            checkpoint.tokenizer, checkpoint.chat_template, checkpoint.image_token_id
        )
        self._end_ids = checkpoint.end_ids
        self._context_length = context_length

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a plain text."""
        return self._chat_format.count_tokens(text)

    def prepare(self, ticket: Ticket, request: Request) -> list[GeneratedSequence]:
        """Turn a request into its ``n`` sequences.

        Raises:
            MessageError: If the checkpoint's template refuses the conversation.
            ContextLengthError: If the prompt leaves no room for an answer.
        """
        encoded = self._chat_format.encode(request.turns)
        num_tokens = len(encoded.token_ids)
        room = self._room_after(num_tokens)
        prompt = PreparedPrompt(encoded.token_ids, encoded.pictures)
        return [
            GeneratedSequence(
                prompt=prompt,
                sampling=request.sampling,
                stream=_random_stream(request.sampling.seed, index),
                owner=SequenceOwner(
                    ticket,
                    Answer(
                        index,
                        request,
                        vocabulary=self._vocabulary,
                        end_ids=self._end_ids,
                        max_tokens=min(request.sampling.max_tokens, room),
                        num_prompt_tokens=num_tokens,
                    ),
                ),
            )
            for index in range(request.n)
        ]

    def prepare_scoring(self, request: ScoreRequest) -> ScoreJob:
        """Turn a request to score into a prompt and the tokens that follow it.

        Where a text's first characters join the prompt's last token, that token counts as the text's.

        Raises:
            MessageError: If the checkpoint's template refuses the conversation.
            ContextLengthError: If the prompt and a text do not fit.
        """
        prompt = self._chat_format.encode(request.turns)
        *earlier, last = request.turns
        is_continued = last.role == "assistant"
        if not is_continued:
            earlier.append(last)
        begun = last.parts if is_continued else ()
        wholes = [
            self._chat_format.encode((*earlier, Turn("assistant", _append(begun, text)))).token_ids
            for text in request.continuations
        ]
        num_shared = min(count_alike(prompt.token_ids, whole) for whole in wholes)
        self._room_after(max(map(len, wholes)) - 1)
        return ScoreJob(
            PreparedPrompt(prompt.token_ids[:num_shared], prompt.pictures),
            tuple(whole[num_shared:] for whole in wholes),
        )

    def prepare_embedding(self, request: EmbeddingRequest) -> EmbeddingJob:
        """Take what the vision tower needs to know of a request to embed."""
        return EmbeddingJob(request.pictures, request.pooling, request.layers)

    def _room_after(self, num_tokens: int) -> int:
        room = self._context_length - num_tokens
        if room < 1:
            raise ContextLengthError(
                f"The prompt has {num_tokens} tokens; the model's context window holds "
                f"{self._context_length}, the answer included. Shorten the conversation by at least "
                f"{1 - room} tokens."
            )
        return room


def _append(parts: tuple[Part, ...], text: str) -> tuple[Part, ...]:
    """Continue a turn's text."""
    if parts and isinstance(parts[-1], str):
        return (*parts[:-1], parts[-1] + text)
    return (*parts, text)


def _random_stream(seed: int | None, index: int) -> RandomStream:
    """Deal a sequence its own randomness.

    Seeded with a text, the stream is the same on every machine and Python version.
    """
    return RandomStream(None if seed is None else f"{seed}/{index}")
