"""Seeds: one number from which every random choice of a search follows."""

import hashlib
import secrets

NUM_SEEDS = 2**31
"""Seeds lie in ``[0, NUM_SEEDS)``, the range that every inference server accepts."""


def draw_seed() -> int:
    """Draw a fresh seed, for a search that was given none."""
    return secrets.randbelow(NUM_SEEDS)


def derive_seed(seed: int, *purpose: str | int) -> int:
    """Return the seed that belongs to ``purpose``, the same in every process and Python version."""
    path = "/".join(map(str, (seed, *purpose)))
    digest = hashlib.blake2b(path.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % NUM_SEEDS


def candidate_seed(stage_seed: int, index: int) -> int:
    """Return the sampling seed of one candidate; the candidates of a stage never share one."""
    return (derive_seed(stage_seed, "candidates") + index) % NUM_SEEDS
