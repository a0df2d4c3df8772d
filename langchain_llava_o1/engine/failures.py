"""What went wrong while the model ran, in words for the caller."""

from langchain_llava_o1.errors import GenerationError, LlavaO1Error


def explain(error: Exception) -> Exception:
    """Word an error of the model for the caller."""
    if isinstance(error, LlavaO1Error):
        return error
    reason = str(error).strip().split("\n")[0] or type(error).__name__
    if is_out_of_memory(error):
        # Its traceback would keep the tensors alive that did not fit.
        error.__traceback__ = None
        explained = GenerationError(
            f"The device ran out of memory while generating: {reason} Send fewer requests at once, "
            'shorten the prompt, lower max_tokens, or load the model with quantization="8bit" or "4bit".'
        )
    else:
        explained = GenerationError(f"The model failed while generating: {type(error).__name__}: {reason}")
    explained.__cause__ = error
    return explained


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error says that memory ran out, on a GPU or on a processor."""
    told = str(error)
    return isinstance(error, MemoryError) or "out of memory" in told.lower() or "can't allocate" in told
