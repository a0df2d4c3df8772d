from hypothesis import given
from hypothesis import strategies as st

from langchain_llava_o1.search.seeds import NUM_SEEDS, candidate_seed, derive_seed, draw_seed


@given(st.integers(0, NUM_SEEDS - 1))
def test_candidates_of_a_stage_never_share_a_seed(stage_seed: int) -> None:
    seeds = [candidate_seed(stage_seed, index) for index in range(64)]
    assert len(set(seeds)) == 64
    assert all(0 <= seed < NUM_SEEDS for seed in seeds)


def test_a_purpose_has_one_seed_everywhere() -> None:
    # A changed number would change every published result.
    assert derive_seed(1, "caption") == 1928445398
    assert derive_seed(1, "caption") != derive_seed(1, "reasoning")
    assert derive_seed(1, "caption") != derive_seed(2, "caption")
    assert derive_seed(1, "round", 12) != derive_seed(1, "round", 1, 2)


def test_fresh_seeds_differ() -> None:
    assert len({draw_seed() for _ in range(20)}) > 1
