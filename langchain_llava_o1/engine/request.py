"""What the engine is asked and what it answers, as plain data."""

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.pictures.picture import Picture

Role = Literal["system", "user", "assistant"]
FinishReason = Literal["stop", "length"]
Pooling = Literal["max", "mean"]
TowerLayers = Literal["final", "intermediate", "all"]
Part = str | Picture
Vector = tuple[float, ...]

_ROLES: tuple[Role, ...] = ("system", "user", "assistant")


@dataclass(frozen=True)
class Turn:
    """One turn of a conversation.

    Attributes:
        role: Who speaks.
        parts: Texts and pictures in the order they are shown. Text is plain text: the name of a
            special token inside it is tokenized as the characters it is written with.
    """

    role: Role
    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        if self.role not in _ROLES:
            raise ConfigurationError(f"role must be one of {', '.join(_ROLES)}, got {self.role!r}.")
        for part in self.parts:
            if not isinstance(part, Part):
                raise ConfigurationError(
                    f"A turn holds str and Picture parts, got {type(part).__name__}. "
                    "Make a Picture of an image with Picture.of_image."
                )


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen.

    Attributes:
        temperature: 0 takes the most likely token; above 0 samples.
        top_p: Sample from the smallest set of tokens whose probability reaches this.
        max_tokens: Most tokens a row may generate.
        seed: Same seed, same text. None draws fresh randomness.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 1024
    seed: int | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.temperature) and self.temperature >= 0):
            raise ConfigurationError(
                f"temperature must be 0 or more, got {self.temperature!r}. Use 0 for greedy decoding."
            )
        if not 0 < self.top_p <= 1:
            raise ConfigurationError(
                f"top_p must be above 0 and at most 1, got {self.top_p!r}. Use 1 to keep every token."
            )
        if self.max_tokens < 1:
            raise ConfigurationError(f"max_tokens must be at least 1, got {self.max_tokens!r}.")


@dataclass(frozen=True)
class Request:
    """A conversation to answer, or, when it ends in an assistant turn, to continue.

    Attributes:
        turns: The conversation. A last assistant turn is continued in place; after any other
            last turn a new assistant turn is opened.
        sampling: How tokens are chosen. Row ``i`` draws from a stream derived from ``(seed, i)``.
        stop: Strings that end a row; they are left out of its text.
        n: Number of rows, that is, of answers to this one prompt.
        timeout: Seconds from submission after which the request fails.
        is_streamed: Whether text is given out as it is generated, or each row in one delta at its
            end, which costs less where nobody watches.
    """

    turns: tuple[Turn, ...]
    sampling: Sampling = Sampling()
    stop: tuple[str, ...] = ()
    n: int = 1
    timeout: float | None = None
    is_streamed: bool = True

    def __post_init__(self) -> None:
        if not self.turns:
            raise ConfigurationError("A request needs at least one turn, got none.")
        if isinstance(self.stop, str) or not all(isinstance(text, str) and text for text in self.stop):
            raise ConfigurationError(f"stop must be a tuple of non-empty strings, got {self.stop!r}.")
        if self.n < 1:
            raise ConfigurationError(f"n must be at least 1, got {self.n!r}.")
        if self.timeout is not None and not self.timeout > 0:
            raise ConfigurationError(f"timeout must be above 0 seconds or None, got {self.timeout!r}.")


@dataclass(frozen=True)
class ScoreRequest:
    """Texts of which to tell how likely they are to come next in a conversation.

    Attributes:
        turns: The conversation. After a last assistant turn the texts continue that turn; after any
            other last turn they begin a new assistant turn.
        continuations: The texts.
        timeout: Seconds from submission after which the request fails.
    """

    turns: tuple[Turn, ...]
    continuations: tuple[str, ...]
    timeout: float | None = None

    def __post_init__(self) -> None:
        if not self.turns:
            raise ConfigurationError("A request needs at least one turn, got none.")
        if not self.continuations or not all(self.continuations):
            raise ConfigurationError(
                f"continuations must be non-empty texts, at least one, got {self.continuations!r}."
            )
        if self.timeout is not None and not self.timeout > 0:
            raise ConfigurationError(f"timeout must be above 0 seconds or None, got {self.timeout!r}.")


@dataclass(frozen=True)
class EmbeddingRequest:
    """Pictures of which to make a vector each, out of what the vision tower sees in them.

    Attributes:
        pictures: The pictures.
        pooling: How the vectors of a picture's patches become one: the largest value of each entry, or
            their mean.
        layers: Which of the tower's layers they are taken from: its last one, those before it that the text
            layers see as well, or all of these side by side.
        timeout: Seconds from submission after which the request fails.
    """

    pictures: tuple[Picture, ...]
    pooling: Pooling = "max"
    layers: TowerLayers = "final"
    timeout: float | None = None

    def __post_init__(self) -> None:
        if not self.pictures:
            raise ConfigurationError("An embedding request needs at least one picture, got none.")
        self.check(self.pooling, self.layers)
        if self.timeout is not None and not self.timeout > 0:
            raise ConfigurationError(f"timeout must be above 0 seconds or None, got {self.timeout!r}.")

    @staticmethod
    def check(pooling: str, layers: str) -> None:
        """See that there are such a pooling and such layers.

        Raises:
            ConfigurationError: If there are not.
        """
        for name, value, known in (
            ("pooling", pooling, get_args(Pooling)),
            ("layers", layers, get_args(TowerLayers)),
        ):
            if value not in known:
                raise ConfigurationError(f"{name} must be one of {', '.join(known)}, got {value!r}.")


@dataclass(frozen=True)
class Score:
    """How likely a text is to come next.

    Attributes:
        logprob_sum: Sum of the log-probabilities of its tokens under the full softmax at temperature 1.
        num_tokens: How many tokens those are.
    """

    logprob_sum: float
    num_tokens: int


@dataclass(frozen=True)
class Delta:
    """What one row has gained since its last delta.

    Attributes:
        index: Row of the request, from 0 to ``n - 1``.
        text: New text. Text that may still turn out to begin a stop string is held back.
        token_ends: For each token first accounted for here, the end token included, how much of
            ``text`` there was with it.
        finish_reason: Set on a row's last delta: "stop" for an end token or a stop string,
            "length" for ``max_tokens`` or the end of the context window.
        stop: The stop string that ended the row, or None.
        logprobs: Log-probability of each of these tokens under the full softmax at temperature 1.
        num_prompt_tokens: Tokens of the prompt, the same in every delta of a request.
        num_cached_tokens: How many of them had been read before.
    """

    index: int
    text: str
    token_ends: tuple[int, ...]
    finish_reason: FinishReason | None
    stop: str | None
    logprobs: tuple[float, ...]
    num_prompt_tokens: int
    num_cached_tokens: int = 0

    @property
    def num_tokens(self) -> int:
        """How many tokens are first accounted for here."""
        return len(self.token_ends)


class Statistics(NamedTuple):
    """What an engine has done since it was started.

    Attributes:
        num_pictures: Pictures that went through the vision tower.
        num_read: Tokens of prompts and of scored texts that went through the model.
        num_prompt_passes: Passes in which they did.
        num_generated: Tokens that were generated.
        num_steps: Steps in which they were, of all rows of the batch at once.
    """

    num_pictures: int
    num_read: int
    num_prompt_passes: int
    num_generated: int
    num_steps: int

    def since(self, earlier: "Statistics") -> "Statistics":
        """Take what was done after an earlier time."""
        return Statistics(*(now - before for now, before in zip(self, earlier, strict=True)))
