"""The search with this engine, judged by generated verdicts or by the probability of the choice."""

import asyncio
from collections.abc import Sequence

from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.request import Request, Sampling, ScoreRequest, Statistics, Turn
from langchain_llava_o1.evaluation.speed.workload import VERDICT_TOKENS, Match, QuestionWork
from langchain_llava_o1.staging.prompts import VERDICT_PREFIX

_CHOICES = (f"{VERDICT_PREFIX} 1", f"{VERDICT_PREFIX} 2")


class EngineSearch:
    """Runs questions at the same time."""

    def __init__(self, engine: Engine, *, is_scored: bool) -> None:
        """Run on an engine; ``is_scored`` judges without generating."""
        self._engine = engine
        self._is_scored = is_scored

    @property
    def statistics(self) -> Statistics:
        """What the engine has done."""
        return self._engine.statistics

    def run(self, questions: Sequence[QuestionWork], num_candidates: int) -> None:
        """Answer all questions, with nothing remembered from before."""
        self._engine.forget()
        asyncio.run(self._run_all(questions, num_candidates))

    async def _run_all(self, questions: Sequence[QuestionWork], num_candidates: int) -> None:
        await asyncio.gather(*(self._answer(question, num_candidates) for question in questions))

    async def _answer(self, question: QuestionWork, num_candidates: int) -> None:
        for stage in question.stages:
            await self._generate(stage.prompt, Sampling(1.0, max_tokens=stage.num_tokens), num_candidates)
            for matches in stage.rounds:
                await asyncio.gather(*map(self._judge, matches))

    async def _judge(self, match: Match) -> None:
        if self._is_scored:
            requests = (ScoreRequest(prompt, _CHOICES) for prompt in match.choice_prompts)
            await asyncio.gather(*map(self._engine.ascore, requests))
        else:
            await self._generate(match.prompt, Sampling(max_tokens=VERDICT_TOKENS), 1)

    async def _generate(self, turns: tuple[Turn, ...], sampling: Sampling, num_rows: int) -> None:
        request = Request(turns, sampling, n=num_rows, is_streamed=False)
        async for delta in self._engine.agenerate(request):
            assert delta.num_tokens == sampling.max_tokens, "every length is given"
