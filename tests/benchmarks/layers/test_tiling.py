"""Strips are another way through the same arithmetic."""

import pytest
import torch

from benchmarks.layers import tiling
from benchmarks.layers.convolution import Conv
from benchmarks.layers.initialise import initialise
from benchmarks.layers.tiling import Strip
from benchmarks.layers.unet import ResidualDense

FRAMES = 47


@pytest.fixture(params=[1, 3, 40, FRAMES], ids="{} strips".format)
def count(request, monkeypatch):
    """So many strips, from the whole to single frames, shorter than what a block looks around."""

    def divide(features, widest):
        size = features.numel() // features.shape[1] * widest * features.element_size()
        monkeypatch.setattr(tiling, "STRIP_BYTES", -(-size // request.param))

    return divide


def features_of(channels):
    generator = torch.Generator().manual_seed(1)
    features = torch.randn(2, channels, FRAMES, 9, generator=generator, dtype=torch.float64)
    return features.contiguous(memory_format=torch.channels_last)


def both_ways(block, features):
    initialise(block.double(), seed=0, scheme="fan_in")
    whole = block(features)  # gradients are wanted: at once
    with torch.inference_mode():
        return whole.detach(), block(features)


@pytest.mark.parametrize("num_tfc", [1, 2, 4])
def test_a_dense_block_in_strips_is_the_whole_block(num_tfc, count):
    """However many convolutions look over the border of a strip."""
    block, features = ResidualDense(3, 5, num_tfc=num_tfc), features_of(3)
    count(features, 3 + 5 * (num_tfc - 1))

    whole, stripped = both_ways(block, features)

    torch.testing.assert_close(stripped, whole, rtol=0, atol=1e-13)  # sums in another order


@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (3, 1), (7, 1), (4, 2)])
def test_a_convolution_in_strips_is_the_whole_convolution(kernel, stride, count):
    """Mirrored at the ends of the whole, and not at those of a strip."""
    block, features = Conv(3, 5, kernel=kernel, stride=stride), features_of(3)
    count(features, 3)

    whole, stripped = both_ways(block, features)

    assert whole.shape[2] == -(-FRAMES // stride)
    torch.testing.assert_close(stripped, whole, rtol=0, atol=1e-13)


def test_a_strip_mirrors_beyond_the_whole_only():
    """At its inner end it hands out what it holds."""
    strip = Strip(torch.arange(5.0)[None, None, :, None], first=0, whole=9)

    wide = strip.widened(-2, 4, bins=(0, 0))

    assert wide.flatten().tolist() == [1, 0, 0, 1, 2, 3]


def test_what_is_to_be_differentiated_is_computed_at_once(count):
    """One call, whatever the size."""
    features, calls = features_of(3), []
    count(features, 3)

    tiling.in_strips(
        lambda *ends: calls.append(ends) or features, features, frames=FRAMES, widest=3
    )

    assert calls == [(0, FRAMES)]
