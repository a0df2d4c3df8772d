"""The public names: listed once, in the stub, and loaded on first use."""

import importlib.metadata
import pickle

import pytest

import langchain_llava_o1


@pytest.mark.parametrize("name", langchain_llava_o1.__all__)
def test_a_public_name_loads_and_is_told(name: str) -> None:
    assert getattr(langchain_llava_o1, name) is not None
    assert name in dir(langchain_llava_o1)


def test_the_version_is_the_installed_one() -> None:
    assert langchain_llava_o1.__version__ == importlib.metadata.version("langchain-llava-o1")


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(AttributeError, match="no attribute 'ChatLlava'; it has AnnotationPlan, ChatLlavaO1"):
        langchain_llava_o1.ChatLlava  # noqa: B018  # looking it up is what is tested


def test_what_a_public_class_makes_can_be_pickled() -> None:
    settings = langchain_llava_o1.StageBeamContext(candidates=3, beams=2)
    assert pickle.loads(pickle.dumps(settings)) == settings
