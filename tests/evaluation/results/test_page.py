"""The page of a folder of answers, as text; tests/integration looks at it in a browser."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from langchain_llava_o1.data.annotation.spending import Price
from langchain_llava_o1.evaluation.published import PUBLISHED, published_on
from langchain_llava_o1.evaluation.results.run_report import RunReport, report_run
from tests.evaluation.benchmark_files import hallusion_rows, write_table
from tests.evaluation.results.folders import (
    Answers,
    answer,
    heading,
    write_answers,
    write_lines,
    write_skills,
)

ANSWERS: Answers = {
    ("greedy", 1): [1.0, 0.0, 0.0, 1.0],
    ("stage-beam", 4): [1.0, 1.0, 1.0, 0.0],
}


class Tags(HTMLParser):
    """Counts tags and ids."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]

    def handle_data(self, data: str) -> None:
        if self.lasttag != "style":
            self.text += data


def reported(folder: Path, answers: Answers = ANSWERS, **changes: Any) -> RunReport:
    write_answers(folder, answers, **changes)
    return report_run([folder])


def test_the_page_needs_nothing_else(tmp_path: Path) -> None:
    for name in ("scenes", "puzzles"):
        write_answers(tmp_path, ANSWERS, benchmark=name)
    page = report_run([tmp_path], prices=[Price(1, 2)]).page
    found = Tags(page)
    assert "script" not in found.names
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    assert "url(" not in page
    assert len(found.ids) == len(set(found.ids))
    assert found.names.count("article") == 6


def test_figures_stand_in_the_page(tmp_path: Path) -> None:
    text = " ".join(Tags(reported(tmp_path).page).text.split())
    assert "50.0%" in text
    assert "75.0%" in text
    assert "+25.0" in text
    assert "2 gained, 1 lost" in text
    assert "p = 1.000" in text
    assert "Cost" not in text


def test_the_figures_of_the_skills_stand_beside_the_radar_and_above_the_kinds(tmp_path: Path) -> None:
    write_skills(tmp_path, {("greedy", 1): [0.0] * 9, ("stage-beam", 4): [1.0, 1.0, 0.0, 0.0, 1.0, 0.0] * 2})
    page = report_run([tmp_path]).page
    skills = page[page.index('<div class="by-skill card">') : page.index('<div class="by-kind card">')]
    assert skills.count('<figure class="radar">') == page.count('<figure class="radar">') == 1
    text = " ".join(Tags(skills).text.split())
    assert "math 4 questions greedy 0.0% stage-beam, N=4 100.0%" in text
    assert "perception 4 questions greedy 0.0% stage-beam, N=4 50.0%" in text
    kinds = " ".join(Tags(page[page.index('<div class="by-kind card">') :]).text.split())
    assert "math 1 2 questions, math greedy 0.0% stage-beam, N=4 100.0%" in kinds


@pytest.mark.parametrize("skill", ["", "perception", None], ids=["none", "one", "one for each kind"])
def test_skills_that_say_what_is_there_already_are_not_shown(tmp_path: Path, skill: str | None) -> None:
    lines = [
        answer(
            "greedy",
            1,
            number,
            1.0,
            kind=f"kind {number}",
            skill=f"skill {number}" if skill is None else skill,
        )
        for number in range(3)
    ]
    write_lines(tmp_path / "scenes" / "outcomes.jsonl", [heading(), *lines])
    page = report_run([tmp_path]).page
    assert "By skill" not in Tags(page).text
    assert page.count('<figure class="radar">') == 1


def test_money_is_shown_where_there_are_prices(tmp_path: Path) -> None:
    write_answers(tmp_path, ANSWERS)
    text = Tags(report_run([tmp_path], prices=[Price(1000, 10_000)]).page).text
    # 200 tokens read, 406 generated.
    assert "Cost is reckoned at" in text
    assert f"{(200 * 1000 + 406 * 10_000) / 1e6:.4g}" in text


def test_the_price_of_each_folder_is_told(tmp_path: Path) -> None:
    folders = [tmp_path / model for model in ("cheap", "dear")]
    for folder in folders:
        write_answers(folder, ANSWERS, model=folder.name)
    prices = [Price(1000, 10_000), Price(3000, 30_000)]
    text = " ".join(Tags(report_run(folders, prices=prices).page).text.split())
    cheap = "1000 for a million tokens read and 10000 for a million generated"
    dear = "3000 for a million tokens read and 30000 for a million generated"
    assert f"Cost is reckoned at {cheap} (cheap); at {dear} (dear)." in text
    # 200 tokens read, 406 generated.
    cost = (200 * 1000 + 406 * 10_000) / 1e6
    assert f" {cost:.4g} " in text
    assert f" {3 * cost:.4g} " in text
    one_for_all = " ".join(Tags(report_run(folders, prices=prices[:1]).page).text.split())
    assert f"Cost is reckoned at {cheap}." in one_for_all
    assert f" {3 * cost:.4g} " not in one_for_all


def test_published_figures_are_marked(tmp_path: Path) -> None:
    page = reported(tmp_path, benchmark="mmvet").page
    body = page[page.index("<body") :]
    for model, accuracy in published_on("mmvet", {}).items():
        row = next(row for row in body.split("<tr>") if f"{model} <span" in row)
        assert "published</span>" in row
        assert f"{accuracy:.1%}" in row
    assert "arXiv 2411.10440" in body
    assert "arXiv" not in reported(tmp_path / "other").page


def test_a_published_figure_that_is_no_accuracy_is_not_set_beside_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LMUData", str(tmp_path))
    write_table(tmp_path, "HallusionBench", hallusion_rows())
    ids = [row["index"] for row in hallusion_rows() if row["image"]]
    lines = [
        answer("greedy", 1, number, score, id=ids[number], kind="chart")
        for number, score in enumerate((1.0, 1.0, 1.0, 0.0, 0.0))
    ]
    write_lines(
        tmp_path / "hallusion-bench" / "outcomes.jsonl", [heading(benchmark="hallusion-bench"), *lines]
    )
    write_answers(tmp_path, ANSWERS)
    page = report_run([tmp_path]).page
    assert (accuracy := published_on("hallusion-bench", {})["LLaVA-o1, single pass"]) == 0.478
    section = page[page.rindex('<tbody class="published">') :]
    row = next(row for row in section.split("<tr>") if "LLaVA-o1, single pass <span" in row)
    assert f"<b>{accuracy:.1%}</b> <small>mean of aAcc, fAcc, qAcc</small>" in row
    assert "number strong" not in row
    overview = page[page.index('id="overview"') : page.index("</table>")]
    (measured,) = [row for row in overview.split("<tr>") if ">greedy<" in row]
    found = report_run([tmp_path]).runs[1].reports[0]
    assert found.further["mean of aAcc, fAcc, qAcc"] != found.accuracy == 0.6
    assert f"{found.further['mean of aAcc, fAcc, qAcc']:.1%}" in measured
    assert "60.0%" not in measured


def test_published_figures_are_those_of_the_same_form_of_a_benchmark() -> None:
    assert published_on("ai2d", {"mask": "no-mask"}) == {
        "LLaVA-o1, single pass": 0.787,
        "LLaVA-o1, SWIRES": 0.81,
    }
    assert published_on("ai2d", {"mask": "mask"}) == {}
    assert published_on("scenes", {}) == {}


def test_published_averages_are_those_of_the_published_figures() -> None:
    for line in PUBLISHED:
        if len(line.accuracy) == 6:
            assert line.average == pytest.approx(sum(line.accuracy.values()) / 6, abs=0.0006)


def test_a_benchmark_that_cannot_be_read_again_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LMUData", str(tmp_path / "nothing"))
    report = reported(tmp_path, benchmark="mmstar")
    (problem,) = report.problems
    assert problem.startswith("mmstar: ")
    text = Tags(report.page).text
    assert "mmstar cannot be read again" in text
    assert "The question cannot be shown." in text
    assert "50.0%" in text


def test_no_more_items_are_shown_than_asked_for(tmp_path: Path) -> None:
    write_answers(tmp_path, ANSWERS)
    assert Tags(report_run([tmp_path], items=2).page).names.count("article") == 2
    assert Tags(report_run([tmp_path], items=0).page).names.count("article") == 0


def test_what_models_say_is_text(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>\ud800"
    fields = {"conclusion": hostile, "read": hostile, "told": hostile, "kind": hostile, "graded_by": "grader"}
    lines = [answer("greedy", 1, 0, 0.0, **fields), answer("stage-beam", 2, 0, 1.0, **fields)]
    write_lines(tmp_path / "scenes" / "outcomes.jsonl", [heading(model=hostile), *lines])
    found = Tags(report_run([tmp_path]).page)
    assert "script" not in found.names
    assert "<script>alert(1)</script>?" in found.text


def test_who_read_an_answer_is_shown(tmp_path: Path) -> None:
    lines = [
        answer("greedy", 1, 0, 0.0, conclusion="Hm.", graded_by="nobody"),
        answer("stage-beam", 2, 0, 0.5, read="B", graded_by="grader", told="It means B."),
    ]
    write_lines(tmp_path / "scenes" / "outcomes.jsonl", [heading(grader="gpt-4o-mini"), *lines])
    text = " ".join(Tags(report_run([tmp_path]).page).text.split())
    assert "graded by rule and gpt-4o-mini" in text
    assert "greedy unread Hm." in text
    assert "Read as B by grader" in text
    assert "It means B." in text


def test_a_choice_hides_what_is_not_of_it_and_says_where_nothing_is_left(tmp_path: Path) -> None:
    page = reported(tmp_path).page
    rules = page[page.index("<style>") : page.index("</style>")]
    assert "#benchmark-1:has(#benchmark-1-better-1:checked) .item:not(.better-1) { display: none; }" in rules
    # Items 1 and 2 got better, item 3 worse; they are of the kinds 0, 2 and 1.
    none_left = re.findall(
        r"-(better|worse)-1:checked\):has\(#benchmark-1-kind-(\d):checked\) \.none-left", rules
    )
    assert len(none_left) == 3
