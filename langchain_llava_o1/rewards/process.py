"""Process reward models that answer "+" or "-" after each step, such as Qwen-VL-PRM (arXiv 2509.23250)."""

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

from langchain_core.messages import AIMessage, BaseMessage

from langchain_llava_o1.chat.messages import continued_text, read_conversation
from langchain_llava_o1.errors import ImageError, MessageError, ModelLoadError
from langchain_llava_o1.judges.judge import accepted_text
from langchain_llava_o1.pictures.picture import Picture
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.rewards.scorer import Scorer
from langchain_llava_o1.rewards.settings import RewardSettings
from langchain_llava_o1.rewards.steps import AnswerSteps, read_steps
from langchain_llava_o1.rewards.vision_model import ShownConversation, VisionModel
from langchain_llava_o1.staging.prompts import process_question

_ACCEPTED = "+"
_REJECTED = "-"


class _SignIds(NamedTuple):
    """The tokens of the two verdicts."""

    accepted: int
    rejected: int


@dataclass(frozen=True)
class ProcessScorer(Scorer):
    """How likely the model is to accept the steps that a candidate adds: each stage is a step.

    The question and the first step are the user's first turn, each further step is one more; every step
    before the last one was accepted. A step's score is the softmax of the two signs at the place of the
    reply to it. A candidate of several steps, such as a whole answer, has their mean, as in the code
    published with Qwen-VL-PRM; the steps that a search accepted before it do not count.

    Attributes:
        vision_model: The model.
        sign_ids: The tokens of "+" and "-".
        instruction: What the system's turn says.
        image_policy: Which pictures are taken in.
    """

    vision_model: VisionModel
    sign_ids: _SignIds
    instruction: str
    image_policy: ImagePolicy

    default_cutoff: ClassVar[float | None] = 0.5
    """Above it the model rather accepts a step than rejects it."""

    @classmethod
    def load(cls, settings: RewardSettings) -> Self:
        """Load a vision-language model.

        Raises:
            ModelLoadError: If "+" or "-" is not a single token of its tokenizer.
        """
        vision_model = VisionModel.load(settings)
        accepted, rejected = (_sign_id(vision_model, sign) for sign in (_ACCEPTED, _REJECTED))
        return cls(vision_model, _SignIds(accepted, rejected), settings.instruction, settings.image_policy)

    def score(self, conversations: Sequence[Sequence[BaseMessage]]) -> list[float]:
        """Score conversations, each between 0 and 1; negative infinity where the last step is empty.

        Raises:
            ImageError: If one of them shows no picture.
            MessageError: If one of them does not end in an answer.
        """
        answers = [_steps_of(conversation) for conversation in conversations]
        shown = [
            self._show(conversation[:-1], steps)
            for conversation, steps in zip(conversations, answers, strict=True)
        ]
        is_scored = [steps.has_last for steps in answers]
        scored = [each for each, has_score in zip(shown, is_scored, strict=True) if has_score]
        means = iter([statistics.fmean(found) for found in self._score_steps(scored)] if scored else [])
        return [next(means) if has_score else -math.inf for has_score in is_scored]

    def _score_steps(self, shown: Sequence[ShownConversation]) -> Iterator[list[float]]:
        """Score the replies of conversations, all in one pass."""
        import torch

        prepared = self.vision_model.prepare(shown, asks_for_reply=True)
        rows = [row for row, places in enumerate(prepared.reply_places) for _ in places]
        columns = [place for places in prepared.reply_places for place in places]
        model = self.vision_model.model
        with torch.inference_mode():
            # The language head at the replies alone: its logits for every token would fill the memory.
            hidden = model.base_model(**prepared.inputs, use_cache=False).last_hidden_state[rows, columns]
            logits = model.get_output_embeddings()(hidden)[:, list(self.sign_ids)]
            accepted = iter(logits.float().softmax(dim=-1)[:, 0].tolist())
        for places in prepared.reply_places:
            yield [next(accepted) for _ in places]

    def _show(self, asked: Sequence[BaseMessage], steps: AnswerSteps) -> ShownConversation:
        turns = read_conversation(asked, self.image_policy).turns
        parts = [part for turn in turns if turn.role != "system" for part in turn.parts]
        pictures = [part for part in parts if isinstance(part, Picture)]
        if not pictures:
            raise ImageError(
                f"{self.vision_model.name!r} checks steps against a picture, and the question shows none. "
                "Add an image block to it, or use a judge that reads text."
            )
        question = "\n\n".join(part for part in parts if isinstance(part, str))
        chat = list(self._write_turns(question, len(pictures), [*steps.accepted, *steps.added]))
        # Each step is replied to after it; the last one at the end.
        lengths = range(len(chat) - 2 * (len(steps.added) - 1), len(chat) + 1, 2)
        return ShownConversation(chat, pictures, tuple(lengths))

    def _write_turns(
        self, question: str, num_pictures: int, steps: Sequence[str]
    ) -> Iterator[Mapping[str, Any]]:
        first, *others = steps or [""]
        yield _turn("system", self.instruction)
        opening = _turn("user", process_question(question, first))
        yield {**opening, "content": [{"type": "image"}] * num_pictures + opening["content"]}
        for step in others:
            yield _turn("assistant", _ACCEPTED)
            yield _turn("user", step)


def _turn(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": text}]}


def _steps_of(conversation: Sequence[BaseMessage]) -> AnswerSteps:
    answer = conversation[-1]
    if not isinstance(answer, AIMessage):
        raise MessageError(
            f"A process reward scores an answer, and the conversation ends in a {type(answer).__name__}. "
            "Let it end in an AIMessage."
        )
    return read_steps(continued_text(answer), accepted=accepted_text(answer))


def _sign_id(vision_model: VisionModel, sign: str) -> int:
    token_ids = vision_model.tokenizer(sign, add_special_tokens=False)["input_ids"]
    if len(token_ids) != 1:
        raise ModelLoadError(
            f"The tokenizer of {vision_model.name!r} writes {sign!r} as {len(token_ids)} tokens; a process "
            "reward compares single tokens. Use a checkpoint that was trained to reply with one sign."
        )
    return int(token_ids[0])
