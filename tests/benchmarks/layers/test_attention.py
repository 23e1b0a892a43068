"""Attention looks at as many channels as the paper says."""

import math

import pytest
import torch

from benchmarks.layers.attention import ChannelAttention, eca_kernel


@pytest.mark.parametrize("channels", [*range(1, 300), 511, 512, 513, 1023, 1024, 4096])
def test_the_kernel_is_that_of_the_formula(channels):
    """t = int(|(log2 C + 1) / 2|), the next odd number where it is even."""
    half = int(abs((math.log2(channels) + 1) / 2))

    assert eca_kernel(channels) == (half if half % 2 else half + 1)


def test_no_weights_are_a_gate_of_one_half():
    """The neutral filling of converted networks."""
    features = torch.randn(1, 8, 3, 4, generator=torch.Generator().manual_seed(0))

    torch.testing.assert_close(ChannelAttention(8)(features), features / 2)
