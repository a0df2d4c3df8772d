"""A judge of openevals as what grades free answers."""

import asyncio
import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

from langchain_core.callbacks import get_usage_metadata_callback

from langchain_llava_o1.data.annotation.spending import Spending, Usage
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.grading.grader import DEFAULT_ATTEMPTS, Grader, Reading, Told
from langchain_llava_o1.evaluation.grading.reply_cache import ReplyCache, digest_of
from langchain_llava_o1.judges.chat_model import ChatModel

Evaluator = Callable[..., Any]
"""Takes ``inputs``, ``outputs`` and ``reference_outputs``; returns "score" and "comment", or is awaited."""

_CHARACTERS_PER_TOKEN = 4


class OpenEvalsGrader(Grader):
    """A grader whose scores of free answers are an evaluator's, such as ``create_llm_as_judge`` makes.

    What option a reply chooses, and the like, is read by the chat model.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        model: ChatModel,
        name: str,
        *,
        cache: ReplyCache | None = None,
        spending: Spending | None = None,
        attempts: int = DEFAULT_ATTEMPTS,
    ) -> None:
        """Take the evaluator.

        Args:
            evaluator: Gives scores from 0 to 1, or True and False: with openevals,
                ``create_llm_as_judge(…, continuous=True)`` or ``create_async_llm_as_judge(…)``.
            model: Reads what no rule can; the evaluator's own judge will do.
            name: What both together are called, in reports and in the cache; say which prompt it has.
            cache: Replies that are known, and a place for new ones; by default memory.
            spending: Counts, and limits, what is spent, the evaluator's calls of LangChain models included.
            attempts: How often a call of the chat model is made at most.
        """
        super().__init__(model, name, cache=cache, spending=spending, attempts=attempts)
        self._evaluator = evaluator

    async def score(self, question: str, answer: str, reply: str) -> Reading:
        """Have the evaluator compare a free answer with the ground truth, once.

        Raises:
            ConfigurationError: If the evaluator returns something else than a result with a score.
            GenerationError: If it fails.
            BudgetReached: If no further call may be paid for.
        """
        asked = {"inputs": question, "outputs": reply, "reference_outputs": answer}

        async def call() -> Told:
            with get_usage_metadata_callback() as counted:
                result = await self._evaluate(asked)
            told = counted.usage_metadata.values()
            usage = Usage(
                1, sum(each["input_tokens"] for each in told), sum(each["output_tokens"] for each in told)
            )
            return Told(json.dumps(result, ensure_ascii=False), usage)

        num_tokens = sum(map(len, asked.values())) // _CHARACTERS_PER_TOKEN
        told = await self._once(digest_of(self.name, "openevals", asked), call, num_tokens)
        result = json.loads(told)
        return Reading(_read_score(result["score"]), str(result["comment"] or told))

    async def _evaluate(self, asked: Mapping[str, str]) -> dict[str, Any]:
        if inspect.iscoroutinefunction(self._evaluator):
            result = await self._evaluator(**asked)
        else:
            result = await asyncio.to_thread(self._evaluator, **asked)
            if inspect.isawaitable(result):
                result = await result
        # An evaluator may return several results, the first one being its verdict.
        result = result[0] if isinstance(result, list) and result else result
        if not isinstance(result, Mapping) or "score" not in result:
            raise ConfigurationError(
                f"The evaluator of {self.name} returned {result!r}; it must return a dict with a score, as "
                "openevals' evaluators do."
            )
        return {"score": result["score"], "comment": result.get("comment")}


def _read_score(score: object) -> float | None:
    if isinstance(score, bool | int | float) and 0 <= score <= 1:
        return float(score)
    return None
