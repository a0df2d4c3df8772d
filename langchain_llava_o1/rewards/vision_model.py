"""A vision-language model that conversations with pictures are put to in one pass.

The tokenizer and the image processor are loaded one by one: the processor of Qwen2.5-VL that holds both also
holds one for videos, and cannot be loaded without torchvision.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from langchain_llava_o1.errors import ImageError, ModelLoadError
from langchain_llava_o1.pictures.picture import Picture
from langchain_llava_o1.rewards.files import find_file
from langchain_llava_o1.rewards.scorer import load_weights
from langchain_llava_o1.rewards.settings import RewardSettings
from langchain_llava_o1.rewards.tokens import ConversationTokenizer

_CHAT_TEMPLATE_FILE = "chat_template.json"


class ShownConversation(NamedTuple):
    """A conversation for a vision-language model.

    Attributes:
        chat: Messages with ``role`` and ``content``, as chat templates take them.
        pictures: The pictures of the image blocks, in order.
        replies_after: After how many of the messages a reply is looked at.
    """

    chat: Sequence[Mapping[str, Any]]
    pictures: Sequence[Picture]
    replies_after: Sequence[int] = ()


class PreparedConversations(NamedTuple):
    """Conversations as a model takes them.

    Attributes:
        inputs: The model's inputs: one row for each conversation, padded on the left, so that all end last.
        reply_places: Of each conversation, in which columns the replies that are looked at are foretold.
    """

    inputs: dict[str, Any]
    reply_places: list[list[int]]


class _PreparedPicture(NamedTuple):
    patches: Any
    grid: Any


@dataclass(frozen=True)
class VisionModel:
    """A loaded vision-language model of the Qwen-VL kind.

    Attributes:
        name: What it was loaded as.
        model: The weights.
        tokenizer: The tokenizer, which pads.
        image_processor: Cuts pictures into patches.
        writer: Writes conversations.
        image_token_id: The token that stands for a piece of a picture.
    """

    name: str
    model: Any
    tokenizer: Any
    image_processor: Any
    writer: ConversationTokenizer
    image_token_id: int

    @classmethod
    def load(cls, settings: RewardSettings) -> Self:
        """Load a model for ``AutoModelForImageTextToText``.

        Raises:
            ModelLoadError: If its architecture is another one, or its tokenizer has no chat template.
        """
        from transformers import AutoConfig, AutoImageProcessor, AutoModelForImageTextToText, AutoTokenizer

        config = AutoConfig.from_pretrained(**settings.source)
        image_token_id = getattr(config, "image_token_id", None)
        merges_patches = hasattr(getattr(config, "vision_config", None), "spatial_merge_size")
        if image_token_id is None or not merges_patches:
            raise ModelLoadError(
                f"{settings.model!r} holds a model of type {config.model_type!r}; rewards that see pictures "
                "are read from vision-language models of the Qwen-VL kind, such as qwen2_5_vl. "
                "Use such a checkpoint."
            )
        tokenizer = AutoTokenizer.from_pretrained(**settings.source)
        tokenizer.chat_template = _read_chat_template(settings) or tokenizer.chat_template
        if tokenizer.chat_template is None:
            raise ModelLoadError(
                f"{settings.model!r} has no chat template, so that questions and answers cannot be told "
                "apart. Put the chat_template.jinja of the model that it was made from beside it."
            )
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        image_processor = AutoImageProcessor.from_pretrained(**settings.source)
        size = image_processor.size
        image_processor.size = type(size)(
            shortest_edge=min(settings.min_pixels or size["shortest_edge"], settings.max_pixels),
            longest_edge=min(max(size["longest_edge"], settings.min_pixels or 0), settings.max_pixels),
        )
        return cls(
            settings.model,
            load_weights(AutoModelForImageTextToText, settings),
            tokenizer,
            image_processor,
            ConversationTokenizer(
                tokenizer, image_token=str(tokenizer.convert_ids_to_tokens(image_token_id))
            ),
            image_token_id,
        )

    def prepare(
        self, conversations: Sequence[ShownConversation], *, asks_for_reply: bool
    ) -> PreparedConversations:
        """Write conversations as a model takes them.

        Args:
            conversations: The conversations.
            asks_for_reply: Whether the beginning of a reply comes last.

        Raises:
            ImageError: If a picture cannot be prepared.
            ModelLoadError: If the chat template does not show the pictures, or not where replies begin.
        """
        import torch

        shown = {picture.key: picture for each in conversations for picture in each.pictures}
        prepared = {key: self._prepare_picture(picture) for key, picture in shown.items()}
        rows, ends = [], []
        for chat, pictures, replies_after in conversations:
            lengths = [self._num_tokens(prepared[picture.key]) for picture in pictures]
            row = self._write(chat, lengths, asks_for_reply=asks_for_reply)
            ends.append([self._end_before_reply(row, chat[:number], lengths) for number in replies_after])
            rows.append(row)
        inputs = dict(
            self.tokenizer.pad({"input_ids": rows}, padding=True, padding_side="left", return_tensors="pt")
        )
        inputs["mm_token_type_ids"] = (inputs["input_ids"] == self.image_token_id).int()
        in_order = [prepared[picture.key] for each in conversations for picture in each.pictures]
        if in_order:
            inputs["pixel_values"] = torch.cat([picture.patches for picture in in_order])
            inputs["image_grid_thw"] = torch.cat([picture.grid for picture in in_order])
        width = inputs["input_ids"].shape[1]
        places = [[width - len(row) + end for end in found] for row, found in zip(rows, ends, strict=True)]
        on_device = {name: tensor.to(self.model.device) for name, tensor in inputs.items()}
        return PreparedConversations(on_device, places)

    def _write(
        self, chat: Sequence[Mapping[str, Any]], lengths: Sequence[int], *, asks_for_reply: bool
    ) -> list[int]:
        try:
            return self.writer.write(chat, image_lengths=lengths, asks_for_reply=asks_for_reply)
        except ValueError as error:
            raise ModelLoadError(
                f"{self.name!r}: {error} Put the chat_template.jinja of the model that it was made from "
                "beside it."
            ) from error

    def _end_before_reply(
        self, row: Sequence[int], chat: Sequence[Mapping[str, Any]], lengths: Sequence[int]
    ) -> int:
        """Return at which token of a row the reply to its first messages is foretold."""
        begun = self._write(chat, lengths, asks_for_reply=True)
        if row[: len(begun)] != begun:
            raise ModelLoadError(
                f"The chat template of {self.name!r} writes messages in another way once more of them "
                "follow, so that the replies between them cannot be found. Put the chat_template.jinja of "
                "the model that it was made from beside it."
            )
        return len(begun) - 1

    def _prepare_picture(self, picture: Picture) -> _PreparedPicture:
        try:
            prepared = self.image_processor(images=[picture.image], return_tensors="pt")
        except ValueError as error:
            width, height = picture.image.size
            raise ImageError(
                f"{self.name!r} cannot look at a picture of {width}x{height} pixels: {error}. "
                "Cut out what matters."
            ) from error
        return _PreparedPicture(prepared["pixel_values"], prepared["image_grid_thw"])

    def _num_tokens(self, prepared: _PreparedPicture) -> int:
        merged: int = self.model.config.vision_config.spatial_merge_size**2
        return int(prepared.grid.prod()) // merged


def _read_chat_template(settings: RewardSettings) -> str | None:
    """Return the template that stands in a file of its own, as older checkpoints have it."""
    path = find_file(settings, _CHAT_TEMPLATE_FILE)
    if path is None:
        return None
    template: str = json.loads(path.read_text(encoding="utf-8"))["chat_template"]
    return template
