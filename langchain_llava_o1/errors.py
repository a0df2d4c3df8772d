"""The errors this package raises. Each message says what is wrong, the value, and the fix."""


class LlavaO1Error(Exception):
    """Base of every error this package raises on purpose."""


class ConfigurationError(LlavaO1Error, ValueError):
    """A parameter has a value that cannot work."""


class ModelLoadError(LlavaO1Error, RuntimeError):
    """A checkpoint could not be found, read or placed on the device."""


class ImageError(LlavaO1Error, ValueError):
    """A picture is missing, broken, too large, or from a place that is not allowed."""


class MessageError(LlavaO1Error, ValueError):
    """A conversation cannot be put to the model as it is."""


class DataError(LlavaO1Error, ValueError):
    """A line of a data set cannot be read or written as it is."""


class ContextLengthError(LlavaO1Error, ValueError):
    """A prompt does not fit the model's context window."""


class GenerationError(LlavaO1Error, RuntimeError):
    """The engine failed while it generated."""


class QueueFullError(LlavaO1Error, RuntimeError):
    """More requests are under way than the engine takes."""


class GenerationTimeout(LlavaO1Error, TimeoutError):
    """A request ran past its timeout."""
