"""The result of a search: read out of a state or a record, written as a record or a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Self

from langchain_core.messages import AIMessage, AnyMessage
from pydantic import TypeAdapter, ValidationError

from langchain_llava_o1.chat.messages import image_blocks
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.pictures.blocks import digest_of_block
from langchain_llava_o1.report.outcome import Outcome
from langchain_llava_o1.report.page import render_frame, render_page
from langchain_llava_o1.search.tool_calls import leave_out_tool_calls


@dataclass(frozen=True)
class SearchResult(Outcome):
    """An answer and how it came about.

    In a notebook it shows itself, as the page that ``to_html`` writes.

    Attributes:
        question: What was asked, as text.
        answer: The conclusion, or what there is where the model reached none.
        reasoning: The accepted stages before it, each in its tags.
        stages: Every step's record by its name, as in the state of a search.
        settings: Settings of the search, its seed included.
        usage: Tokens of all calls; None where the model does not say.
        num_calls: Model calls, sampling and judging together.
        seconds: Seconds that the search took.
        finish_reason: Why the answer ended: "stop", or "length" or "untagged" where it is not whole;
            "no_image" or "unreadable_attachment" where there is a reply in its place.
        limit: Name of the limit that ended the search early, or None.
        model_name: Name of the model that answered; None where nobody said.
        pictures: The question's pictures, as LangChain image blocks.
    """

    @classmethod
    def from_state(cls, state: Mapping[str, Any], *, model_name: str | None = None) -> Self:
        """Read the result out of what a search's graph returned.

        Args:
            state: What ``invoke`` or ``ainvoke`` returned.
            model_name: Name of the model, to be shown.

        Raises:
            ConfigurationError: If the state is not that of a search that has answered.
        """
        # A server returns messages as plain data.
        try:
            messages = _messages_type().validate_python(state.get("messages") or [])
        except ValidationError:
            messages = []
        answer = messages[-1] if len(messages) > 1 else None
        if not isinstance(answer, AIMessage) or "num_calls" not in answer.response_metadata:
            raise ConfigurationError(
                f"The state has the keys {sorted(state)} and {len(messages)} messages; this is no answer of "
                "a search. Give what `invoke` of a search's graph returned."
            )
        # Of a conversation that an agent handed on, the last message is a tool's.
        question, metadata = leave_out_tool_calls(messages[:-1])[-1], answer.response_metadata
        return cls(
            question=str(question.text),
            answer=str(answer.text),
            reasoning=str(answer.additional_kwargs.get("reasoning_content", "")),
            stages=dict(state.get("stages") or {}),
            settings=dict(state.get("settings", {})),
            usage=answer.usage_metadata,
            num_calls=metadata["num_calls"],
            seconds=metadata["seconds"],
            finish_reason=metadata["finish_reason"],
            limit=metadata["limit"],
            model_name=model_name,
            pictures=tuple(image_blocks([question])),
        )

    @classmethod
    def from_record(cls, record: Mapping[str, Any], *, pictures: Sequence[dict[str, Any]] = ()) -> Self:
        """Read a record that ``to_record`` made.

        Args:
            record: The record.
            pictures: The question's pictures, as image blocks: the record holds only their digests.

        Raises:
            ConfigurationError: If the record is not one.
        """
        names = {known.name for known in fields(cls)} - {"pictures"}
        if missing := sorted(names - set(record)):
            raise ConfigurationError(
                f"The record lacks {', '.join(missing)}; give what `SearchResult.to_record` returned, such "
                "as the artifact of a VisualReasoningTool."
            )
        return cls(**{name: record[name] for name in names}, pictures=tuple(pictures))

    def to_record(self) -> dict[str, Any]:
        """Return everything as plain data that JSON can hold, a digest in the place of each picture.

        ``pictures`` are the SHA-256 of the files' bytes, or what a block says where it holds none: its URL.
        """
        record = {known.name: getattr(self, known.name) for known in fields(self)}
        return record | {"pictures": [digest_of_block(block) for block in self.pictures]}

    def to_html(self) -> str:
        """Return a page that shows everything: picture, stages, candidates, brackets or scores, and budget.

        The page needs no other file and no network. A picture is in it only if ``pictures`` holds its bytes.
        """
        # A question from a shell may hold bytes that are no text in any encoding.
        return render_page(self).encode("utf-8", "replace").decode("utf-8")

    def _repr_html_(self) -> str:
        """Show the page in a notebook, in a frame of its own."""
        return render_frame(self)


@cache
def _messages_type() -> TypeAdapter[list[AnyMessage]]:
    return TypeAdapter(list[AnyMessage])
