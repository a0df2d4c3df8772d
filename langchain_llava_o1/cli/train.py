"""`llava-o1 train`: fine-tune a model on a data set, or on which of two answers is better."""

import json
import os
import pkgutil
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from langchain_llava_o1.cli.data.options import AllowBenchmarkOption, ColumnsOption, PicturesOption, open_set
from langchain_llava_o1.cli.failures import BadUsageError, checking_usage
from langchain_llava_o1.cli.options import DebugOption
from langchain_llava_o1.cli.output import write_error, write_output

if TYPE_CHECKING:
    from langchain_llava_o1.training.result import TrainingResult
    from langchain_llava_o1.training.settings import TrainingSettings

_EMBEDDED = "tiny"

SetArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="[SET]",
        help="Conversations to learn from: JSON with one a line, or the folder of one such file.",
        show_default=False,
    ),
]
PairsOption = Annotated[
    Path | None,
    typer.Option(
        "--dpo",
        metavar="PAIRS",
        help="In place of SET a file of pairs, of whose answers the better one is to be preferred.",
        show_default=False,
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FOLDER", help="Folder of the run; a killed run goes on there.", show_default=False
    ),
]
PresetOption = Annotated[
    str | None,
    typer.Option(
        "--preset",
        metavar="NAME",
        help="Settings to begin from: llava-o1-11b or lora-11b; other options change them.",
        show_default=False,
    ),
]
ModelOption = Annotated[
    str | None,
    typer.Option("--model", help='Checkpoint to begin from: hub id, folder or "tiny".', show_default=False),
]
LoraOption = Annotated[
    bool, typer.Option("--lora", help="Train adapters of low rank beside the weights, not the weights.")
]
LoraPartsOption = Annotated[
    str | None,
    typer.Option(
        "--lora-parts",
        metavar="PART,…",
        help="What adapters are put beside: self-attention, cross-attention, mlp, vision. "
        "Default: all but vision.",
        show_default=False,
    ),
]
FreezeOption = Annotated[
    str | None,
    typer.Option(
        "--freeze",
        metavar="PART,…",
        help="Parts that stay as they are: vision, projector, embeddings, gates.",
        show_default=False,
    ),
]


PlanOption = Annotated[
    bool,
    typer.Option("--plan", help="Print what training an 11B model takes, computed, and train nothing."),
]
FsdpOption = Annotated[
    bool,
    typer.Option("--fsdp-config", help="Print a configuration of accelerate for eight GPUs."),
]


def _option(flag: str, text: str, **limits: Any) -> Any:
    return typer.Option(flag, help=text, show_default=False, **limits)


def train(
    path: SetArgument = None,
    out: OutOption = None,
    pairs: PairsOption = None,
    beta: Annotated[
        float | None,
        _option("--beta", "With --dpo: what going far from the model begun with costs. Default: 0.1."),
    ] = None,
    preset: PresetOption = None,
    model: ModelOption = None,
    is_lora: LoraOption = False,
    lora_rank: Annotated[int | None, _option("--lora-rank", "Rank of the adapters. Default: 16.")] = None,
    lora_parts: LoraPartsOption = None,
    freeze: FreezeOption = None,
    epochs: Annotated[float | None, _option("--epochs", "How often each sample is seen. Default: 3.")] = None,
    max_steps: Annotated[int | None, _option("--steps", "Optimizer steps, in place of --epochs.")] = None,
    learning_rate: Annotated[
        float | None, _option("--rate", "Peak of the learning rate. Default: 1e-5.")
    ] = None,
    batch_size: Annotated[
        int | None, _option("--batch", "Samples a device takes at once. Default: 4.")
    ] = None,
    accumulation: Annotated[
        int | None, _option("--accumulation", "Batches of a device to one step. Default: 1.")
    ] = None,
    max_tokens: Annotated[
        int | None, _option("--max-tokens", "Longer samples are left out. Default: 4096.")
    ] = None,
    any_answers: Annotated[
        bool | None,
        _option("--any-answers", "Learn answers that are not in stages, too, as they stand."),
    ] = None,
    held_out: Annotated[
        int | None, _option("--held-out", "Examples that are measured with, not learned. Default: 0.")
    ] = None,
    evaluate_every: Annotated[
        int | None, _option("--every", "Steps between two measurements and checkpoints. Default: 200.")
    ] = None,
    accuracy_items: Annotated[
        int | None,
        _option("--accuracy-items", "Held-out questions to answer each time. Default: 0, the loss alone."),
    ] = None,
    patience: Annotated[
        int | None, _option("--patience", "Measurements without a best one, then it ends. Default: never.")
    ] = None,
    dtype: Annotated[
        str | None,
        _option("--dtype", "float32 or bfloat16. Default: bfloat16 on a GPU, else float32."),
    ] = None,
    activation_checkpointing: Annotated[
        bool | None,
        typer.Option(
            "--checkpoint-activations/--keep-activations",
            help="Compute activations twice for less memory, or keep them.",
            show_default=False,
        ),
    ] = None,
    is_on_cpu: Annotated[bool, typer.Option("--cpu", help="Train on the processor, GPU or not.")] = False,
    num_workers: Annotated[
        int | None, _option("--workers", "Processes that read pictures, for each device. Default: 0.")
    ] = None,
    seed: Annotated[
        int | None, _option("--seed", "Of order and held-out examples. Default: 0.", min=0)
    ] = None,
    pictures: PicturesOption = None,
    columns: ColumnsOption = None,
    allow_benchmark: AllowBenchmarkOption = False,
    is_json: Annotated[bool, typer.Option("--json", help="Print what came of it as one object.")] = False,
    is_plan: PlanOption = False,
    is_fsdp_config: FsdpOption = False,
    is_debug: DebugOption = False,
) -> None:
    """Fine-tune a model on the answers of a SET, or with --dpo on pairs of answers.

    The loss is on the answers alone. The folder then holds a checkpoint for --model or, with --lora, adapters
    for ChatLlavaO1(adapter=...), a log, a plot of the loss, and a card. Run the same command again to go on
    with a run that was killed. On several GPUs: accelerate launch -m langchain_llava_o1.cli train ...
    """
    if is_fsdp_config:
        write_output((files("langchain_llava_o1.training") / "fsdp.yaml").read_text())
        return
    if is_plan:
        from langchain_llava_o1.training.plan import describe_plans

        write_output(describe_plans())
        return
    given = {
        "model": model,
        "freeze": _read_names(freeze),
        "epochs": epochs,
        "max_steps": max_steps,
        "learning_rate": learning_rate,
        "batch_size": batch_size,
        "accumulation": accumulation,
        "max_tokens": max_tokens,
        "any_answers": any_answers,
        "held_out": held_out,
        "evaluate_every": evaluate_every,
        "accuracy_items": accuracy_items,
        "patience": patience,
        "dtype": dtype,
        "activation_checkpointing": activation_checkpointing,
        "device": "cpu" if is_on_cpu else None,
        "num_workers": num_workers,
        "seed": seed,
    }
    lora = {"rank": lora_rank, "parts": _read_names(lora_parts)}
    if out is None or (path is None) == (pairs is None):
        raise BadUsageError(
            "Write llava-o1 train SET --out FOLDER, or llava-o1 train --dpo PAIRS --out FOLDER."
        )
    if pairs is None:
        _refuse({"--beta": beta}, "a SET")
    else:
        of_a_set = {"--max-tokens": max_tokens, "--any-answers": any_answers, "--column": columns}
        of_a_set |= {"--accuracy-items": accuracy_items, "--allow-benchmark": allow_benchmark or None}
        _refuse(of_a_set, "pairs")
    with checking_usage():
        settings = _read_settings(preset, given, lora if is_lora or any(lora.values()) else None)
    from langchain_llava_o1.training.result import describe_result
    from langchain_llava_o1.training.task import DPO, SFT

    if pairs is not None:
        options = {} if beta is None else {"beta": beta}
        result = _train("dpo:train_dpo", settings, pairs, out, pictures=pictures, **options)
    else:
        assert path is not None, "one of both is given"
        training_set = open_set(path, pictures, columns, allow_benchmark=allow_benchmark)
        result = _train("sft:train_sft", settings, training_set, out)
    if _is_first_process():
        plain = {**vars(result), "folder": str(result.folder)}
        method = SFT if pairs is None else DPO
        write_output(json.dumps(plain) + "\n" if is_json else describe_result(result, settings, method))


def _refuse(given: dict[str, Any], what: str) -> None:
    """Refuse options that were given and have no part in training on something."""
    for option, value in given.items():
        if value is not None:
            number = f" {value}" if type(value) in (int, float) else ""
            raise BadUsageError(f"{option}{number} has no part in training on {what}. Leave it out.")


def _is_first_process() -> bool:
    """Tell whether this process speaks for all that train together."""
    return os.environ.get("RANK", "0") == "0"


def _read_names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())


def _read_settings(
    preset: str | None, given: dict[str, Any], lora: dict[str, Any] | None
) -> "TrainingSettings":
    from langchain_llava_o1.training.settings import PRESETS, LoraSettings, TrainingSettings

    if preset is not None and preset not in PRESETS:
        raise BadUsageError(f"There is no preset {preset!r}; there are {', '.join(PRESETS)}.")
    values = dict(PRESETS[preset].values) if preset else {}
    values.update({name: value for name, value in given.items() if value is not None})
    if lora is not None:
        values["lora"] = LoraSettings(**{name: value for name, value in lora.items() if value is not None})
    if "model" not in values:
        raise BadUsageError('--model is missing: a hub id, a folder, or "tiny"; or name a --preset.')
    if values["model"] == _EMBEDDED:
        from langchain_llava_o1.tiny import checkpoint_path

        values["model"] = str(checkpoint_path())
    return TrainingSettings(**values)


def _train(
    home: str, settings: "TrainingSettings", source: Any, out: Path, **options: Any
) -> "TrainingResult":
    """Train with a function of the package, named by its module and itself."""
    try:
        train_it = pkgutil.resolve_name(f"langchain_llava_o1.training.{home}")
    except ImportError as error:
        raise BadUsageError(
            f"Training needs a library that is missing ({error.name}): "
            'pip install "langchain-llava-o1[train]".'
        ) from error
    from transformers.utils import logging

    from langchain_llava_o1.training.problem_report import ProblemReport

    logging.disable_progress_bar()
    say = write_error if _is_first_process() else lambda line: None
    report = ProblemReport(lambda text: say(f"llava-o1: warning: {text}"))

    def tell(line: str) -> None:
        report.sum_up()
        say(line)

    try:
        result: TrainingResult = train_it(
            settings, source, out, report_problem=report.add, tell=tell, **options
        )
    finally:
        report.sum_up()
    return result
