"""Places in the drawings of a page."""

import math
from pathlib import Path

import pytest

from langchain_llava_o1.data.annotation.spending import Price
from langchain_llava_o1.evaluation.benchmark import NO_RESOURCES
from langchain_llava_o1.evaluation.results import charts, radar
from langchain_llava_o1.evaluation.results.charts import draw_charts
from langchain_llava_o1.evaluation.results.measured_run import MeasuredRun, measure_run
from langchain_llava_o1.evaluation.results.radar import draw_radar
from langchain_llava_o1.evaluation.results.run_folder import read_runs
from tests.evaluation.results.folders import Answers, answer, heading, write_answers, write_lines

SERIES = ["greedy", "stage-beam", "random"]
BEAMS: Answers = {
    ("greedy", 1): [0.0, 0.0, 1.0, 0.0],
    ("stage-beam", 2): [0.0, 1.0, 1.0, 0.0],
    ("stage-beam", 4): [1.0, 1.0, 1.0, 0.0],
    ("random", 1): [0.0, 1.0, 0.0, 0.0],
}


def measured(folder: Path, answers: Answers, *prices: Price) -> MeasuredRun:
    write_answers(folder, answers)
    return measure_run(read_runs([folder], prices)[0], NO_RESOURCES)


def test_more_is_further_right_and_better_is_higher(tmp_path: Path) -> None:
    drawn = draw_charts(measured(tmp_path, BEAMS, Price(1, 1)), SERIES)
    titles = ["candidates (N)", "tokens generated per item", "seconds per item", "cost of 1,000 items"]
    assert [chart.title for chart in drawn] == titles
    for chart in drawn:
        greedy, beam = chart.lines
        assert (greedy.series, beam.series) == (0, 1)
        assert greedy.points[0].x < beam.points[0].x < beam.points[1].x
        assert greedy.points[0].y > beam.points[0].y > beam.points[1].y
        assert all(point.high < point.y < point.low for line in chart.lines for point in line.points)
        assert [level.name for level in chart.levels] == ["random"]
        assert chart.levels[0].y == greedy.points[0].y


def test_marks_are_round_and_inside_the_drawing(tmp_path: Path) -> None:
    for chart in draw_charts(measured(tmp_path, BEAMS, Price(1, 1)), SERIES):
        assert len(chart.x_ticks) >= 2
        assert all(0 < tick.place < charts.WIDTH for tick in chart.x_ticks)
        assert all(0 < tick.place < charts.HEIGHT for tick in chart.y_ticks)
        assert [tick.place for tick in chart.y_ticks] == sorted(
            (t.place for t in chart.y_ticks), reverse=True
        )


def test_candidates_are_their_own_marks(tmp_path: Path) -> None:
    chart, *_ = draw_charts(measured(tmp_path, BEAMS), SERIES)
    assert [tick.label for tick in chart.x_ticks] == ["1", "2", "4"]
    one, two, four = (tick.place for tick in chart.x_ticks)
    assert four - two == pytest.approx(two - one, abs=0.2)


def test_a_single_place_is_not_drawn(tmp_path: Path) -> None:
    assert draw_charts(measured(tmp_path, {("greedy", 1): [1.0, 0.0]}), SERIES) == []


def test_what_costs_nothing_has_no_place(tmp_path: Path) -> None:
    free = [answer("greedy", 1, 0, 1.0, output_tokens=0)]
    paid = [answer("stage-beam", number, 0, 1.0) for number in (2, 4)]
    write_lines(tmp_path / "scenes" / "outcomes.jsonl", [heading(), *free, *paid])
    drawn = draw_charts(measure_run(read_runs([tmp_path])[0], NO_RESOURCES), SERIES)
    by_title = {chart.title: [line.name for line in chart.lines] for chart in drawn}
    assert by_title["candidates (N)"] == ["greedy", "stage-beam"]
    assert by_title["tokens generated per item"] == ["stage-beam"]


def test_a_radar_has_an_axis_for_each_kind_where_there_are_few_skills(tmp_path: Path) -> None:
    run = measured(tmp_path, {("greedy", 1): [1.0, 0.5, 0.0]})
    drawn = draw_radar(run.cells, SERIES)
    assert drawn
    assert [axis.lines for axis in drawn.axes] == [("colour",), ("count",), ("relation",)]
    corners = [tuple(map(float, pair.split(","))) for pair in drawn.polygons[0].points.split()]
    centre = (radar.WIDTH / 2, radar.HEIGHT / 2)
    reaches = [math.dist(corner, centre) for corner in corners]
    outer = [math.dist((axis.x, axis.y), centre) for axis in drawn.axes]
    # Colour is half right, counting right, relations wrong.
    assert [reach / out for reach, out in zip(reaches, outer, strict=True)] == pytest.approx(
        [0.5, 1.0, 0.0], abs=0.01
    )


def test_a_radar_has_an_axis_for_each_skill_where_there_are_three(tmp_path: Path) -> None:
    skills = ["coarse perception", "coarse perception", "math", "science & technology"]
    lines = [
        answer("greedy", 1, number, float(number == 0), skill=skill, kind=f"kind {number}")
        for number, skill in enumerate(skills)
    ]
    write_lines(tmp_path / "scenes" / "outcomes.jsonl", [heading(), *lines])
    drawn = draw_radar(measure_run(read_runs([tmp_path])[0], NO_RESOURCES).cells, SERIES)
    assert drawn
    names = [" ".join(axis.lines) for axis in drawn.axes]
    assert names == ["coarse perception", "math", "science & technology"]
    first = drawn.polygons[0].points.split()[0]
    assert first == drawn.rings[1].points.split()[0]
    assert drawn.rings[1].label == "50%"


@pytest.mark.parametrize("num_kinds", [2, 15])
def test_a_radar_that_nobody_could_read_is_not_drawn(tmp_path: Path, num_kinds: int) -> None:
    lines = [answer("greedy", 1, number, 1.0, kind=f"kind {number}") for number in range(num_kinds)]
    write_lines(tmp_path / "scenes" / "outcomes.jsonl", [heading(), *lines])
    assert draw_radar(measure_run(read_runs([tmp_path])[0], NO_RESOURCES).cells, SERIES) is None


def test_each_folder_costs_what_its_own_model_costs(tmp_path: Path) -> None:
    folders = [tmp_path / model for model in ("cheap", "dear")]
    for folder in folders:
        write_answers(folder, {("greedy", 1): [1.0, 0.0]}, model=folder.name)
    (run,) = read_runs(folders, [Price(1, 1), Price(100, 100)])
    drawn = draw_charts(measure_run(run, NO_RESOURCES), ["cheap: greedy", "dear: greedy"])
    (chart,) = [chart for chart in drawn if chart.title == "cost of 1,000 items"]
    cheap, dear = [line.points[0] for line in chart.lines]
    assert cheap.x < dear.x
    # Two items with 50 tokens read each, and 201 generated.
    assert cheap.told.endswith("cost of 1,000 items: 0.15")
    assert dear.told.endswith("cost of 1,000 items: 15")
