"""A search with its judge and its settings, chosen by name: how a question is to be answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.search.catalogue import DEFAULT_SEARCH, SearchEntry, find_search

if TYPE_CHECKING:
    from langchain_llava_o1.judges.chat_model import ChatModel
    from langchain_llava_o1.search.builder import SearchGraph


class BuiltSearch(NamedTuple):
    """A search that is ready to be compiled and run.

    Attributes:
        graph: The search, uncompiled.
        context: Its settings, checked: what a run is given as ``context``.
    """

    graph: "SearchGraph"
    context: Any


@dataclass(frozen=True)
class Strategy:
    """How questions are answered.

    Attributes:
        search: Name of the search.
        judge: Full name of what decides between candidates (``judges/catalogue.py``); None for the search's
            own default.
        settings: Settings of the search, by name, where they are not the defaults.
    """

    search: str = DEFAULT_SEARCH
    judge: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def entry(self) -> SearchEntry:
        """The search's entry in the catalogue."""
        return find_search(self.search)

    def build(self, model: "ChatModel") -> BuiltSearch:
        """Build the search for a model.

        Raises:
            ConfigurationError: If the search and the judge do not go together, or a setting is unknown to the
                search or out of its bounds.
        """
        graph = self.entry.create(model, self.judge)
        return BuiltSearch(graph, self._read_settings(graph.context_schema))

    def settings_known_to(self, model: "ChatModel") -> frozenset[str]:
        """Return the names of the settings that the search has, with its judge.

        Raises:
            ConfigurationError: If the search and the judge do not go together.
        """
        schema: Any = self.entry.create(model, self.judge).context_schema
        return frozenset(schema.model_fields)

    def _read_settings(self, schema: Any) -> Any:
        names = schema.model_fields
        if unknown := sorted(self.settings.keys() - names.keys()):
            raise ConfigurationError(
                f"{self.search} has no setting {', '.join(map(repr, unknown))}; it has {', '.join(names)}."
            )
        fixed = self.entry.preset
        for name in fixed.keys() & self.settings.keys():
            if self.settings[name] not in (None, fixed[name]):
                raise ConfigurationError(
                    f"{self.search} has {name}={fixed[name]}, got {self.settings[name]}. Leave it out."
                )
        try:
            return schema.model_validate({**self.settings, **fixed})
        except ConfigurationError as error:
            raise ConfigurationError(f"{self.search}: {error}") from error
