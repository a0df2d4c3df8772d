"""What a conversation about a photo saves and streams: bounds, and that the measurement sees what grows."""

import sqlite3
import sys
from pathlib import Path

import pytest

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.conversation_size import ConversationSize, measure_conversation_size
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.staging import capabilities
from tests.scripted_model import ScriptedModel


async def measure(database: Path | None) -> ConversationSize:
    profile = {capabilities.PREFILL: True, capabilities.MAX_IMAGE_PIXELS: 1_250_000}
    model = ScriptedModel(profile=profile)  # type: ignore[arg-type]
    return await measure_conversation_size(model, Strategy("stage-beam", None, {"seed": 0}), database)


@pytest.mark.parametrize("name", [None, "checkpoints.sqlite"], ids=["memory", "SQLite"])
async def test_three_turns_weigh_little_beside_the_picture(tmp_path: Path, name: str | None) -> None:
    database = tmp_path / name if name else None
    size = await measure(database)
    assert size.turns == 3
    assert size.sent > 4_000_000
    assert 100_000 < size.stored < 1_250_000
    assert 0 < size.checkpoints <= 3 * size.stored
    assert 0 < size.updates <= 2 * size.stored
    if database:
        assert size.checkpoints == database.stat().st_size
        with sqlite3.connect(database) as connection:
            ((threads,),) = connection.execute("select count(distinct thread_id) from checkpoints")
        connection.close()
        assert threads == 1


async def test_without_the_package_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langgraph.checkpoint.sqlite.aio", None)
    with pytest.raises(ConfigurationError, match="pip install langgraph-checkpoint-sqlite"):
        await measure(tmp_path / "checkpoints.sqlite")
