"""LangChain's standard suites for chat models, with the capabilities that this one has."""

import importlib
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests
from PIL import Image

from langchain_llava_o1 import ChatLlavaO1
from langchain_llava_o1.chat.response import collect_message
from langchain_llava_o1.pictures import sources
from tests.pictures.files import encode_pdf

# The package's name for this module is taken by its function `load`.
langchain_load = importlib.import_module("langchain_core.load.load")

pytestmark = pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")


class Capabilities:
    """What both suites are told about the model."""

    chat_model_class = ChatLlavaO1
    has_tool_calling = False
    has_structured_output = False
    supports_image_inputs = True
    supports_pdf_inputs = True
    # With allow_image_urls=True, which the model is created with here.
    supports_image_urls = True
    # The suite's Anthropic conversations hold tool calls.
    supports_anthropic_inputs = False
    supports_model_override = False
    supported_usage_metadata_details = {"invoke": ["reasoning_output"], "stream": ["reasoning_output"]}  # noqa: RUF012


class TestUnit(Capabilities, ChatModelUnitTests):  # type: ignore[misc]
    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": "tiny"}

    @pytest.fixture(autouse=True)
    def _allow_loading(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Add the model to what ``load(allowed_objects="all")`` admits: LangChain's own packages alone.

        Everywhere else it is loaded with ``allowed_objects=[ChatLlavaO1]``.
        """
        path = tuple(ChatLlavaO1.lc_id())
        monkeypatch.setitem(langchain_load.ALL_SERIALIZABLE_MAPPINGS, path, path)
        # What LangChain remembers of the mappings, and offers no other way to forget.
        monkeypatch.setattr(langchain_load, "_default_class_paths_cache", {})

    @property
    def init_from_env_params(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        return {"LLAVA_O1_MODEL": "some/folder"}, {}, {"model": "some/folder"}


class TestIntegration(Capabilities, ChatModelIntegrationTests):  # type: ignore[misc]
    checkpoint: Path

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": str(self.checkpoint), "device": "cpu", "allow_image_urls": True}

    @pytest.fixture(autouse=True)
    def _use_checkpoint(self, random_checkpoint: Path) -> None:
        self.checkpoint = random_checkpoint

    @pytest.fixture(autouse=True)
    def _use_local_files(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Give the suite its picture and PDF file, and the model its download, without a network."""
        buffer = io.BytesIO()
        Image.effect_noise((64, 48), 80).convert("RGB").save(buffer, "PNG")
        content = buffer.getvalue()
        pdf = encode_pdf("red", "blue")
        monkeypatch.setattr(
            "httpx.get", lambda url, **_: SimpleNamespace(content=pdf if url.endswith(".pdf") else content)
        )
        monkeypatch.setattr(sources, "download", lambda url, **_: content)

    def invoke_with_reasoning_output(self, *, stream: bool = False) -> AIMessage:
        model = ChatLlavaO1(**self.chat_model_params, max_tokens=20)
        return collect_message(list(model.stream("Hello"))) if stream else model.invoke("Hello")
