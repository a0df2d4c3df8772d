"""What went wrong with a reward model, in words for the caller."""

from collections.abc import Iterator
from contextlib import contextmanager

from langchain_llava_o1.engine.failures import is_out_of_memory
from langchain_llava_o1.engine.loading.placement import choose_device
from langchain_llava_o1.errors import GenerationError, LlavaO1Error, ModelLoadError
from langchain_llava_o1.rewards.settings import RewardSettings

_ON_THE_COMMAND_LINE = "On the command line these are --judge-set NAME=VALUE."


@contextmanager
def explaining_load_errors(settings: RewardSettings) -> Iterator[None]:
    """Say why a reward model cannot be loaded, and what to do about it.

    Raises:
        ModelLoadError: In the place of any error that is not the package's own.
    """
    try:
        yield
    except LlavaO1Error:
        raise
    # A checkpoint that is broken or of another version fails in whatever way it leads the libraries to.
    except Exception as error:
        if is_out_of_memory(error):
            remedies = _join([*_more_room(settings), "take a smaller model"])
            raise ModelLoadError(
                f"The reward model {settings.model!r} does not fit into the memory of {_device(settings)}: "
                f"{_reason(error)} {remedies} {_ON_THE_COMMAND_LINE}"
            ) from error
        raise ModelLoadError(
            f"The reward model {settings.model!r} could not be loaded: {error} "
            "Check its name, or give the folder of a checkpoint."
        ) from error


@contextmanager
def explaining_memory_errors(settings: RewardSettings, num_rows: int) -> Iterator[None]:
    """Say what to do where memory runs out while conversations are scored.

    Args:
        settings: The model's settings.
        num_rows: How many conversations the pass has.

    Raises:
        GenerationError: If it does.
    """
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        fewer = [f"set batch_size to less than {num_rows}"] if num_rows > 1 else []
        remedies = _join([*fewer, "lower max_pixels or max_length", *_more_room(settings)])
        raise GenerationError(
            f"The reward model {settings.model!r} ran out of memory on {_device(settings)} with {num_rows} "
            f"conversation(s) in a pass: {_reason(error)} {remedies} {_ON_THE_COMMAND_LINE}"
        ) from error


def _more_room(settings: RewardSettings) -> list[str]:
    is_small = settings.dtype in ("bfloat16", "float16")
    return [*([] if is_small else ['load it with dtype="bfloat16"']), "choose another device"]


def _device(settings: RewardSettings) -> str:
    return repr(str(choose_device(settings.device)))


def _reason(error: Exception) -> str:
    # Its traceback would keep the tensors alive that did not fit.
    error.__traceback__ = None
    return str(error).strip().split("\n")[0] or type(error).__name__


def _join(remedies: list[str]) -> str:
    first, *others = remedies
    return "; ".join([first[0].upper() + first[1:], *others[:-1], f"or {others[-1]}."])
