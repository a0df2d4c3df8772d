"""`llava-o1 bench recall`: how often retrieval finds a picture again."""

import json
from typing import Annotated

import typer

from langchain_llava_o1.cli import answering
from langchain_llava_o1.cli.answering import AnswerSettings
from langchain_llava_o1.cli.bench.options import DifficultyOption, FirstItemOption, JsonOption
from langchain_llava_o1.cli.options import DebugOption, ModelOption
from langchain_llava_o1.cli.output import write_error, write_output
from langchain_llava_o1.drawn import Difficulty


def recall(
    difficulty: DifficultyOption = Difficulty.HARD,
    items: Annotated[int, typer.Option(min=6, help="Pictures to index and to search for.")] = 200,
    seed: FirstItemOption = 0,
    model: ModelOption = None,
    is_json: JsonOption = False,
    is_debug: DebugOption = False,
) -> None:
    """Measure how often retrieval finds a picture again.

    Drawn pictures are indexed, and each is searched for by text and by picture: how many are among the first
    five?
    """
    from langchain_llava_o1.evaluation.recall import RecallRow, measure_recall, recall_table

    def report_row(row: RecallRow) -> None:
        write_error(f"by {row.query} ({row.embeddings}): {row.recall:.1%}")

    report = measure_recall(
        answering.create_model(AnswerSettings(model)),
        difficulty=difficulty,
        items=items,
        seed=seed,
        report_row=report_row,
    )
    write_output(json.dumps(report.as_json()) + "\n" if is_json else recall_table(report))
