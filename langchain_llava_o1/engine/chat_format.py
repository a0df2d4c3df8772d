"""A conversation as the token ids and pictures the model was trained to read.

The checkpoint's own chat template lays the conversation out, but it never sees a user's text: it is
rendered with a placeholder for each text, so that every special token in the result is known to be
the template's. The texts take their places afterwards and are tokenized as plain characters.
"""

import copy
import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from langchain_llava_o1.engine.request import Turn
from langchain_llava_o1.errors import MessageError, ModelLoadError
from langchain_llava_o1.pictures.picture import Picture

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

# Private-use characters: no template holds them, trims them or escapes them.
_PLACEHOLDER = "\ue000{number}\ue001"
_PLACEHOLDER_PATTERN = "\ue000\\d+\ue001"


@dataclass(frozen=True)
class Prompt:
    """What a model call starts from.

    Attributes:
        token_ids: The whole conversation, begin-of-text once at its start.
        pictures: One for each image token, in the order of the tokens.
    """

    token_ids: tuple[int, ...]
    pictures: tuple[Picture, ...]


class ChatFormat:
    """Turns conversations into prompts, the way one checkpoint expects them."""

    def __init__(
        self, tokenizer: "PreTrainedTokenizerFast", chat_template: str | None, image_token_id: int
    ) -> None:
        """Prepare to format for a checkpoint.

        Args:
            tokenizer: The checkpoint's tokenizer.
            chat_template: The processor's template; None uses the tokenizer's.
            image_token_id: Id of the token that stands for a picture.

        Raises:
            ModelLoadError: If there is no chat template.
        """
        template = chat_template or tokenizer.chat_template
        if not isinstance(template, str):
            raise ModelLoadError(
                "The checkpoint has no chat template. Save one beside it (chat_template.jinja), "
                "or use a checkpoint that was tuned for conversations."
            )
        self._tokenizer = tokenizer
        self._template = template
        self._image_token_id = image_token_id
        self._begin_id = cast("int | None", tokenizer.bos_token_id)
        special_ids = {*tokenizer.all_special_ids, image_token_id}
        special_ids.update(
            token_id for token_id, token in tokenizer.added_tokens_decoder.items() if token.special
        )
        self._special_ids = {
            str(tokenizer.convert_ids_to_tokens(token_id)): token_id for token_id in special_ids
        }
        longest_first = sorted(self._special_ids, key=len, reverse=True)
        self._pieces = re.compile(f"({_PLACEHOLDER_PATTERN}|{'|'.join(map(re.escape, longest_first))})")
        # A tokenizer of its own: the switch below is shared state that transformers flips back and forth.
        self._plain = copy.deepcopy(tokenizer.backend_tokenizer)
        self._plain.add_special_tokens([str(tokenizer.convert_ids_to_tokens(image_token_id))])
        self._plain.encode_special_tokens = True

    def encode(self, turns: Sequence[Turn]) -> Prompt:
        """Lay a conversation out as a prompt for the assistant's next words.

        Args:
            turns: The conversation. A last assistant turn is left open to be continued.

        Raises:
            MessageError: If the checkpoint's template refuses the conversation.
        """
        rendered = self._render(turns)
        return Prompt(
            token_ids=self._tokenize(rendered),
            pictures=tuple(part for turn in turns for part in turn.parts if isinstance(part, Picture)),
        )

    def encode_reply(self, text: str, *, is_ended: bool = True) -> list[int]:
        """Return the tokens of an answer as the assistant writes it, with the end of its turn if it is whole.

        Raises:
            ModelLoadError: If the checkpoint's template ends no turn by a special token.
        """
        end = [self._end_of_turn_id] if is_ended else []
        return [*self._encode_plain(text.strip()), *end]

    @functools.cached_property
    def _end_of_turn_id(self) -> int:
        """The special token that the template puts behind an answer."""
        turns = (Turn("user", ("?",)), Turn("assistant", ("!",)))
        rendered = self._render_once(turns, is_answered=True)
        last = max(index for index, piece in enumerate(rendered.pieces) if piece in rendered.texts)
        for piece in rendered.pieces[last + 1 :]:
            if piece in self._special_ids:
                return self._special_ids[piece]
        raise ModelLoadError(
            "The checkpoint's chat template puts no special token behind an answer, so that a model cannot "
            "learn where to end. Use the template of a model that was tuned for conversations."
        )

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a plain text, without begin-of-text or any special token."""
        return len(self._encode_plain(text))

    def _render(self, turns: Sequence[Turn]) -> "_Rendered":
        """Render the turns, a system turn inside the first user turn where the template refuses it.

        The published Llama 3.2 template refuses system messages beside pictures.
        """
        try:
            return self._render_once(turns)
        except MessageError:
            folded = _fold_system(turns)
            if folded is None:
                raise
        return self._render_once(folded)

    def _render_once(self, turns: Sequence[Turn], *, is_answered: bool = False) -> "_Rendered":
        """Render the turns; those that end in an answer stay open behind it unless it is a whole one."""
        from jinja2 import TemplateError

        is_continued = (
            not is_answered and turns[-1].role == "assistant" and any(part != "" for part in turns[-1].parts)
        )
        if turns[-1].role == "assistant" and not is_continued and not is_answered:
            turns = turns[:-1]
        texts: dict[str, str] = {}
        conversation = [
            _to_message(turn, texts, is_open=is_continued and turn is turns[-1]) for turn in turns
        ]
        try:
            rendered = cast(
                "str",
                self._tokenizer.apply_chat_template(
                    conversation,
                    chat_template=self._template,
                    tokenize=False,
                    add_generation_prompt=not (is_continued or is_answered),
                ),
            )
        except TemplateError as error:
            raise MessageError(
                f"The checkpoint's chat template refuses this conversation: {error}. "
                "Reorder or merge the messages as it asks."
            ) from error
        num_pictures = sum(isinstance(part, Picture) for turn in turns for part in turn.parts)
        pieces = self._pieces.split(rendered)
        shown = [piece for piece in pieces if piece in texts]
        num_image_tokens = sum(self._special_ids.get(piece) == self._image_token_id for piece in pieces)
        if shown != list(texts) or num_image_tokens != num_pictures:
            raise MessageError(
                f"The checkpoint's chat template shows {len(shown)} of {len(texts)} texts and "
                f"{num_image_tokens} of {num_pictures} pictures of this conversation. "
                "Put pictures into user messages, and text into system messages only."
            )
        if is_continued:
            last = max(
                index
                for index, piece in enumerate(pieces)
                if piece in texts or self._special_ids.get(piece) == self._image_token_id
            )
            pieces = pieces[: last + 1]
        return _Rendered(pieces, texts)

    def _tokenize(self, rendered: "_Rendered") -> tuple[int, ...]:
        token_ids: list[int] = []
        plain = ""
        for piece in rendered.pieces:
            special_id = self._special_ids.get(piece)
            if special_id is None:
                # Neighbouring texts are tokenized as one, as they were in training.
                plain += rendered.texts.get(piece, piece)
                continue
            token_ids += self._encode_plain(plain)
            token_ids.append(special_id)
            plain = ""
        token_ids += self._encode_plain(plain)
        if self._begin_id is not None:
            while token_ids[:1] == [self._begin_id]:
                del token_ids[0]
            token_ids.insert(0, self._begin_id)
        return tuple(token_ids)

    def _encode_plain(self, text: str) -> list[int]:
        return list(self._plain.encode(text, add_special_tokens=False).ids) if text else []


@dataclass(frozen=True)
class _Rendered:
    pieces: list[str]
    texts: dict[str, str]


def _to_message(turn: Turn, texts: dict[str, str], *, is_open: bool) -> dict[str, Any]:
    """Write a turn for a chat template, its texts noted in ``texts`` under their placeholders."""
    items: list[dict[str, str]] = []
    for part in turn.parts:
        if isinstance(part, Picture):
            items.append({"type": "image"})
        elif part:
            items.append({"type": "text", "text": _hide(part, texts, is_whole=is_open)})
    if turn.role == "system" and all(item["type"] == "text" for item in items):
        # Published templates read a system message as a string only.
        return {"role": turn.role, "content": "".join(item["text"] for item in items)}
    return {"role": turn.role, "content": items}


def _hide(text: str, texts: dict[str, str], *, is_whole: bool) -> str:
    """Stand a placeholder in for a text.

    White space at its ends stays outside, so that a template can trim it, unless the text is to be
    continued, where every character of it counts.
    """
    core = text if is_whole else text.strip()
    if not core:
        return text
    placeholder = _PLACEHOLDER.format(number=len(texts))
    texts[placeholder] = core
    before, _, after = text.partition(core)
    return f"{before}{placeholder}{after}"


def _fold_system(turns: Sequence[Turn]) -> tuple[Turn, ...] | None:
    """Move a leading system turn into the user turn after it, behind its pictures; None if there is none."""
    if len(turns) < 2 or turns[0].role != "system" or turns[1].role != "user":
        return None
    pictures = [part for part in turns[0].parts if isinstance(part, Picture)]
    instruction = "".join(part for part in turns[0].parts if isinstance(part, str)).strip()
    question = turns[1].parts
    num_leading = next((i for i, part in enumerate(question) if isinstance(part, str)), len(question))
    text, *rest = question[num_leading:] or ("",)
    # One text, since a template may trim the white space between two.
    parts = (*pictures, *question[:num_leading], f"{instruction}\n\n{text}".strip(), *rest)
    return (Turn("user", parts), *turns[2:])
