"""Texts cut into passages that are embedded and shown one by one."""

from dataclasses import dataclass

from langchain_llava_o1.errors import ConfigurationError

MOST_CHARACTERS = 1000
"""Most characters of a passage."""


@dataclass(frozen=True)
class Passage:
    """A piece of a text.

    Attributes:
        text: What it says.
        first_line: Number of its first line in the text, from 1.
        last_line: Number of its last line.
    """

    text: str
    first_line: int
    last_line: int

    @property
    def position(self) -> str:
        """Where it stands, in words."""
        if self.first_line == self.last_line:
            return f"line {self.first_line}"
        return f"lines {self.first_line}-{self.last_line}"


def split_into_passages(text: str, most_characters: int = MOST_CHARACTERS) -> list[Passage]:
    """Cut a text into passages, between paragraphs where that is possible, else between lines or words.

    Args:
        text: The text.
        most_characters: Most characters of a passage.

    Raises:
        ConfigurationError: If LangChain's text splitters are missing.
    """
    try:
        from langchain_text_splitters import RecursiveCharacterTextSplitter
    except ImportError as error:
        raise ConfigurationError(
            'Texts are indexed with LangChain\'s splitters: pip install "langchain-llava-o1[rag]".'
        ) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    splitter = RecursiveCharacterTextSplitter(
        chunk_size=most_characters, chunk_overlap=0, add_start_index=True
    )
    passages = []
    line, counted = 1, 0
    for document in splitter.create_documents([text]):
        start = document.metadata["start_index"]
        line, counted = line + text.count("\n", counted, start), start
        passages.append(Passage(document.page_content, line, line + document.page_content.count("\n")))
    return passages
