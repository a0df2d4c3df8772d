"""The searches: a record each, from which the command line, benchmarks, the app and the graphs offer them.

A further search is a module with its builder, and a record here.
"""

import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.catalogue import JUDGES, find_judge, split_name

if TYPE_CHECKING:
    from langchain_llava_o1.judges.chat_model import ChatModel
    from langchain_llava_o1.search.builder import SearchGraph


class Judging(StrEnum):
    """What judges a search takes."""

    ANY = "any"
    SCORING = "scoring"
    NONE = "none"
    """It has nothing to choose from."""


@dataclass(frozen=True)
class SearchEntry:
    """A search in the catalogue. Nothing is imported until it is built.

    Attributes:
        name: What it is called.
        title: Its name as prose writes it.
        description: What it does, in a line.
        home: Where its builder is, as "module:function".
        judging: What judges it takes.
        preset: Settings that make it what it is, and cannot be given another value.
        graph_name: What its graph is called in LangGraph Studio; None if it has none of its own there.
    """

    name: str
    title: str
    description: str
    home: str
    judging: Judging = Judging.ANY
    preset: Mapping[str, Any] = field(default_factory=dict)
    graph_name: str | None = None

    @property
    def has_candidates(self) -> bool:
        """Whether it has candidates to choose from."""
        return self.judging is not Judging.NONE

    @property
    def is_graph(self) -> bool:
        """Whether it has a graph of its own in LangGraph Studio."""
        return self.graph_name is not None

    @property
    def graph_description(self) -> str:
        """What LangGraph Studio says about its graph, in a sentence."""
        return f"{self.title}: {self.description[0].lower()}{self.description[1:]}"

    def takes(self, judge: str) -> bool:
        """Whether a judge of this name decides in it."""
        return self.judging is Judging.ANY or (self.judging is Judging.SCORING and JUDGES[judge].is_scoring)

    def judged_by(self, judge: str | None) -> str | None:
        """Return what decides in it where several searches are given one judge.

        Args:
            judge: Full name of a judge.

        Returns:
            That name if the search takes the judge; else None, for its own default.

        Raises:
            ConfigurationError: If there is no such judge.
        """
        return judge if judge is not None and self.takes(find_judge(judge).name) else None

    def create(self, model: "ChatModel", judge: str | None = None) -> "SearchGraph":
        """Build the graph of the search, uncompiled.

        Args:
            model: Any LangChain chat model.
            judge: Full name of what decides between candidates; None for the search's own default.

        Raises:
            ConfigurationError: If the search and the judge do not go together.
        """
        build = pkgutil.resolve_name(self.home)
        if judge is None:
            return cast("SearchGraph", build(model))
        entry = find_judge(judge)
        if not self.has_candidates:
            raise ConfigurationError(
                f"{self.name} has nothing to choose from and takes no judge, got {entry.name}. "
                "Leave the judge out."
            )
        if not self.takes(entry.name):
            scoring = [each.name for each in JUDGES.values() if each.is_scoring]
            raise ConfigurationError(
                f"{self.name} works with scores, and the {entry.name} judge gives none. "
                f"Use {' or '.join(scoring)}, or leave the judge out."
            )
        return cast("SearchGraph", build(model, judge=entry.create(model, split_name(judge).own_model)))


SINGLE_PASS = "single"
"""Name of the search that answers once, which any search with a single candidate comes to."""

SEARCHES = {
    entry.name: entry
    for entry in (
        SearchEntry(
            "stage-beam",
            "Stage-level beam search",
            "At each of the four stages draws several candidates, keeps the best and goes on from it.",
            "langchain_llava_o1.search.stage_beam:create_stage_beam",
            graph_name="stage_beam",
        ),
        SearchEntry(
            "best-of-n",
            "Best-of-N",
            "Draws whole answers about a picture; a judge keeps the best one.",
            "langchain_llava_o1.search.best_of_n:create_best_of_n",
            graph_name="best_of_n",
        ),
        SearchEntry(
            "self-consistency",
            "Self-consistency",
            "Draws whole answers about a picture; the conclusion that most of them reach wins.",
            "langchain_llava_o1.search.self_consistency:create_self_consistency",
            judging=Judging.SCORING,
            graph_name="self_consistency",
        ),
        SearchEntry(
            "sentence-beam",
            "Sentence-level beam search",
            "Draws an answer about a picture sentence by sentence and keeps the best of each.",
            "langchain_llava_o1.search.sentence_beam:create_sentence_beam",
            graph_name="sentence_beam",
        ),
        SearchEntry(
            "swires",
            "Stage-wise retracing search (SWIRES)",
            "Keeps several captions and reasonings, and goes back while they score badly.",
            "langchain_llava_o1.search.swires:create_swires",
            judging=Judging.SCORING,
            graph_name="swires",
        ),
        SearchEntry(
            SINGLE_PASS,
            "A single pass",
            "Answers a question about a picture once, with nothing compared.",
            "langchain_llava_o1.search.single_pass:create_single_pass",
            judging=Judging.NONE,
            graph_name="single_pass",
        ),
        SearchEntry(
            "greedy",
            "A greedy pass",
            "Answers a question about a picture once, with the most likely token each time.",
            "langchain_llava_o1.search.single_pass:create_single_pass",
            judging=Judging.NONE,
            preset={"temperature": 0.0},
        ),
    )
}
"""All of them, by name; the first one is the default."""

DEFAULT_SEARCH = next(iter(SEARCHES))


def find_search(name: str) -> SearchEntry:
    """Return the entry of a search.

    Raises:
        ConfigurationError: If there is none of this name.
    """
    if name not in SEARCHES:
        raise ConfigurationError(f"There is no search {name!r}; there are {', '.join(SEARCHES)}.")
    return SEARCHES[name]
