"""AI2D: questions about diagrams of schoolbooks, with their labels shown or masked (arXiv 1603.07396)."""

from langchain_llava_o1.evaluation.benchmark_files.multiple_choice import MultipleChoiceBenchmark

_FILES = {"no-mask": "AI2D_TEST_NO_MASK", "mask": "AI2D_TEST"}


class AI2D(MultipleChoiceBenchmark):
    """With the option ``mask`` a box covers what is asked for; the published figures are without it."""

    @property
    def published_name(self) -> str:
        """Name of the file with or without the boxes."""
        return _FILES[self.options["mask"]]
