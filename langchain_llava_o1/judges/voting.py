"""A judge that asks other judges and goes by the majority."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.runnables import RunnableConfig

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.judge import Comparison, PairwiseJudge
from langchain_llava_o1.judges.usage import total_usage
from langchain_llava_o1.judges.verdict import Choice, Verdict
from langchain_llava_o1.staging.parts.part import Part


@dataclass(frozen=True)
class VotingJudge(PairwiseJudge):
    """Let several judges compare, and choose what most of them choose.

    Where as many are for one candidate as for the other, the verdict has no choice, and the search decides
    by a coin.

    Attributes:
        judges: At least two judges that compare.
    """

    judges: Sequence[PairwiseJudge]

    def __post_init__(self) -> None:
        """Check the judges."""
        if len(self.judges) < 2:
            raise ConfigurationError(f"VotingJudge got {len(self.judges)} judge(s); give at least 2.")
        for judge in self.judges:
            if not isinstance(judge, PairwiseJudge):
                raise ConfigurationError(
                    f"VotingJudge takes judges that compare, got {type(judge).__name__}. "
                    "Judges that score have no vote; use one of them alone."
                )

    def most_calls(self, part: Part) -> int:
        """Return the most model calls that a comparison takes."""
        return sum(judge.most_calls(part) for judge in self.judges)

    def compare(self, comparison: Comparison, config: RunnableConfig | None = None) -> Verdict:
        """Judge two candidates in the order given."""
        return _count([judge.compare(comparison, config) for judge in self.judges])

    async def acompare(self, comparison: Comparison, config: RunnableConfig | None = None) -> Verdict:
        """Judge two candidates in the order given, without blocking the event loop."""
        return _count(await asyncio.gather(*(judge.acompare(comparison, config) for judge in self.judges)))


def _count(verdicts: Sequence[Verdict]) -> Verdict:
    votes = Counter(verdict.choice for verdict in verdicts if verdict.choice is not None)
    choice: Choice | None = None if votes[1] == votes[2] else 1 if votes[1] > votes[2] else 2
    reasons = [verdict.reason for verdict in verdicts if verdict.choice == choice and verdict.reason]
    return Verdict(
        text="\n\n".join(verdict.text for verdict in verdicts),
        choice=choice,
        reason=f"{votes[1]} to {votes[2]}. " + " ".join(reasons[:1]),
        usage=total_usage(verdict.usage for verdict in verdicts),
        num_calls=sum(verdict.num_calls for verdict in verdicts),
    )
