from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.staging.transcript import Piece, StageSplitter, assemble, parse_transcript

SUMMARY, CAPTION, REASONING, CONCLUSION = STAGES

tags = st.sampled_from(
    [
        tag
        for stage in STAGES
        for tag in (stage.opening, stage.closing, stage.spelled_opening, stage.spelled_closing)
    ]
)
fragments = st.one_of(
    tags,
    tags.flatmap(lambda tag: st.integers(1, len(tag)).map(lambda end: tag[:end])),
    st.text(alphabet="<>/() \nabSUMARYé", max_size=8),
    st.text(max_size=5),
)
texts = st.lists(fragments, max_size=12).map("".join)


def split(text: str, cuts: list[int], prefix: str = "") -> list[Piece]:
    splitter = StageSplitter(prefix)
    edges = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    pieces = [piece for start, end in pairwise(edges) for piece in splitter.feed(text[start:end])]
    return [*pieces, *splitter.finish()]


@given(texts, st.lists(st.integers(0, 1000), max_size=20), texts)
def test_any_chunking_parses_as_the_whole(text: str, cuts: list[int], prefix: str) -> None:
    assert assemble(split(text, cuts, prefix)) == parse_transcript(text, prefix=prefix)


@given(texts)
def test_one_character_at_a_time_gives_no_tags(text: str) -> None:
    pieces = split(text, list(range(len(text) + 1)))
    assert assemble(pieces) == parse_transcript(text)
    for piece in pieces:
        assert piece.text == "" or not (piece.is_opening or piece.is_closing)


@given(texts)
def test_no_tag_is_left_in_a_body(text: str) -> None:
    transcript = parse_transcript(text)
    # Taking a tag out may bring the halves of another together; within one piece there is none.
    for piece in split(text, []):
        for stage in STAGES:
            assert stage.opening not in piece.text
            assert stage.spelled_closing not in piece.text
    assert all(found.body == found.body.strip() for found in transcript.stages)


@given(texts, texts)
def test_a_prefix_gives_no_text(prefix: str, text: str) -> None:
    transcript = parse_transcript(text, prefix=prefix)
    num_characters = len(transcript.untagged) + sum(len(found.body) for found in transcript.stages)
    assert num_characters <= len(text)


@given(st.lists(st.text(alphabet="ab <(é\n"), min_size=4, max_size=4))
def test_wrapped_stages_come_back(bodies: list[str]) -> None:
    text = "\n\n".join(stage.wrap(body) for stage, body in zip(STAGES, bodies, strict=True))
    transcript = parse_transcript(text)
    assert [found.body for found in transcript.stages] == [body.strip() for body in bodies]
    assert all(found.is_opened and found.is_closed for found in transcript.stages)
    assert transcript.untagged == ""
    assert transcript.conclusion == bodies[3].strip()
    assert transcript.reasoning == text[: text.index("<CONCLUSION>")].strip()


def test_both_spellings_are_read() -> None:
    transcript = parse_transcript(
        "(Here begins the SUMMARY stage) plan (Here ends the SUMMARY stage)\n<CAPTION>two</CAPTION>"
    )
    assert [(found.stage, found.body) for found in transcript.stages] == [(SUMMARY, "plan"), (CAPTION, "two")]
    assert transcript.conclusion is None


def test_a_forgotten_closing_ends_where_the_next_stage_opens() -> None:
    transcript = parse_transcript("<CAPTION>a dog<REASONING>so</REASONING>")
    caption, reasoning = transcript.stages
    assert (caption.body, caption.is_closed) == ("a dog", False)
    assert (reasoning.body, reasoning.is_closed) == ("so", True)


def test_text_without_tags_is_untagged() -> None:
    transcript = parse_transcript(" Better: 2 ")
    assert transcript.stages == ()
    assert transcript.untagged == "Better: 2"


def test_a_stray_closing_is_dropped() -> None:
    transcript = parse_transcript("a</SUMMARY>b<CAPTION>c</REASONING>d</CAPTION>")
    assert transcript.untagged == "ab"
    assert transcript.stages[0].body == "cd"


def test_a_stage_open_in_the_prefix_goes_on() -> None:
    transcript = parse_transcript("dog.</CAPTION> <REASONING>so", prefix="<SUMMARY>x</SUMMARY><CAPTION>A ")
    caption, reasoning = transcript.stages
    assert (caption.stage, caption.body, caption.is_opened, caption.is_closed) == (
        CAPTION,
        "dog.",
        False,
        True,
    )
    assert (reasoning.is_opened, reasoning.is_closed) == (True, False)


def test_a_repeated_opening_does_not_open_twice() -> None:
    transcript = parse_transcript("<CAPTION>dog</CAPTION>", prefix="<CAPTION>")
    assert [found.body for found in transcript.stages] == ["dog"]


def test_a_tag_across_the_prefix_counts() -> None:
    transcript = parse_transcript("TION>dog", prefix="<CAP")
    assert transcript.stages[0].body == "dog"
    assert parse_transcript("TAIN dog", prefix="<CAP").untagged == "TAIN dog"


def test_lower_case_is_html_and_stays() -> None:
    text = "<CONCLUSION><table><caption>x</caption></table></CONCLUSION>"
    assert parse_transcript(text).conclusion == "<table><caption>x</caption></table>"


def test_find_gives_the_first_of_a_name() -> None:
    transcript = parse_transcript("<CAPTION>a</CAPTION><CAPTION>b</CAPTION>")
    found = transcript.find("caption")
    assert found is not None
    assert found.body == "a"
    assert transcript.find("conclusion") is None


@pytest.mark.parametrize("end", range(1, len("<SUMMARY>")))
def test_a_possible_tag_is_held_back(end: int) -> None:
    splitter = StageSplitter()
    assert splitter.feed("<SUMMARY>"[:end]) == []
    assert "".join(piece.text for piece in splitter.finish()) == "<SUMMARY>"[:end]
