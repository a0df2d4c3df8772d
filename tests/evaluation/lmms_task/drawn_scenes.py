"""What the task asks and how it grades, in the form that lmms-eval wants."""

from collections.abc import Mapping
from typing import Any

from PIL import Image


def show_picture(document: Mapping[str, Any]) -> list[Image.Image]:
    return [Image.open(document["image"]).convert("RGB")]


def write_question(
    document: Mapping[str, Any], lmms_eval_specific_kwargs: Mapping[str, Any] | None = None
) -> str:
    return str(document["question"])


def grade(document: Mapping[str, Any], results: list[str]) -> dict[str, float]:
    return {"accuracy": float(results[0].strip().rstrip(".") == document["answer"])}
