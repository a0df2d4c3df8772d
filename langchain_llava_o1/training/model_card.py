"""The card of a trained model: what it was made from and how, for people and for the hub."""

import importlib.metadata
import json
from pathlib import Path

from langchain_llava_o1.training.result import TrainingResult
from langchain_llava_o1.training.settings import TrainingSettings
from langchain_llava_o1.training.task import Task
from langchain_llava_o1.version import __version__

_LIBRARIES = ("torch", "transformers", "accelerate", "peft", "trl")


def write_card(settings: TrainingSettings, task: Task, result: TrainingResult) -> str:
    """Write the card of a run, with the licence left to fill in."""
    library = "transformers" if settings.lora is None else "peft"
    loads = (
        'ChatLlavaO1(model="FOLDER")'
        if settings.lora is None
        else f'ChatLlavaO1(model={json.dumps(settings.model)}, adapter="FOLDER")'
    )
    # The whole path would tell whoever reads the card about the machine.
    data = "/".join(task.data.resolve().parts[-2:])
    method = ", ".join([task.method.name, *(f"{name} {value}" for name, value in task.options.items())])
    learned = {
        "method": method,
        "data": f"`{data}`",
        "SHA-256 of the data": f"`{task.sha256}`",
        "lines left out": f"{result.num_left_out:,}",
    }
    figures = {
        "learned from": f"{result.num_samples:,} {task.method.samples}",
        "optimizer steps": f"{result.steps:,}",
    }
    if result.best_step is not None:
        figures["weights kept"] = f"those of step {result.best_step:,}"
        figures[task.method.held_out_loss] = f"{result.held_out_loss:.4f}"
    if result.held_out_accuracy is not None:
        figures["right answers to held-out questions, greedy"] = (
            f"{result.held_out_accuracy:.1%} of {settings.accuracy_items}"
        )
    return "\n".join(
        [
            "---",
            "license: unknown # fill in: it follows from those of the model and of the data",
            f"base_model: {json.dumps(settings.model)}",
            f"library_name: {library}",
            "pipeline_tag: image-text-to-text",
            "tags: [mllama, llava-o1]",
            "---",
            "",
            f"# {Path(settings.model).name}, trained on {data}",
            "",
            f"Answers questions about pictures in the four stages of LLaVA-o1. Load it as `{loads}`.",
            "",
            "![The loss](loss.svg)",
            "",
            *_table("learned", "", learned),
            "",
            *_table("figure", "value", figures),
            "",
            *_table(
                "setting", "value", {name: json.dumps(value) for name, value in settings.as_json().items()}
            ),
            "",
            *_table("library", "version", _find_versions()),
            "",
        ]
    )


def _find_versions() -> dict[str, str]:
    versions = {"langchain-llava-o1": __version__}
    for name in _LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _table(first: str, second: str, rows: dict[str, str]) -> list[str]:
    return [
        f"| {first} | {second} |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in rows.items()),
    ]
