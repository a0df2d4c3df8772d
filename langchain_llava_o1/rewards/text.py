"""Reward models that read text: sequence classification with one output."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from langchain_core.messages import AIMessage, BaseMessage, SystemMessage

from langchain_llava_o1.errors import ModelLoadError
from langchain_llava_o1.rewards.scorer import Scorer, load_weights
from langchain_llava_o1.rewards.settings import RewardSettings
from langchain_llava_o1.rewards.tokens import ConversationTokenizer


@dataclass(frozen=True)
class TextScorer(Scorer):
    """A classifier's only output. Pictures are left out, and the caption stands for them.

    Attributes:
        model: The weights.
        tokenizer: The tokenizer, which pads.
        writer: Writes conversations.
        max_length: Most tokens of a conversation; of a longer one the beginning is left out.
    """

    model: Any
    tokenizer: Any
    writer: ConversationTokenizer
    max_length: int

    @classmethod
    def load(cls, settings: RewardSettings) -> Self:
        """Load a model for sequence classification.

        Raises:
            ModelLoadError: If it has more outputs than one, or its tokenizer no chat template.
        """
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(**settings.source)
        model = load_weights(AutoModelForSequenceClassification, settings)
        if model.config.num_labels != 1:
            raise ModelLoadError(
                f"{settings.model!r} has {model.config.num_labels} outputs; a reward model has one. "
                "Use a sequence-classification checkpoint with num_labels=1."
            )
        if tokenizer.chat_template is None:
            raise ModelLoadError(
                f"The tokenizer of {settings.model!r} has no chat template, so that questions and "
                "answers cannot be told apart. Use one that was trained on conversations."
            )
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        model.config.pad_token_id = tokenizer.pad_token_id
        return cls(model, tokenizer, ConversationTokenizer(tokenizer), settings.max_length)

    def score(self, conversations: Sequence[Sequence[BaseMessage]]) -> list[float]:
        """Score conversations."""
        import torch

        rows = [self._write(conversation)[-self.max_length :] for conversation in conversations]
        encoded = self.tokenizer.pad({"input_ids": rows}, padding=True, return_tensors="pt")
        with torch.inference_mode():
            logits = self.model(**encoded.to(self.model.device)).logits
        return [float(score) for score in logits[:, 0].float()]

    def _write(self, conversation: Sequence[BaseMessage]) -> list[int]:
        return self.writer.write(
            [{"role": _role(message), "content": str(message.text)} for message in conversation]
        )


def _role(message: BaseMessage) -> str:
    if isinstance(message, AIMessage):
        return "assistant"
    return "system" if isinstance(message, SystemMessage) else "user"
