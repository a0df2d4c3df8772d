"""`llava-o1 demo`: answer the shipped puzzle and show how."""

from langchain_llava_o1.cli.answering import AnswerSettings, answer_question
from langchain_llava_o1.cli.display import format_bracket
from langchain_llava_o1.cli.options import (
    CandidatesOption,
    DebugOption,
    ModelOption,
    SeedOption,
    TemperatureOption,
)
from langchain_llava_o1.cli.output import write_output
from langchain_llava_o1.cli.progress import create_progress

_DEMO_SEED = 0


def demo(
    model: ModelOption = None,
    candidates: CandidatesOption = None,
    temperature: TemperatureOption = None,
    seed: SeedOption = _DEMO_SEED,
    is_debug: DebugOption = False,
) -> None:
    """Answer a puzzle about a shipped picture.

    Every stage is shown, with its candidates and the knock-out between them.
    """
    from langchain_llava_o1.pictures.blocks import image_block
    from langchain_llava_o1.tiny import PUZZLE_QUESTION, puzzle_picture_path

    picture = puzzle_picture_path()
    block = image_block(picture)
    write_output(f"Picture:  {picture}\nQuestion: {PUZZLE_QUESTION}\n\n")
    with create_progress() as progress:
        settings = AnswerSettings(model, candidates, temperature, seed)
        result = answer_question([block], PUZZLE_QUESTION, settings, progress.handle)
    for name, record in result.stages.items():
        write_output(format_bracket(name, record) + "\n")
    write_output(f"Answer: {result.answer}\n")
