"""The six published benchmarks, from a file in the real format to the figures of their tables."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.accuracy import AccuracyReport, measure_accuracy
from langchain_llava_o1.evaluation.benchmark import BENCHMARKS, Benchmark, Resources, open_benchmark
from langchain_llava_o1.evaluation.grading.grader import Grader
from langchain_llava_o1.evaluation.item import DamagedItemError, Item
from langchain_llava_o1.evaluation.outcome import Outcome
from langchain_llava_o1.search.strategy import Strategy
from tests.evaluation.benchmark_files import (
    LETTERS,
    PUBLISHED,
    Rows,
    ai2d_rows,
    draw,
    hallusion_rows,
    mathvista_rows,
    mmbench_rows,
    mmstar_rows,
    mmvet_rows,
    write_published,
    write_table,
)
from tests.scripted_model import Call, ScriptedModel

Answers = Callable[[Item], str]


def open_rows(folder: Path, benchmark: str, rows: Rows | None = None, **options: Any) -> Benchmark:
    if rows is None:
        write_published(folder, benchmark)
    else:
        write_table(folder, PUBLISHED[benchmark][0], rows)
    return open_benchmark(benchmark, options, Resources(folder, grader=half_grader()))


def half_grader() -> Grader:
    """Finds every answer half right."""
    return Grader(ScriptedModel(write=lambda call: AIMessage("0.5")), "half")


def right_answer(item: Item) -> str:
    answer = item.reference.answer
    return f"It is {answer}." if answer in LETTERS else answer


async def measure(
    benchmark: Benchmark, answer: Answers, damages: list[DamagedItemError] | None = None
) -> AccuracyReport:
    """Measure a model that sees an item's question and pictures, and answers it."""
    items = {item.question: item for item in readable_items(benchmark)}
    found: list[DamagedItemError] = [] if damages is None else damages

    def write(call: Call) -> AIMessage:
        *pictures, question = call.messages[0].content
        assert isinstance(question, dict)
        item = items[question["text"]]
        assert len(pictures) == len(item.pictures) > 0
        return AIMessage(answer(item))

    assert benchmark.num_items is not None
    return await measure_accuracy(
        ScriptedModel(write=write),
        benchmark=benchmark,
        strategy=Strategy("greedy"),
        items=benchmark.num_items,
        seed=0,
        concurrency=4,
        report_damage=found.append,
    )


def readable_items(benchmark: Benchmark) -> list[Item]:
    items = []
    for number in range(benchmark.num_items or 0):
        try:
            items.append(benchmark.read_item(number))
        except DamagedItemError:
            continue
    return items


@pytest.mark.parametrize("name", [name for name in PUBLISHED if name != "mmvet"])
async def test_right_answers_are_right_and_others_are_not(tmp_path: Path, name: str) -> None:
    benchmark = open_rows(tmp_path, name)
    assert benchmark.options == {key: option.default for key, option in BENCHMARKS[name].options.items()}
    assert (await measure(benchmark, right_answer)).accuracy == 1
    report = await measure(benchmark, lambda item: "I cannot tell at all, since it is much too dark.")
    assert report.accuracy == 0


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_missing_file_says_how_it_is_fetched(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{PUBLISHED[name][0]}.tsv.*bench fetch {name} --data"):
        open_benchmark(name, {}, Resources(tmp_path))


async def test_mmstar_is_counted_by_its_six_skills(tmp_path: Path) -> None:
    benchmark = open_rows(tmp_path, "mmstar")
    item = benchmark.read_item(1)
    assert item.question == (
        'Which one is "number 1"?\nLook closely.\nA. shape 1A\nB. shape 1B\nC. shape 1C\nD. shape 1D\n'
        "Answer with the letter of the right option."
    )
    assert (item.pictures, item.sources) == ([draw(1)], ["MMStar.tsv row 1"])
    assert item.choices == ("A", "B", "C", "D")
    report = await measure(benchmark, lambda item: "B")
    assert {skill: found.accuracy for skill, found in report.by_skill.items()} == {
        "coarse perception": 0,
        "fine-grained perception": 1,
        "instance reasoning": 0,
        "logical reasoning": 0,
        "math": 0,
        "science & technology": 1,
    }
    assert report.by_kind["geometry"].skill == "math"


async def test_a_question_of_mmbench_is_right_if_all_its_rotations_are(tmp_path: Path) -> None:
    benchmark = open_rows(tmp_path, "mmbench")
    items = readable_items(benchmark)
    assert [item.unit for item in items] == [str(241 + number // 3) for number in range(9)]
    assert [item.id for item in items[:3]] == ["241", "1000241", "2000241"]
    # The rotations have their picture from the first row.
    assert items[2].pictures == [draw(0)]
    assert items[2].sources == ["MMBench_DEV_EN_V11.tsv row 241"]
    assert items[3].question.startswith("It is round.\nWhich colour has shape 1?\nA. red\n")
    assert "D." not in items[0].question
    # Of question 241 one rotation of three is wrong, of 242 none, of 243 all.
    wrong = {"1000241", "243", "1000243", "2000243"}
    report = await measure(benchmark, lambda item: "D" if item.id in wrong else right_answer(item))
    assert (report.counted, report.items) == (3, 9)
    assert report.accuracy == pytest.approx(1 / 3)


def test_mmbench_asks_whole_questions(tmp_path: Path) -> None:
    benchmark = open_rows(tmp_path, "mmbench")
    assert benchmark.numbers(0, 3) == range(3)
    assert benchmark.numbers(0, 4) == range(6)
    assert benchmark.numbers(4, 1) == range(3, 6)
    assert benchmark.numbers(0, 9) == range(9)
    with pytest.raises(ConfigurationError, match="mmbench has 9 items"):
        benchmark.numbers(0, 10)


def test_the_test_split_of_mmbench_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"split 'test' are not published.*Use the split 'dev'"):
        open_rows(tmp_path, "mmbench", split="test")
    without = [{key: text for key, text in row.items() if key != "answer"} for row in mmbench_rows()]
    with pytest.raises(ConfigurationError, match="no column 'answer'"):
        open_rows(tmp_path, "mmbench", without)


async def test_mmvet_is_counted_by_capability(tmp_path: Path) -> None:
    report = await measure(open_rows(tmp_path, "mmvet"), lambda item: "some text")
    assert report.accuracy == 0.5
    assert report.further == {"rec": 0.5, "ocr": 0.5, "spat": 0.5, "math": 0.5}
    assert set(report.by_kind) == {"ocr, math", "rec", "rec, ocr, spat"}


def outcomes_of(benchmark: Benchmark, scores: Sequence[float]) -> list[Outcome]:
    items = readable_items(benchmark)
    return [
        Outcome(number, item.id, item.kind, "", score, 0, 0, item.skill)
        for number, (item, score) in enumerate(zip(items, scores, strict=True))
    ]


def test_a_capability_is_the_mean_of_its_questions(tmp_path: Path) -> None:
    benchmark = open_rows(tmp_path, "mmvet")
    # The questions need: ocr, math; rec; rec, ocr, spat.
    scores = benchmark.further_scores(outcomes_of(benchmark, [0.2, 1, 0.4]))
    assert scores == pytest.approx({"rec": 0.7, "ocr": 0.3, "spat": 0.4, "math": 0.2})


def test_mmvet_needs_a_grader_before_it_asks(tmp_path: Path) -> None:
    write_published(tmp_path, "mmvet")
    benchmark = open_benchmark("mmvet", {}, Resources(tmp_path))
    assert benchmark.read_item(0).question == "Open question 0?"
    with pytest.raises(ConfigurationError, match=r"graded by a model.*--grader openai:gpt-4o-mini"):
        benchmark.numbers(0, 1)


def test_mathvista_asks_for_the_form_that_each_answer_has(tmp_path: Path) -> None:
    benchmark = open_rows(tmp_path, "mathvista")
    choice, integer, number = readable_items(benchmark)
    assert (choice.question, choice.choices) == (mathvista_rows()[0]["question"], ("A", "B"))
    assert (choice.reference.answer, choice.reference.choices) == ("B", {"A": "30°", "B": "60°"})
    assert integer.question == "How many dots are there?\nAnswer with a whole number."
    assert (number.reference.precision, number.reference.answer) == (1, "1.5")
    assert choice.kind == "geometry problem solving"


def test_options_that_the_question_lacks_are_added(tmp_path: Path) -> None:
    row = mathvista_rows()[0] | {"question": "What is x?"}
    item = open_rows(tmp_path, "mathvista", [row]).read_item(0)
    assert item.question == "What is x?\nA. 30°\nB. 60°\nAnswer with the letter of the right option."


def test_mathvista_is_counted_by_skill(tmp_path: Path) -> None:
    benchmark = open_rows(tmp_path, "mathvista")
    assert benchmark.further_scores(outcomes_of(benchmark, [1, 0, 1])) == {
        "algebraic reasoning": 1,
        "arithmetic reasoning": 0.5,
        "geometry reasoning": 1,
        "statistical reasoning": 1,
    }


def test_ai2d_has_a_file_for_each_mask(tmp_path: Path) -> None:
    assert open_rows(tmp_path, "ai2d").read_item(0).sources == ["AI2D_TEST_NO_MASK.tsv row 0"]
    with pytest.raises(ConfigurationError, match=r"AI2D_TEST\.tsv.*bench fetch AI2D_TEST "):
        open_benchmark("ai2d", {"mask": "mask"}, Resources(tmp_path))
    write_table(tmp_path, "AI2D_TEST", ai2d_rows()[:1])
    masked = open_benchmark("ai2d", {"mask": "mask"}, Resources(tmp_path))
    assert (masked.num_items, str(masked)) == (1, "ai2d (mask)")


async def test_hallusion_bench_counts_answers_figures_and_questions(tmp_path: Path) -> None:
    benchmark = open_rows(tmp_path, "hallusion-bench")
    # The row without a picture is not asked.
    assert benchmark.num_items == 5
    # Figures 0_1 and 0_2 share questions 0 and 1; figure 1_1 has question 0 of another set.
    wrong = {"VD_chart_1_0_2_0", "VD_chart_1_0_2_1"}
    report = await measure(benchmark, lambda item: "Hard to say." if item.id in wrong else right_answer(item))
    assert report.accuracy == pytest.approx(3 / 5)
    assert report.unread == 2
    assert report.further == pytest.approx(
        {
            "aAcc": 3 / 5,
            "fAcc": 2 / 3,
            "qAcc": 1 / 3,
            "mean of aAcc, fAcc, qAcc": (3 / 5 + 2 / 3 + 1 / 3) / 3,
        }
    )
    item = benchmark.read_item(0)
    assert item.question == "Is 0_1_0 the largest?\nAnswer yes or no."
    assert (item.kind, item.skill, item.choices) == ("chart", "VD", ("Yes", "No"))


@pytest.mark.parametrize(
    ("name", "rows", "change", "message"),
    [
        ("mmstar", mmstar_rows, {"answer": "E"}, "column 'answer': 'E'; expected one of A, B, C, D."),
        ("mmstar", mmstar_rows, {"answer": ""}, "column 'answer': an empty cell; expected a text."),
        ("mmstar", mmstar_rows, {"question": ""}, "column 'question': an empty cell"),
        ("ai2d", ai2d_rows, {"A": "", "B": "", "C": ""}, "column 'A': options D; expected two or more"),
        ("mmbench", mmbench_rows, {"index": "x"}, "row x, column 'index': 'x'; expected a whole number"),
        ("mmvet", mmvet_rows, {"category": "taste"}, "column 'category': 'taste'; expected some of rec, ocr"),
        ("mathvista", mathvista_rows, {"choices": "[1"}, "column 'choices': 1 options; expected 2 to 26"),
        (
            "mathvista",
            mathvista_rows,
            {"answer_option": "F"},
            "column 'answer_option': 'F'; expected one of A, B",
        ),
        ("mathvista", mathvista_rows, {"question_type": "essay"}, "expected one of multi_choice, free_form"),
        ("mathvista", mathvista_rows, {"precision": "two"}, "column 'precision': 'two'; expected a number"),
        ("hallusion-bench", hallusion_rows, {"answer": "perhaps"}, "'perhaps'; expected one of Yes, No"),
        ("hallusion-bench", hallusion_rows, {"index": "VD_1"}, "column 'index': 'VD_1'; expected six parts"),
    ],
)
async def test_a_damaged_row_is_named_and_the_others_go_on(
    tmp_path: Path, name: str, rows: Callable[[], Rows], change: dict[str, str], message: str
) -> None:
    table = [dict(row) for row in rows()]
    damaged = next(row for row in table if row["image"])
    damaged |= change
    benchmark = open_rows(tmp_path, name, table)
    damages: list[DamagedItemError] = []
    report = await measure(benchmark, right_answer, damages)
    assert benchmark.num_items is not None
    lost = 1 if name != "mmbench" else 3  # the rotations have their picture from that row
    assert report.items == benchmark.num_items - lost
    assert any(message in str(damage) for damage in damages)
    assert f"{PUBLISHED[name][0]}.tsv:" in str(damages[0])
    assert len(damages) == lost
