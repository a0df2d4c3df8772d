"""`llava-o1 bench conversation`: how much a conversation about a photo saves and streams."""

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from langchain_llava_o1.cli import answering
from langchain_llava_o1.cli.answering import AnswerSettings, run_until_interrupted
from langchain_llava_o1.cli.bench.options import JsonOption
from langchain_llava_o1.cli.failures import checking_usage
from langchain_llava_o1.cli.options import (
    DebugOption,
    ModelOption,
    SettingsOption,
    StrategyOption,
    read_settings,
)
from langchain_llava_o1.cli.output import write_output
from langchain_llava_o1.search.catalogue import DEFAULT_SEARCH
from langchain_llava_o1.search.strategy import Strategy

_MAX_TOKENS = 200


def conversation(
    strategy: StrategyOption = DEFAULT_SEARCH,
    further: SettingsOption = None,
    model: ModelOption = None,
    in_sqlite: Annotated[
        bool,
        typer.Option(
            "--sqlite", help="Save checkpoints in a SQLite file (langgraph-checkpoint-sqlite) and count that."
        ),
    ] = False,
    is_json: JsonOption = False,
    is_debug: DebugOption = False,
) -> None:
    """Ask three questions about a photo of 12 megapixels and count what is saved and streamed."""
    from langchain_llava_o1.evaluation.conversation_size import measure_conversation_size

    # Of noise a model may write without end, until a judge's prompt fits no context window.
    settings = {"seed": 0, "max_tokens_per_stage": _MAX_TOKENS, **read_settings(further)}
    asked = Strategy(strategy, None, settings)
    with checking_usage(), tempfile.TemporaryDirectory() as folder:
        database = Path(folder, "checkpoints.sqlite") if in_sqlite else None
        size = run_until_interrupted(
            measure_conversation_size(answering.create_model(AnswerSettings(model)), asked, database)
        )
    if is_json:
        write_output(json.dumps(size.as_json()) + "\n")
        return
    rows = (
        ("photo as sent", size.sent),
        ("picture as kept", size.stored),
        ("SQLite file" if in_sqlite else "checkpoints", size.checkpoints),
        ("streamed updates", size.updates),
    )
    lines = [f"{name:<17} {number:>10,} bytes  {number / size.stored:6.2f} x" for name, number in rows]
    write_output(f"{size.turns} questions about one photo\n" + "\n".join(lines) + "\n")
