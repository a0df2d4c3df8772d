"""MMStar: questions that cannot be answered without their picture, by six skills (arXiv 2403.20330)."""

from langchain_llava_o1.evaluation.benchmark_files.multiple_choice import MultipleChoiceBenchmark
from langchain_llava_o1.evaluation.benchmark_files.row import BenchmarkRow


class MMStar(MultipleChoiceBenchmark):
    """The skills are the file's categories; its kinds are the finer ones, where the file has them."""

    published_name = "MMStar"

    def kind_of(self, row: BenchmarkRow) -> str:
        """Return the finer category."""
        return row.find("l2_category", "l2-category", "category") or self.name

    def skill_of(self, row: BenchmarkRow) -> str:
        """Return the category, one of the six skills."""
        return row.find("category")
