"""How long examples are, in tokens or in characters."""

from array import array
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from langchain_llava_o1.data.checks.check import Check, Finding, Viewed
from langchain_llava_o1.errors import ModelLoadError
from langchain_llava_o1.tiny import checkpoint_path

_QUANTILES = {"median": 0.5, "95 %": 0.95, "99 %": 0.99}


def open_token_counter(model: str) -> Callable[[str], int]:
    """Return what counts the tokens of a text.

    Args:
        model: The folder of a checkpoint, ``tiny``, or the id of one on the hub, of which the tokenizer is
            fetched.

    Raises:
        ModelLoadError: If there is no tokenizer.
    """
    from tokenizers import Tokenizer

    folder = checkpoint_path() if model == "tiny" else Path(model)
    try:
        if folder.is_dir():
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        else:
            tokenizer = Tokenizer.from_pretrained(model)
    # The library raises bare exceptions.
    except Exception as error:
        raise ModelLoadError(
            f"{model} has no tokenizer that can be read ({error}). Name a folder with a tokenizer.json, a "
            "hub id, or 'tiny'; or count characters."
        ) from error
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


class LengthCheck(Check):
    """Measures questions and answers together; finds those that are too long."""

    def __init__(self, measure: Callable[[str], int] = len, *, unit: str, longest: int | None = None) -> None:
        """Take how to measure.

        Args:
            measure: Returns the length of a text.
            unit: What it counts, in the plural.
            longest: The greatest length that is no problem; None for any.
        """
        self._measure = measure
        self._unit = unit
        self._longest = longest
        self._lengths = array("Q")

    def look(self, viewed: Viewed) -> Iterator[Finding]:
        """Return whether an example is too long."""
        length = sum(self._measure(turn.plain_text) for turn in viewed.example.turns)
        self._lengths.append(length)
        if self._longest is not None and length > self._longest:
            yield Finding(
                "conversations",
                "too long",
                f"{length:,} {self._unit}",
                expected=f"at most {self._longest:,}",
                fix="Shorten the answer, or leave the line out.",
            )

    def sum_up(self) -> Mapping[str, Any]:
        """Return the shortest, the usual and the longest length."""
        lengths = sorted(self._lengths)
        if not lengths:
            return {"lengths": {"unit": self._unit}}
        usual = {name: lengths[int(share * (len(lengths) - 1))] for name, share in _QUANTILES.items()}
        return {"lengths": {"unit": self._unit, "least": lengths[0], **usual, "most": lengths[-1]}}
