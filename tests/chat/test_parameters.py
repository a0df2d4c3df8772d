"""Settings of a chat model: what reaches the engine, what is refused, what tracing sees."""

import math
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.load import dumpd, load
from transformers import MllamaConfig

from langchain_llava_o1 import ChatLlavaO1
from langchain_llava_o1.chat.response import END_OF_ANSWER
from langchain_llava_o1.errors import (
    ConfigurationError,
)
from langchain_llava_o1.judges.chat_model import has_capability
from langchain_llava_o1.staging import capabilities
from langchain_llava_o1.tiny import checkpoint_path
from tests.asking import chat
from tests.scripted_engine import ANSWER, Script


def test_settings_reach_the_engine_and_calls_override_them(script: Script) -> None:
    engine = script(ANSWER)
    model = chat(temperature=0.5, top_p=0.9, max_tokens=50, stop="end", seed=3, timeout=9)
    model.invoke("a")
    model.bind(stop=["x"], seed=4).invoke("a", temperature=0, top_p=1, max_tokens=7, timeout=2, stream=False)
    first, second = engine.requests
    assert first.sampling.__dict__ == {"temperature": 0.5, "top_p": 0.9, "max_tokens": 50, "seed": 3}
    assert (first.stop, first.timeout) == (("end", *END_OF_ANSWER), 9)
    assert second.sampling.__dict__ == {"temperature": 0, "top_p": 1, "max_tokens": 7, "seed": 4}
    assert (second.stop, second.timeout) == (("x", *END_OF_ANSWER), 2)


@pytest.mark.parametrize(
    "options",
    [
        {"tools": []},
        {"n": 2},
        {"model": "other"},
        {"response_format": {}},
        {"temperature": -1},
        {"temperature": math.nan},
        {"top_p": 0},
        {"max_tokens": 0},
        {"seed": "x"},
        {"timeout": 0},
        {"stop": [""]},
    ],
)
def test_bad_call_options_are_refused(script: Script, options: dict[str, Any]) -> None:
    engine = script(ANSWER)
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        chat().invoke("a", **options)
    assert engine.requests == []


@pytest.mark.parametrize(
    "parameters",
    [
        {"temperature": -0.1},
        {"temperature": math.inf},
        {"temperature": "hot"},
        {"top_p": 1.5},
        {"max_tokens": 0},
        {"stop": [""]},
        {"stop": [1]},
        {"timeout": -1},
        {"max_retries": -1},
        {"quantization": "2bit"},
        {"model": " "},
        {"dtype": "float7"},
        {"device": "cuda", "device_map": "auto"},
        {"model": "a", "model_name": "b"},
        {"temprature": 1},
        {"max_image_pixels": 0},
    ],
)
def test_bad_parameters_are_refused_at_construction(parameters: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        ChatLlavaO1(**parameters)


def test_a_misspelt_parameter_gets_a_hint() -> None:
    parameters: dict[str, Any] = {"temprature": 1}
    with pytest.raises(ConfigurationError, match="Did you mean 'temperature'"):
        ChatLlavaO1(**parameters)


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLAVA_O1_MODEL", raising=False)
    unset: dict[str, Any] = dict.fromkeys(["temperature", "top_p", "max_tokens", "max_retries", "stop"])
    model = ChatLlavaO1(**unset)
    assert (model.model, model.temperature, model.top_p, model.max_tokens) == ("tiny", 0, 1, 1024)
    monkeypatch.setenv("LLAVA_O1_MODEL", "some/folder")
    assert ChatLlavaO1().model == "some/folder"
    synonym: dict[str, Any] = {"model_name": "other"}
    assert ChatLlavaO1(**synonym).model_name == "other"


class Tracer(BaseCallbackHandler):
    """Keeps what tracing is told of a call's parameters."""

    def __init__(self) -> None:
        self.parameters: dict[str, Any] = {}

    def on_chat_model_start(self, *_: Any, metadata: dict[str, Any], **further: Any) -> None:
        self.parameters = {name: value for name, value in metadata.items() if name.startswith("ls_")}
        # LangChain's own, of every chat model.
        del self.parameters["ls_integration"]


def test_tracing_parameters(script: Script) -> None:
    script(ANSWER)
    tracer = Tracer()
    model = chat(temperature=0.5, max_tokens=9, stop=["x"])
    model.invoke("a", config={"callbacks": [tracer]})
    assert tracer.parameters == {
        "ls_provider": "llava-o1",
        "ls_model_type": "chat",
        "ls_model_name": "any",
        "ls_temperature": 0.5,
        "ls_max_tokens": 9,
        "ls_stop": ["x"],
    }
    model.invoke("a", config={"callbacks": [tracer]}, stop=["y"], temperature=1)
    assert tracer.parameters["ls_stop"] == ["y"]


def test_the_profile_says_what_the_model_takes() -> None:
    profile = ChatLlavaO1(model="Xkev/Llama-3.2V-11B-cot").profile
    assert profile is not None
    assert profile["image_inputs"]
    assert profile["reasoning_output"]
    assert not profile["tool_calling"]
    assert profile["max_input_tokens"] == 131_072
    other = chat(allow_image_urls=True).profile
    assert other is not None
    assert other["image_url_inputs"]


def test_the_profile_says_whether_pdf_files_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with_extra = chat().profile
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    without = chat().profile
    assert with_extra is not None
    assert without is not None
    assert (with_extra["pdf_inputs"], without["pdf_inputs"]) == (True, False)


def test_what_a_checkpoint_cannot_do_is_read_from_it(tmp_path: Path) -> None:
    embedded = ChatLlavaO1(model="tiny").profile
    copy = shutil.copytree(checkpoint_path(), tmp_path / "copy")
    assert ChatLlavaO1(model=str(copy)).profile == {**embedded, "name": str(copy)}
    assert (embedded["single_turn"], embedded["pictures_only"]) == (True, True)
    assert embedded["max_input_tokens"] == 4096

    # What is trained from it is saved by transformers.
    trained = tmp_path / "trained"
    MllamaConfig.from_pretrained(copy).save_pretrained(trained)
    assert ChatLlavaO1(model=str(trained)).profile == {**embedded, "name": str(trained)}

    # A folder without it, or with a damaged one, is as a model is by default; loading it says what is wrong.
    for damaged in ("{", "[]", '{"llava_o1_profile": 1, "text_config": []}'):
        (copy / "config.json").write_text(damaged)
        assert not ChatLlavaO1(model=str(copy)).profile["single_turn"]


def test_the_profile_says_whether_passages_are_read() -> None:
    models = ("tiny", "Xkev/Llama-3.2V-11B-cot")
    answers = [has_capability(ChatLlavaO1(model=model), capabilities.PICTURES_ONLY) for model in models]
    assert answers == [True, False]


@pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")
def test_serialization_round_trip() -> None:
    model = chat(temperature=0.5, stop=["x"], allowed_image_roots=["/tmp"], quantization="8bit")
    again = load(dumpd(model), valid_namespaces=["langchain_llava_o1"], allowed_objects=[ChatLlavaO1])
    assert isinstance(again, ChatLlavaO1)
    assert again == model
    # What was saved names the package alone, and so outlives a move of the class.
    assert dumpd(model)["id"] == ["langchain_llava_o1", "ChatLlavaO1"]
