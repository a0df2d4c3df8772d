"""The model that a judge asks in place of the one that answers, as text."""

import pytest

from langchain_llava_o1.chat.judging_model import open_judging_model
from langchain_llava_o1.chat.model import ChatLlavaO1
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.own_model import OwnModel


def test_a_model_and_its_settings_are_one_text() -> None:
    model = OwnModel("process:owner/name", {"instruction": 'Say "+" | "-".\nThen {stop}.', "batch_size": 2})
    assert OwnModel.read(str(model)) == model
    # It stands in tables and in lines of files.
    assert "|" not in str(model)
    assert "\n" not in str(model)
    other = OwnModel("process:owner/name", dict(reversed(model.settings.items())))
    assert str(other) == str(model)


@pytest.mark.parametrize("name", ["owner/name", "openai:gpt-4o", "a folder {1}", "a {", ""])
def test_a_name_without_settings_is_its_own_text(name: str) -> None:
    assert OwnModel.read(name) == (name, {})
    assert str(OwnModel(name, {})) == name


def test_a_judging_model_is_named_as_an_answering_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    for name in ("tiny", "owner/name"):
        checkpoint = open_judging_model(name)
        assert isinstance(checkpoint, ChatLlavaO1)
        assert checkpoint.model == name
    hosted = open_judging_model('owner/name {"base_url": "http://localhost:1/v1"}')
    assert type(hosted).__name__ == "ChatOpenAI"
    assert getattr(hosted, "model_name", None) == "owner/name"
    assert getattr(hosted, "openai_api_base", None) == "http://localhost:1/v1"
    with pytest.raises(ConfigurationError, match="'nobody:gpt' cannot be created"):
        open_judging_model("nobody:gpt")
    with pytest.raises(ConfigurationError, match="has no setting 'device'; it has base_url"):
        open_judging_model('tiny {"device": "cpu"}')
