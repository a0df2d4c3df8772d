"""Which model a command line names: a checkpoint, with adapters or without, or one of any provider."""

from pathlib import Path
from typing import Any

import pytest

from langchain_llava_o1 import ChatLlavaO1
from langchain_llava_o1.cli.answering import AnswerSettings, open_model
from langchain_llava_o1.cli.failures import BadUsageError


@pytest.mark.parametrize("name", ["tiny", None, "some-one/some-checkpoint"])
def test_a_name_without_a_provider_is_a_checkpoint(name: str | None) -> None:
    model = open_model(AnswerSettings(name))
    assert isinstance(model, ChatLlavaO1)
    assert model.model == (name or "tiny")


def test_a_folder_is_a_checkpoint_whatever_it_is_called(tmp_path: Path) -> None:
    folder = tmp_path / "openai:gpt"
    folder.mkdir()
    assert isinstance(open_model(AnswerSettings(str(folder))), ChatLlavaO1)


@pytest.mark.parametrize("name", ["openai:served", "served"])
def test_a_server_is_asked_without_a_key(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    model: Any = open_model(AnswerSettings(name, base_url="http://127.0.0.1:9/v1"))
    assert model.model_name == "served"
    assert model.openai_api_base == "http://127.0.0.1:9/v1"


def test_adapters_go_with_a_checkpoint(tmp_path: Path) -> None:
    model = open_model(AnswerSettings("tiny", adapter=tmp_path))
    assert isinstance(model, ChatLlavaO1)
    assert model.adapter == str(tmp_path)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (AnswerSettings("tiny", adapter=Path("no-such-folder")), "There is no folder no-such-folder"),
        (AnswerSettings("openai:gpt-4o", adapter=Path("folder")), "served elsewhere"),
        (AnswerSettings(base_url="http://127.0.0.1:9/v1"), "name the one to ask"),
        (AnswerSettings("nobody:gpt-4o"), "cannot be created"),
    ],
)
def test_what_does_not_go_together_is_refused(settings: AnswerSettings, said: str) -> None:
    with pytest.raises(BadUsageError, match=said):
        open_model(settings)
