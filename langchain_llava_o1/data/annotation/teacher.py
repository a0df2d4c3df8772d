"""Who writes annotations: a chat model that is asked once, or a search."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from langchain_llava_o1.data.annotation.question import Question
from langchain_llava_o1.data.annotation.stage_choices import StageChoice, read_choices
from langchain_llava_o1.judges.chat_model import ChatModel
from langchain_llava_o1.search.replies import read_reply
from langchain_llava_o1.search.seeds import derive_seed
from langchain_llava_o1.search.settings import AS_A_PROGRAM
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.staging.annotation_prompts import reference_note, teacher_prompt
from langchain_llava_o1.staging.parts.reply import Reply
from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.staging.transcript import parse_transcript


@dataclass(frozen=True)
class Written:
    """What a teacher wrote.

    Attributes:
        reply: The answer.
        choices: What a search chose at every stage; empty where none did, or not stage by stage.
    """

    reply: Reply
    choices: tuple[StageChoice, ...] = ()


class Teacher(ABC):
    """Writes staged answers."""

    @abstractmethod
    async def write(self, question: Question, attempt: int) -> Written:
        """Answer a question in stages.

        Args:
            question: The question.
            attempt: Which try it is, from 1; another one may give another answer.
        """


class SingleCall(Teacher):
    """A chat model that is asked for the whole answer in one call."""

    def __init__(self, model: ChatModel, *, shows_reference: bool, parameters: dict[str, Any]) -> None:
        """Take the model, whether it sees the reference answer, and the parameters of its calls."""
        self._model = model
        self._shows_reference = shows_reference
        self._parameters = parameters

    async def write(self, question: Question, attempt: int) -> Written:
        """Ask once."""
        prompt = teacher_prompt(question.reference if self._shows_reference else None, question.hint)
        reply = await self._model.ainvoke(_ask(question, prompt), **self._parameters)
        return Written(read_reply(reply))


class SearchTeacher(Teacher):
    """A search, which draws candidates and chooses between them."""

    def __init__(self, model: ChatModel, strategy: Strategy, *, shows_reference: bool, seed: int) -> None:
        """Build the search.

        Raises:
            ConfigurationError: If its parts do not go together.
        """
        built = strategy.build(model)
        self._graph = built.graph.compile()
        self._context = built.context
        self._shows_reference = shows_reference
        self._seed = seed

    async def write(self, question: Question, attempt: int) -> Written:
        """Search for an answer, with a seed that follows from the question and the try."""
        note = reference_note(question.reference, question.hint) if self._shows_reference else ""
        seed = derive_seed(self._seed, question.id, attempt)
        context = self._context.model_copy(update={"seed": seed, **AS_A_PROGRAM})
        state = await self._graph.ainvoke({"messages": _ask(question, note)}, context=context)
        return Written(_read_answer(state["messages"][-1]), read_choices(state["stages"]))


def _ask(question: Question, text: str) -> list[BaseMessage]:
    """Return a question's messages with a text after the question."""
    *earlier, last = question.write_messages()
    if not text:
        return [*earlier, last]
    content = last.content
    blocks: Any = [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
    # One text: some models read only the first of several.
    if blocks and blocks[-1].get("type") == "text":
        *blocks, asked = blocks
        text = f"{asked['text']}\n\n{text}"
    return [*earlier, last.model_copy(update={"content": [*blocks, {"type": "text", "text": text}]})]


def _read_answer(message: AIMessage) -> Reply:
    """Write the answer of a search as a model writes it, without the stages that no candidate filled well."""
    reasoning = message.additional_kwargs.get("reasoning_content", "")
    written = parse_transcript(f"{reasoning}\n\n{STAGES[-1].wrap(str(message.text))}").stages
    incomplete = message.response_metadata.get("incomplete_stages", ())
    whole = [found.stage.wrap(found.body) for found in written if found.stage.name not in incomplete]
    return Reply("\n\n".join(whole), finish_reason=str(message.response_metadata.get("finish_reason", "")))
