"""Process reward models that answer "+" or "-" after each step, such as Qwen-VL-PRM (arXiv 2509.23250)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from langchain_core.messages import AIMessage, BaseMessage

from langchain_llava_o1.chat.messages import continued_text, read_conversation
from langchain_llava_o1.errors import ImageError, MessageError, ModelLoadError
from langchain_llava_o1.pictures.picture import Picture
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.rewards.scorer import Scorer
from langchain_llava_o1.rewards.settings import RewardSettings
from langchain_llava_o1.rewards.vision_model import ShownConversation, VisionModel
from langchain_llava_o1.staging.prompts import process_question
from langchain_llava_o1.staging.transcript import parse_transcript

_ACCEPTED = "+"
_REJECTED = "-"


class _SignIds(NamedTuple):
    """The tokens of the two verdicts."""

    accepted: int
    rejected: int


@dataclass(frozen=True)
class ProcessScorer(Scorer):
    """How likely the model is to accept the last step of an answer, every stage of which is a step.

    The question and the first step are the user's first turn, each further step is one more; every step
    before the last one was accepted. The score is the softmax of the two signs at the place of the reply.

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
        """Score conversations, each between 0 and 1.

        Raises:
            ImageError: If one of them shows no picture.
            MessageError: If one of them does not end in an answer.
        """
        import torch

        inputs = self.vision_model.prepare([self._show(each) for each in conversations], asks_for_reply=True)
        with torch.inference_mode():
            logits = self.vision_model.model(**inputs, use_cache=False, logits_to_keep=1).logits[:, -1]
            probabilities = logits[:, list(self.sign_ids)].float().softmax(dim=-1)
        return [float(probability) for probability in probabilities[:, 0]]

    def _show(self, conversation: Sequence[BaseMessage]) -> ShownConversation:
        *asked, answer = conversation
        if not isinstance(answer, AIMessage):
            raise MessageError(
                f"A process reward scores an answer, and the conversation ends in a {type(answer).__name__}. "
                "Let it end in an AIMessage."
            )
        turns = read_conversation(asked, self.image_policy).turns
        parts = [part for turn in turns if turn.role != "system" for part in turn.parts]
        pictures = [part for part in parts if isinstance(part, Picture)]
        if not pictures:
            raise ImageError(
                f"{self.vision_model.name!r} checks steps against a picture, and the question shows none. "
                "Add an image block to it, or use a judge that reads text."
            )
        question = "\n\n".join(part for part in parts if isinstance(part, str))
        return ShownConversation(
            list(self._write_turns(question, len(pictures), _steps_of(answer))), pictures
        )

    def _write_turns(
        self, question: str, num_pictures: int, steps: Sequence[str]
    ) -> Iterator[Mapping[str, Any]]:
        first, *others = steps
        yield _turn("system", self.instruction)
        opening = _turn("user", process_question(question, first))
        yield {**opening, "content": [{"type": "image"}] * num_pictures + opening["content"]}
        for step in others:
            yield _turn("assistant", _ACCEPTED)
            yield _turn("user", step)


def _turn(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": text}]}


def _steps_of(answer: AIMessage) -> list[str]:
    """Return the words of each stage, or the whole answer where it has none."""
    text = continued_text(answer)
    steps = [stage.body for stage in parse_transcript(text).stages if stage.body]
    return steps or [text.strip()]


def _sign_id(vision_model: VisionModel, sign: str) -> int:
    token_ids = vision_model.tokenizer(sign, add_special_tokens=False)["input_ids"]
    if len(token_ids) != 1:
        raise ModelLoadError(
            f"The tokenizer of {vision_model.name!r} writes {sign!r} as {len(token_ids)} tokens; a process "
            "reward compares single tokens. Use a checkpoint that was trained to reply with one sign."
        )
    return int(token_ids[0])
