"""What a question to a collection is given, what it returns, and its state."""

from typing import Annotated, NotRequired

from pydantic import Field

from langchain_llava_o1.rag.retriever import Route
from langchain_llava_o1.rag.sources import Source
from langchain_llava_o1.search.state import SearchInput, SearchOutput


class RagInput(SearchInput):
    """What is asked, as for a search, and by what sources are retrieved.

    A picture, of ``image`` or of the last message, is searched by as well where the retriever can do that.
    """

    retrieve_by: NotRequired[
        Annotated[
            Route | None,
            Field(
                description="Retrieve by the question's text, its picture, or both. Empty: by what there is."
            ),
        ]
    ]


class RagOutput(SearchOutput):
    """What a search returns, and the sources that were retrieved for it."""

    sources: list[Source]


class RagState(RagOutput):
    """State of a question to a collection."""

    retrieve_by: Route | None
