"""Conversations as what a model learns: the tokens of an answer, after those of what led to it."""

from collections.abc import Sequence
from dataclasses import dataclass

from langchain_llava_o1.data.example import ASSISTANT, Example
from langchain_llava_o1.data.placing import place_pictures
from langchain_llava_o1.engine.chat_format import ChatFormat
from langchain_llava_o1.engine.request import Turn
from langchain_llava_o1.pictures.picture import Picture
from langchain_llava_o1.staging.transcript import parse_transcript

IGNORED = -100
"""Label of a token that is read, not learned."""


@dataclass(frozen=True)
class Sample:
    """A question with all that came before it, and its answer.

    Attributes:
        token_ids: The whole conversation up to the answer's end of turn.
        num_prompt_tokens: How many of them are not the answer's.
        pictures: One for each image token, in the order of the tokens.
    """

    token_ids: tuple[int, ...]
    num_prompt_tokens: int
    pictures: tuple[Picture, ...]

    @property
    def labels(self) -> list[int]:
        """What is learned at each place: the answer and where it ends, and nothing else."""
        return [IGNORED] * self.num_prompt_tokens + list(self.token_ids[self.num_prompt_tokens :])


def write_sample(
    example: Example, number: int, pictures: Sequence[Picture], chat_format: ChatFormat
) -> Sample:
    """Write one question of an example as a sample.

    The answers before it stand as a user saw them, by their conclusions alone: so a model that has answered
    in stages is asked again.

    Args:
        example: The conversation.
        number: Which of its questions, from 0.
        pictures: All its pictures, decoded; a question is written with those shown up to it.
        chat_format: The checkpoint's.

    Raises:
        MessageError: If the checkpoint's template refuses the conversation.
    """
    asked = question_turns(example, number, pictures)
    prompt = chat_format.encode(asked)
    reply = chat_format.encode_reply(example.answers[number])
    return Sample((*prompt.token_ids, *reply), len(prompt.token_ids), prompt.pictures)


def question_turns(example: Example, number: int, pictures: Sequence[Picture]) -> list[Turn]:
    """Return a conversation up to one of its questions."""
    turns: list[Turn] = []
    for placed in place_pictures(example, pictures):
        if placed.speaker == ASSISTANT:
            text = str(placed.parts[0])
            turns.append(Turn("assistant", (parse_transcript(text).conclusion or text,)))
            continue
        turns.append(Turn("user", placed.parts))
        if sum(turn.role == "user" for turn in turns) > number:
            break
    return turns
