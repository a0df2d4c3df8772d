"""A checkpoint from a folder or the hub, on the device, or an error that says what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_llava_o1.engine.loading.adapter import add_adapter
from langchain_llava_o1.engine.loading.libraries import import_libraries
from langchain_llava_o1.engine.loading.load_errors import explain_load_error
from langchain_llava_o1.engine.loading.placement import check_placement, place
from langchain_llava_o1.engine.settings import CheckpointSettings
from langchain_llava_o1.errors import ModelLoadError

if TYPE_CHECKING:
    from transformers import MllamaForConditionalGeneration, PreTrainedTokenizerFast

_BYTES_WORTH_A_PROGRESS_BAR = 10**9


@dataclass(frozen=True)
class Checkpoint:
    """A loaded model and what prepares its input.

    Attributes:
        model: The weights, in evaluation mode on their device.
        tokenizer: The fast tokenizer.
        image_processor: What turns pictures into pixel tensors.
        chat_template: The processor's chat template, if it has one.
        end_ids: Tokens that end a turn.
        image_token_id: The token that stands for a picture.
    """

    model: "MllamaForConditionalGeneration"
    tokenizer: "PreTrainedTokenizerFast"
    image_processor: Any
    chat_template: str | None
    end_ids: frozenset[int]
    image_token_id: int


def load_checkpoint(settings: CheckpointSettings) -> Checkpoint:
    """Load a checkpoint with ``from_pretrained``.

    Raises:
        ModelLoadError: If it cannot be found, read, or placed on the device.
    """
    source = _find_source(settings)
    with _explained(settings):
        return _load(settings, source)


def find_dtype(settings: CheckpointSettings) -> str:
    """Tell what a checkpoint computes in once it is loaded, such as "bfloat16", without its weights.

    Raises:
        ModelLoadError: If it cannot be found or read.
    """
    if settings.dtype is not None:
        return settings.dtype
    source = _find_source(settings)
    with _explained(settings):
        placement, _device = place(settings, _read_config(settings, source).text_config)
    return str(placement["dtype"]).removeprefix("torch.")


@contextmanager
def _explained(settings: CheckpointSettings) -> Iterator[None]:
    """Turn what loading raises into an error that says what to do."""
    try:
        yield
    except ModelLoadError:
        raise
    except Exception as error:
        raise explain_load_error(settings, error) from error


def _read_config(settings: CheckpointSettings, source: dict[str, Any]) -> Any:
    import_libraries()
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(**source)
    if config.model_type != "mllama":
        raise ModelLoadError(
            f"{settings.model!r} holds a model of type {config.model_type!r}; this engine runs models of "
            'type "mllama", such as "Xkev/Llama-3.2V-11B-cot".'
        )
    return config


def _find_source(settings: CheckpointSettings) -> dict[str, Any]:
    """Tell a folder from a hub id; return where to load from as ``from_pretrained`` arguments."""
    folder = Path(settings.model).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file() and (folder / "adapter_config.json").is_file():
            raise ModelLoadError(
                f"The folder {settings.model!r} holds adapters, not a model. Give the model that they were "
                f"trained on, and adapter={settings.model!r}."
            )
        if not (folder / "config.json").is_file():
            raise ModelLoadError(
                f"The folder {settings.model!r} holds no config.json. "
                "Give the folder that save_pretrained wrote the model and its processor to."
            )
        return {"pretrained_model_name_or_path": str(folder), "local_files_only": True}
    if folder.is_file() or folder.is_absolute() or settings.model.startswith((".", "~")):
        raise ModelLoadError(
            f"There is no folder {settings.model!r}. Check the path, or give a hub id such as "
            '"Xkev/Llama-3.2V-11B-cot".'
        )
    return {"pretrained_model_name_or_path": settings.model, "revision": settings.revision or "main"}


def _load(settings: CheckpointSettings, source: dict[str, Any]) -> Checkpoint:
    config = _read_config(settings, source)
    from transformers import AutoProcessor, MllamaForConditionalGeneration, PreTrainedTokenizerFast

    processor = AutoProcessor.from_pretrained(**source)
    tokenizer = getattr(processor, "tokenizer", None)
    if not isinstance(tokenizer, PreTrainedTokenizerFast) or not hasattr(processor, "image_processor"):
        raise ModelLoadError(
            f"{settings.model!r} has a {type(processor).__name__} in place of a processor with a fast "
            "tokenizer and an image processor. Save the processor beside the model: "
            "processor.save_pretrained(folder)."
        )
    _check_sizes(settings, config.vision_config, processor.image_processor)
    placement, device = place(settings, config.text_config)
    with _progress_shown(_num_bytes(settings.model) >= _BYTES_WORTH_A_PROGRESS_BAR):
        loaded: Any = MllamaForConditionalGeneration.from_pretrained(
            **source, **placement, attn_implementation="sdpa", output_loading_info=True
        )
    model, info = loaded
    if info["missing_keys"]:
        raise ModelLoadError(
            f"{settings.model!r} lacks {len(info['missing_keys'])} weights of its model, "
            f"{sorted(info['missing_keys'])[0]!r} among them. Download or save the checkpoint again."
        )
    if settings.adapter is not None:
        model = add_adapter(model, settings.adapter)
    if device is not None:
        model = model.to(device)
    check_placement(settings, model)
    return Checkpoint(
        model=model.eval().requires_grad_(False),
        tokenizer=tokenizer,
        image_processor=processor.image_processor,
        chat_template=processor.chat_template,
        end_ids=_end_ids(model.generation_config.eos_token_id, tokenizer),
        image_token_id=config.image_token_index,
    )


def _check_sizes(settings: CheckpointSettings, vision: Any, image_processor: Any) -> None:
    """See that the processor makes the pictures that the model takes."""
    expected = (vision.image_size, vision.image_size, vision.max_num_tiles)
    size = image_processor.size
    given = (size["height"], size["width"], image_processor.max_image_tiles)
    if given != expected:
        raise ModelLoadError(
            f"{settings.model!r} has a model for tiles of {expected[0]}x{expected[1]} pixels, at most "
            f"{expected[2]} of them, but a processor that makes {given[0]}x{given[1]}, at most {given[2]}. "
            "Take the processor from the checkpoint that the model was made from."
        )


@contextmanager
def _progress_shown(is_shown: bool) -> Iterator[None]:
    """Keep transformers' progress bars, or hide them for as long as this lasts."""
    from transformers.utils import logging

    if is_shown or not logging.is_progress_bar_enabled():
        yield
        return
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.enable_progress_bar()


def _num_bytes(model: str) -> float:
    """Size of a local checkpoint; that of one on the hub is not known and may be any."""
    folder = Path(model).expanduser()
    if not folder.is_dir():
        return float("inf")
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())


def _end_ids(configured: int | list[int] | None, tokenizer: "PreTrainedTokenizerFast") -> frozenset[int]:
    if isinstance(configured, int):
        return frozenset([configured])
    if configured:
        return frozenset(configured)
    return frozenset() if tokenizer.eos_token_id is None else frozenset([tokenizer.eos_token_id])
