"""Whether a text is nearly an earlier one, in time and memory that grow with the number of examples alone.

MinHash (Broder, 1997): a text is a set of runs of five words; of each of 32 orders of all such runs the first
one is kept. Two texts agree in as large a part of those as their sets have in common. Only texts that agree
in one of eight groups of four are compared.
"""

import hashlib
import re
from array import array
from collections.abc import Iterator

import numpy
from numpy.typing import NDArray

from langchain_llava_o1.data.checks.check import Check, Finding, Viewed
from langchain_llava_o1.data.example import answer_field

_WORD = re.compile(r"\w+")
_WORDS_PER_RUN = 5
_NUM_ORDERS = 32
_NUM_BANDS = 8
_NUM_SLOTS = 2**20
_LEAST_AGREEMENT = 0.8
_FEWEST_RUNS = 8

Signature = NDArray[numpy.uint64]


class NearDuplicateCheck(Check):
    """Finds answers that are nearly an earlier answer; keeps 256 bytes of each, and 32 MiB in all besides."""

    def __init__(self) -> None:
        """Begin without any text."""
        orders = numpy.random.default_rng(0)
        # An odd factor and a shift of whole numbers of 64 bits put the runs into another order.
        self._factors = orders.integers(0, 2**63, _NUM_ORDERS, dtype=numpy.uint64) * 2 + 1
        self._shifts = orders.integers(0, 2**63, _NUM_ORDERS, dtype=numpy.uint64)
        self._signatures = array("Q")
        self._lines = array("Q")
        # By band and slot the number of the first text there, from 1; 0 where there is none.
        self._slots = numpy.zeros((_NUM_BANDS, _NUM_SLOTS), dtype=numpy.uint32)

    def look(self, viewed: Viewed) -> Iterator[Finding]:
        """Return which answers of an example are nearly earlier ones."""
        for number, words in enumerate(viewed.words):
            signature = self._sign(words)
            if signature is None:
                continue
            earlier = self._find(signature)
            self._keep(signature, viewed.example.location.line)
            if earlier is not None:
                yield Finding(
                    answer_field(number),
                    "near duplicate",
                    f"the answer is nearly the one of line {earlier}",
                    expected="an answer of its own",
                    fix="Keep one of them, unless the pictures make the difference.",
                )

    def _sign(self, text: str) -> Signature | None:
        """Return what stands for a text; None for one that is too short to compare."""
        words = _WORD.findall(text.casefold())
        runs = {
            " ".join(words[start : start + _WORDS_PER_RUN])
            for start in range(len(words) - _WORDS_PER_RUN + 1)
        }
        if len(runs) < _FEWEST_RUNS:
            return None
        digests = b"".join(hashlib.blake2b(run.encode(), digest_size=8).digest() for run in runs)
        hashes = numpy.frombuffer(digests, dtype=numpy.uint64)
        signature: Signature = (hashes[:, None] * self._factors + self._shifts).min(axis=0)
        return signature

    def _find(self, signature: Signature) -> int | None:
        """Return the line of a text that nearly has this signature."""
        for band, slot in enumerate(_slots_of(signature)):
            number = int(self._slots[band, slot])
            if number:
                start = (number - 1) * _NUM_ORDERS
                other = numpy.array(self._signatures[start : start + _NUM_ORDERS], dtype=numpy.uint64)
                if (other == signature).mean() >= _LEAST_AGREEMENT:
                    return self._lines[number - 1]
        return None

    def _keep(self, signature: Signature, line: int) -> None:
        self._signatures.frombytes(signature.tobytes())
        self._lines.append(line)
        for band, slot in enumerate(_slots_of(signature)):
            if not self._slots[band, slot]:
                self._slots[band, slot] = len(self._lines)


def _slots_of(signature: Signature) -> list[int]:
    """Return the slot of each band."""
    return [
        int.from_bytes(hashlib.blake2b(band.tobytes(), digest_size=8).digest()) % _NUM_SLOTS
        for band in numpy.split(signature, _NUM_BANDS)
    ]
