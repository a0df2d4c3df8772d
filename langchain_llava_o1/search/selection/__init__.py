"""How the best of several candidates are found: a rule a file."""

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.judge import Judge, PairwiseJudge, ScoringJudge
from langchain_llava_o1.search.selection.knockout import Knockout
from langchain_llava_o1.search.selection.ranking import Ranking
from langchain_llava_o1.search.selection.selection import Selection


def select_by(judge: Judge) -> Selection:
    """Return the rule that suits a judge: a knock-out for one that compares, else a ranking.

    Raises:
        ConfigurationError: If the judge neither compares nor scores.
    """
    if isinstance(judge, PairwiseJudge):
        return Knockout(judge)
    if isinstance(judge, ScoringJudge):
        return Ranking(judge)
    raise ConfigurationError(
        f"{type(judge).__name__} neither compares nor scores; derive it from PairwiseJudge or ScoringJudge."
    )
