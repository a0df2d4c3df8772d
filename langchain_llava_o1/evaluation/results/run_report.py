"""Everything that folders of answers say, written: tables, and a page."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from langchain_llava_o1.data.annotation.spending import Price
from langchain_llava_o1.evaluation.benchmark import NO_RESOURCES, Resources
from langchain_llava_o1.evaluation.results.grading_cost import read_grading_cost
from langchain_llava_o1.evaluation.results.measured_run import MeasuredRun, measure_run
from langchain_llava_o1.evaluation.results.page import render_run
from langchain_llava_o1.evaluation.results.run_folder import read_runs
from langchain_llava_o1.evaluation.results.tables import as_json, write_csv, write_markdown

DEFAULT_ITEMS = 40


@dataclass(frozen=True)
class RunReport:
    """What folders of answers say.

    Attributes:
        runs: Their benchmarks.
        page: The page.
        markdown: The tables, for people.
        csv: The tables, for programs.
        json: The reports, as JSON.
    """

    runs: tuple[MeasuredRun, ...]
    page: str
    markdown: str
    csv: str
    json: str

    @property
    def problems(self) -> list[str]:
        """Why pictures and further scores of a benchmark are missing, a sentence each."""
        return [f"{run.asked}: {run.problem}" for run in self.runs if run.problem]

    def write_tables(self, folder: Path) -> None:
        """Write ``comparison.md``, ``comparison.csv`` and ``comparison.json``.

        Raises:
            OSError: If a file cannot be written.
        """
        for name, text in (("md", self.markdown), ("csv", self.csv), ("json", self.json)):
            (folder / f"comparison.{name}").write_text(text, encoding="utf-8")


def report_run(
    folders: Sequence[Path],
    *,
    prices: Sequence[Price] = (),
    grader_price: Price | None = None,
    items: int = DEFAULT_ITEMS,
    resources: Resources = NO_RESOURCES,
) -> RunReport:
    """Read folders of answers and say what they come to, side by side. No model is asked.

    Args:
        folders: Where ``bench accuracy --compare`` wrote to.
        prices: What tokens cost, for each folder or one for all; none leaves money out.
        grader_price: What those of graders cost.
        items: How many items the page shows at most.
        resources: Where the files of benchmarks are, for pictures and questions.

    Raises:
        ConfigurationError: If a folder holds no answers, or is named twice, or there are neither one price
            nor as many as folders.
        DataError: If a line is no answer.
    """
    runs = tuple(measure_run(run, resources) for run in read_runs(folders, prices))
    grading = read_grading_cost(folders, grader_price)
    return RunReport(
        runs=runs,
        page=render_run(runs, grading=grading, items=items),
        markdown=write_markdown(runs, grading),
        csv=write_csv(runs),
        json=json.dumps(as_json(runs, grading), ensure_ascii=False, indent=2) + "\n",
    )
