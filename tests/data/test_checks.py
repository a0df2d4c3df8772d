"""What a set is looked through for."""

import random
import string
from pathlib import Path
from typing import Any

import pytest

from langchain_llava_o1.data.checking import CheckReport, check_set
from langchain_llava_o1.data.checks.languages import count_scripts
from langchain_llava_o1.data.checks.lengths import LengthCheck, open_token_counter
from langchain_llava_o1.data.checks.near_duplicates import NearDuplicateCheck
from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.errors import ModelLoadError
from tests.data.sets import conversation, draw, staged, write_pictures, write_set

CLEAN = conversation(question="How many dots are there?")


def check(tmp_path: Path, *records: Any, **options: Any) -> CheckReport:
    return check_set(open_training_set(write_set(tmp_path / "train.jsonl", *records)), **options)


def lines_with(report: CheckReport, kind: str) -> list[int]:
    return [problem.line for problem in report.problems if problem.kind == kind]


def test_nothing_is_wrong_with_a_good_set(tmp_path: Path) -> None:
    write_pictures(tmp_path, "red", "teal")
    records = [
        conversation(colour, image=f"{colour}.png", question="<image>How many dots are there?")
        for colour in ("red", "teal")
    ]
    report = check(tmp_path, *records)
    assert report.num_problems == {}
    assert (report.num_lines, report.num_examples, report.num_turns, report.num_pictures) == (2, 2, 2, 2)
    assert report.summary["scripts"] == {"LATIN": 1.0}


@pytest.mark.parametrize(
    ("answer", "kinds"),
    [
        (staged().replace("<CAPTION>Some dots.</CAPTION>\n\n", ""), {"missing stage"}),
        (f"{staged()}<CONCLUSION>Eight</CONCLUSION>", {"repeated stage"}),
        (staged().replace("Seven", "Seven<CONCLUSION>Eight"), {"repeated stage", "unclosed stage"}),
        (staged().replace("</CAPTION>", ""), {"unclosed stage"}),
        (staged().replace("<CAPTION>", ""), {"missing stage", "unopened stage", "text outside stages"}),
        ("\n".join(reversed(staged().split("\n\n"))), {"stages out of order"}),
        (f"Sure! {staged()}", {"text outside stages"}),
        ("Seven", {"no stages"}),
    ],
)
def test_tags_that_are_wrong_are_told_apart(tmp_path: Path, answer: str, kinds: set[str]) -> None:
    report = check(tmp_path, CLEAN | {"id": "first"}, conversation(question="Which?", answer=answer))
    assert set(report.num_problems) == kinds
    assert {(problem.line, problem.field) for problem in report.problems} == {(2, "conversations[1].value")}


def test_pictures_that_are_missing_or_broken_are_told(tmp_path: Path) -> None:
    write_pictures(tmp_path, "red")
    (tmp_path / "broken.png").write_bytes(draw("red")[:40])
    pictures = ["red.png", "broken.png", "none.png", ["red.png", "none.png"]]
    report = check(tmp_path, *(conversation(f"{n}", image=path) for n, path in enumerate(pictures)))
    assert lines_with(report, "broken picture") == [2]
    assert lines_with(report, "missing picture") == [3, 4]
    assert [problem.field for problem in report.problems if problem.line == 4] == ["image[1]"]


def test_a_duplicate_is_the_same_pixels_and_words(tmp_path: Path) -> None:
    write_pictures(tmp_path, "red", "teal")
    (tmp_path / "copy.bmp").write_bytes(draw("red", file_format="BMP"))
    asked = [
        ("red.png", "How many?"),
        ("copy.bmp", "how many"),
        ("teal.png", "How many?"),
        ("red.png", "Why?"),
    ]
    records = [
        conversation(str(n), image=path, question=question) for n, (path, question) in enumerate(asked)
    ]
    report = check(tmp_path, *records)
    assert lines_with(report, "duplicate") == [2]
    assert "of line 1" in report.problems[0].found
    assert check(tmp_path, *records, decode_pictures=False).num_problems == {}


def essay(seed: int, num_words: int = 120) -> list[str]:
    generator = random.Random(seed)
    return ["".join(generator.choices(string.ascii_lowercase, k=5)) for _ in range(num_words)]


def test_a_text_that_is_nearly_another_is_found_among_many(tmp_path: Path) -> None:
    texts = [essay(seed) for seed in range(30)]
    texts[20] = [*texts[3][:60], "changed", *texts[3][61:]]
    # Half of another text is no copy of it.
    texts[25] = [*texts[4][:60], *essay(99, 60)]
    records = [
        conversation(str(n), question=f"Q{n}", answer=staged(reasoning=" ".join(text)))
        for n, text in enumerate(texts)
    ]
    report = check(tmp_path, *records, checks=[NearDuplicateCheck()])
    assert lines_with(report, "near duplicate") == [21]
    assert "of line 4" in report.problems[0].found


@pytest.mark.parametrize(
    "conclusion",
    ["I'm sorry, but no.", "I cannot tell.", "I can’t see it", "As an AI, …", "It cannot be determined."],
)
def test_a_refusal_is_found_in_the_conclusion(tmp_path: Path, conclusion: str) -> None:
    assert "refusal" in check(tmp_path, conversation(answer=staged(conclusion=conclusion))).num_problems


@pytest.mark.parametrize("conclusion", ["The can is red.", "She is sorrowful.", "We can see 3.", "Unable"])
def test_other_conclusions_are_no_refusals(tmp_path: Path, conclusion: str) -> None:
    answer = staged(reasoning="I cannot see a fourth one.", conclusion=conclusion)
    assert "refusal" not in check(tmp_path, conversation(answer=answer)).num_problems


@pytest.mark.parametrize(
    ("summary", "conclusion", "question", "is_leak"),
    [
        ("I will show that it is Seven.", "seven", "How many?", True),
        ("I compare five with seven.", "Seven", "Five or seven?", False),
        ("The answer is B because …", "B", "Which?", True),
        ("I read option by option.", "B", "Which?", False),
        ("No calculation is needed.", "No", "Is it?", False),
        ("I will count the seventeen dots.", "Seven", "How many?", False),
        ("", "", "How many?", False),
    ],
)
def test_a_summary_that_gives_the_answer_away_is_found(
    tmp_path: Path, summary: str, conclusion: str, question: str, is_leak: bool
) -> None:
    answer = staged(summary=summary, conclusion=conclusion)
    report = check(tmp_path, conversation(question=question, answer=answer))
    assert ("leaked answer" in report.num_problems) == is_leak


def test_an_answer_in_another_script_is_found(tmp_path: Path) -> None:
    russian = staged(summary="Я считаю.", caption="Точки.", reasoning="Раз, два.", conclusion="Семь")
    report = check(
        tmp_path,
        conversation("a", answer=russian),
        conversation("b", question="Сколько точек?", answer=russian),
    )
    assert lines_with(report, "another script") == [1]
    assert list(report.summary["scripts"]) == ["CYRILLIC", "LATIN"]
    assert count_scripts("漢字とカナ 12!") == {"CJK": 5}


def test_lengths_are_in_tokens_of_a_tokenizer_or_in_characters(tmp_path: Path) -> None:
    records = [conversation(str(n), question="x" * n) for n in range(1, 102)]
    characters = check(tmp_path, *records, checks=[LengthCheck(unit="characters")]).summary["lengths"]
    length = len(staged())
    assert characters == {
        "unit": "characters",
        "least": 1 + length,
        "median": 51 + length,
        "95 %": 96 + length,
        "99 %": 100 + length,
        "most": 101 + length,
    }
    counted = LengthCheck(open_token_counter("tiny"), unit="tokens", longest=5)
    report = check(tmp_path, records[0], checks=[counted])
    assert report.num_problems == {"too long": 1}
    # A tag is one token of the embedded tokenizer.
    assert 8 < report.summary["lengths"]["most"] < length


def test_a_tokenizer_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match="or count characters"):
        open_token_counter(str(tmp_path))


def test_problems_are_counted_and_the_first_of_a_kind_are_kept(tmp_path: Path) -> None:
    report = check(tmp_path, *["{"] * 10, conversation(answer="Seven"), max_problems=2)
    assert report.num_problems == {"broken line": 10, "no stages": 1}
    assert lines_with(report, "broken line") == [1, 2]
    assert report.num_lines == 11
