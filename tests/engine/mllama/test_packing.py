"""Packed layers compute what they did before."""

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from langchain_llava_o1.engine.mllama import packing
from langchain_llava_o1.engine.mllama.packing import PackedLinear, can_pack, pack_linear_layers


class Network(nn.Module):
    """As much of a network as packing looks at."""

    device = torch.device("cpu")

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        self.layers = nn.Sequential(
            nn.Linear(512, 520, dtype=dtype), nn.GELU(), nn.Linear(520, 512, bias=False, dtype=dtype)
        )
        self.small = nn.Linear(512, 4, dtype=dtype)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.small(self.layers(states))
        return result


@pytest.fixture(scope="module", params=[torch.float32, torch.bfloat16], ids=str)
def networks(request: pytest.FixtureRequest) -> tuple[Network, Network]:
    torch.manual_seed(0)
    network = Network(request.param).requires_grad_(False)
    packed = copy.deepcopy(network)
    pack_linear_layers(packed)  # type: ignore[arg-type]
    return network, packed


@given(st.integers(1, 200))
def test_the_results_are_the_same_for_any_number_of_rows(
    networks: tuple[Network, Network], num_rows: int
) -> None:
    network, packed = networks
    states = torch.randn(num_rows, 512, generator=torch.Generator().manual_seed(num_rows)).to(network.dtype)
    tolerance = 1e-5 if network.dtype is torch.float32 else 2e-2
    with torch.inference_mode():
        torch.testing.assert_close(packed(states), network(states), atol=tolerance, rtol=tolerance)
        batched = packed(states[None].expand(2, -1, -1))
    assert batched.shape == (2, num_rows, 4)


def test_large_layers_are_packed_where_the_processor_can_and_small_ones_are_not(
    networks: tuple[Network, Network],
) -> None:
    _, packed = networks
    # Processors without AVX-512 have no layout for bfloat16.
    large = PackedLinear if can_pack(packed.dtype) else nn.Linear

    assert [type(layer) for layer in packed.layers] == [large, nn.GELU, large]
    assert type(packed.small) is nn.Linear


def test_without_the_library_all_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing.torch.backends.mkldnn, "is_available", lambda: False)
    network = Network(torch.float32)
    pack_linear_layers(network)  # type: ignore[arg-type]

    assert type(network.layers[0]) is nn.Linear
