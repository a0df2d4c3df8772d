"""A conversation as token ids, in which only the chat template writes special tokens."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

# Private-use characters: no template holds them, trims them or escapes them.
_PLACEHOLDER = "\ue000{number}\ue001"
_PLACEHOLDER_PATTERN = re.compile("\ue000(\\d+)\ue001")

Content = str | Sequence[Mapping[str, str]]
"""A message's text, or its blocks: ``{"type": "text", "text": …}`` and ``{"type": "image"}``."""


class ConversationTokenizer:
    """Writes conversations as token ids.

    What reads like a special token in a text is hidden from the template and takes its place afterwards, as
    plain characters. Texts without any are tokenized together with the template's own words, as in training.
    """

    def __init__(self, tokenizer: Any, *, image_token: str | None = None) -> None:
        """Take a tokenizer of transformers that has a chat template.

        Args:
            tokenizer: The tokenizer.
            image_token: What the template writes for a picture.
        """
        self._tokenizer = tokenizer
        self._image_token = image_token
        special_tokens = {*tokenizer.all_special_tokens, _PLACEHOLDER[0]}
        special_tokens |= {str(token) for token in tokenizer.added_tokens_decoder.values() if token.special}
        longest_first = sorted(special_tokens, key=len, reverse=True)
        self._reads_special = re.compile("|".join(map(re.escape, longest_first)))

    def write(
        self,
        chat: Sequence[Mapping[str, Any]],
        *,
        image_lengths: Sequence[int] = (),
        asks_for_reply: bool = False,
    ) -> list[int]:
        """Return the token ids of a conversation.

        Args:
            chat: Messages with ``role`` and ``content`` (``Content``).
            image_lengths: How many tokens each picture takes, in order.
            asks_for_reply: Whether the beginning of a reply comes last.

        Raises:
            ValueError: If the template does not write each picture once.
        """
        hidden: list[str] = []

        def hide(match: re.Match[str]) -> str:
            hidden.append(match.group())
            return _PLACEHOLDER.format(number=len(hidden) - 1)

        rendered = self._tokenizer.apply_chat_template(
            [{**message, "content": self._hide(message["content"], hide)} for message in chat],
            tokenize=False,
            add_generation_prompt=asks_for_reply,
        )
        rendered = self._expand_pictures(rendered, image_lengths)
        token_ids: list[int] = []
        for index, piece in enumerate(_PLACEHOLDER_PATTERN.split(rendered)):
            is_hidden = index % 2 == 1
            text = hidden[int(piece)] if is_hidden else piece
            if text:
                token_ids += self._tokenizer(
                    text, add_special_tokens=False, split_special_tokens=is_hidden, verbose=False
                )["input_ids"]
        return token_ids

    def _hide(self, content: Content, hide: Any) -> Content:
        if isinstance(content, str):
            return self._reads_special.sub(hide, content)
        return [
            {**block, "text": self._reads_special.sub(hide, block["text"])} if "text" in block else block
            for block in content
        ]

    def _expand_pictures(self, rendered: str, lengths: Sequence[int]) -> str:
        if self._image_token is None:
            return rendered
        first, *others = rendered.split(self._image_token)
        if len(others) != len(lengths):
            raise ValueError(
                f"The chat template writes {len(others)} picture(s) of a conversation that shows "
                f"{len(lengths)}."
            )
        return first + "".join(
            self._image_token * length + text for length, text in zip(lengths, others, strict=True)
        )
