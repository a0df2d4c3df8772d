from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from langchain_llava_o1.rag.passages import Passage, split_into_passages


def test_paragraphs_are_put_together_as_far_as_they_fit() -> None:
    text = "one\ntwo\n\nthree\n\n\nfour is longer"
    assert split_into_passages(text, 16) == [
        Passage("one\ntwo\n\nthree", 1, 4),
        Passage("four is longer", 7, 7),
    ]


def test_a_long_paragraph_is_cut_between_lines_and_a_long_line_between_words() -> None:
    text = "aaaa aaaa\nbbbb bbbb\ncccc cccc cccc"
    assert split_into_passages(text, 10) == [
        Passage("aaaa aaaa", 1, 1),
        Passage("bbbb bbbb", 2, 2),
        Passage("cccc cccc", 3, 3),
        Passage("cccc", 3, 3),
    ]
    assert [passage.text for passage in split_into_passages("x" * 25, 10)] == ["x" * 10, "x" * 10, "x" * 5]


def test_lines_are_those_of_an_editor() -> None:
    text = "a\x0cb\r\nc\u2028d\r\n\r\nend"
    assert [passage.position for passage in split_into_passages(text, 6)] == ["line 1", "line 2", "line 4"]


def test_positions_are_said_in_words() -> None:
    assert Passage("a", 3, 3).position == "line 3"
    assert Passage("a\nb", 3, 4).position == "lines 3-4"


@given(st.text(alphabet="ab \n.é", max_size=200), st.integers(min_value=5, max_value=40))
def test_no_word_is_lost_and_no_passage_is_too_long(text: str, most_characters: int) -> None:
    passages = split_into_passages(text, most_characters)
    assert all(passage.text and len(passage.text) <= most_characters for passage in passages)
    assert "".join("".join(p.text.split()) for p in passages) == "".join(text.split())
    assert all(first.last_line <= second.first_line for first, second in pairwise(passages))
