import pytest

from langchain_llava_o1.staging.sentences import first_sentence, join_sentences


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("There are 3.5 cups. The", "There are 3.5 cups."),
        ("It costs $2.50 vs. $3.10, i.e. less. So", "It costs $2.50 vs. $3.10, i.e. less."),
        ("Dr. Smith sees it, e.g. on p. 4. Then", "Dr. Smith sees it, e.g. on p. 4."),
        ("Is it red? Yes", "Is it red?"),
        ("<CAPTION> One cat. Two", "<CAPTION> One cat."),
        ("First line.\nSecond", "First line.\n"),
        ("There are 3.5 cups.", None),
        ("There are 3.", None),
        ("There are 3. ", None),
        ("", None),
        # What follows a stop string is no sentence of the stage.
        ("It is so.</CAPTION> Next one. And", None),
    ],
)
def test_a_sentence_ends_where_the_next_one_begins(text: str, sentence: str | None) -> None:
    assert first_sentence(text, ("</CAPTION>",)) == sentence


def test_sentences_are_joined_with_one_space_where_there_is_none() -> None:
    assert join_sentences("One.", "Two.") == "One. Two."
    assert join_sentences("One.\n", "Two.") == "One.\nTwo."
    assert join_sentences("", "Two.") == "Two."
    assert join_sentences("One.", "") == "One."
