"""A reward model of Hugging Face as a LangChain Runnable, for ``RewardJudge``."""

import re
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, BaseMessage, SystemMessage
from langchain_core.runnables import Runnable, RunnableConfig

from langchain_llava_o1.errors import ConfigurationError, ModelLoadError

if TYPE_CHECKING:
    import torch

_MAX_ROWS = 8
# Private-use characters: no template holds them, trims them or escapes them.
_PLACEHOLDER = "\ue000{number}\ue001"
_PLACEHOLDER_PATTERN = re.compile("\ue000(\\d+)\ue001")


class HuggingFaceReward(Runnable[list[BaseMessage], float]):
    """Score conversations with a sequence-classification model that has one output.

    Such models read text: pictures are left out, and the caption stands for them. Load it once and share it;
    it loads when it is first asked, and scores several conversations in one pass.
    """

    def __init__(
        self, model: str, *, revision: str | None = None, device: str | None = None, max_length: int = 4096
    ) -> None:
        """Name a model.

        Args:
            model: Hub id or folder of a checkpoint for ``AutoModelForSequenceClassification``, such as
                ``"Skywork/Skywork-Reward-V2-Qwen3-0.6B"``. Its tokenizer needs a chat template.
            revision: Branch, tag or commit on the hub.
            device: Where to run; None takes the best there is.
            max_length: Most tokens of a conversation; of a longer one the beginning is left out.
        """
        if max_length < 1:
            raise ConfigurationError(f"max_length must be 1 or more, got {max_length}.")
        self._model_name = model
        self._revision = revision
        self._device_name = device
        self._max_length = max_length
        self._loaded: tuple[Any, Any, torch.device] | None = None
        self._lock = threading.Lock()

    def invoke(self, input: list[BaseMessage], config: RunnableConfig | None = None, **kwargs: Any) -> float:
        """Score a conversation that ends in an answer."""
        return self.batch([input], config)[0]

    def batch(self, inputs: Sequence[list[BaseMessage]], config: Any = None, **kwargs: Any) -> list[float]:
        """Score conversations, a few of them in each pass.

        Raises:
            ModelLoadError: If the model cannot be loaded, or is no reward model.
        """
        import torch

        with self._lock:
            tokenizer, model, device = self._loaded = self._loaded or self._load()
            rows = [_encode(tokenizer, conversation)[-self._max_length :] for conversation in inputs]
            scores: list[float] = []
            for start in range(0, len(rows), _MAX_ROWS):
                encoded = tokenizer.pad(
                    {"input_ids": rows[start : start + _MAX_ROWS]}, padding=True, return_tensors="pt"
                ).to(device)
                with torch.inference_mode():
                    scores += model(**encoded).logits[:, 0].float().tolist()
            return scores

    async def abatch(
        self, inputs: Sequence[list[BaseMessage]], config: Any = None, **kwargs: Any
    ) -> list[float]:
        """Score conversations without blocking the event loop."""
        import asyncio

        return await asyncio.to_thread(self.batch, inputs, config)

    def _load(self) -> "tuple[Any, Any, torch.device]":
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        from langchain_llava_o1.engine.loading.placement import choose_device

        device = choose_device(self._device_name)
        try:
            tokenizer = AutoTokenizer.from_pretrained(self._model_name, revision=self._revision)
            model = AutoModelForSequenceClassification.from_pretrained(
                self._model_name, revision=self._revision, dtype="auto"
            )
        except (OSError, ValueError) as error:
            raise ModelLoadError(
                f"The reward model {self._model_name!r} could not be loaded: {error} "
                "Check its name, or give the folder of a checkpoint."
            ) from error
        if model.config.num_labels != 1:
            raise ModelLoadError(
                f"{self._model_name!r} has {model.config.num_labels} outputs; a reward model has one. "
                "Use a sequence-classification checkpoint with num_labels=1."
            )
        if tokenizer.chat_template is None:
            raise ModelLoadError(
                f"The tokenizer of {self._model_name!r} has no chat template, so that questions and "
                "answers cannot be told apart. Use one that was trained on conversations."
            )
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        model.config.pad_token_id = tokenizer.pad_token_id
        return tokenizer, model.to(device).eval(), device


def _encode(tokenizer: Any, conversation: Sequence[BaseMessage]) -> list[int]:
    """Return the token ids of a conversation; only the chat template writes special tokens.

    What reads like one in a text is hidden from the template and takes its place afterwards, as plain
    characters. Texts without any are tokenized together with the template's own words, as in training.
    """
    hidden: list[str] = []

    def hide(match: re.Match[str]) -> str:
        hidden.append(match.group())
        return _PLACEHOLDER.format(number=len(hidden) - 1)

    special_tokens = {*tokenizer.all_special_tokens, _PLACEHOLDER[0]}
    special_tokens |= {str(token) for token in tokenizer.added_tokens_decoder.values() if token.special}
    longest_first = sorted(special_tokens, key=len, reverse=True)
    reads_special = re.compile("|".join(map(re.escape, longest_first)))
    chat = [
        {"role": _role(message), "content": reads_special.sub(hide, str(message.text))}
        for message in conversation
    ]
    rendered = tokenizer.apply_chat_template(chat, tokenize=False)
    token_ids: list[int] = []
    for index, piece in enumerate(_PLACEHOLDER_PATTERN.split(rendered)):
        is_hidden = index % 2 == 1
        text = hidden[int(piece)] if is_hidden else piece
        if text:
            token_ids += tokenizer(
                text, add_special_tokens=False, split_special_tokens=is_hidden, verbose=False
            )["input_ids"]
    return token_ids


def _role(message: BaseMessage) -> str:
    if isinstance(message, AIMessage):
        return "assistant"
    return "system" if isinstance(message, SystemMessage) else "user"
