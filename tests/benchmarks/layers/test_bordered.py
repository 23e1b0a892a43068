"""Features with their borders around them are what padding makes of them."""

import pytest
import torch
from torch.nn import functional

from benchmarks.layers import padding
from benchmarks.layers.bordered import Bordered, convolved
from benchmarks.layers.convolution import Conv
from benchmarks.layers.initialise import initialise
from benchmarks.layers.tiling import Strip

FRAMES, BINS = 12, 9


def features_of(channels):
    generator = torch.Generator().manual_seed(channels)
    features = torch.randn(1, channels, FRAMES, BINS, generator=generator, dtype=torch.float64)
    return features.contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(("first", "past"), [(0, FRAMES), (0, 5), (3, 7), (8, FRAMES)])
def test_an_elu_is_mirrored_at_the_ends_of_the_whole_only(first, past):
    """And at both ends of the bins."""
    whole = features_of(3)

    bordered = Bordered.activated(whole[:, :, first:past].clone(), first, FRAMES)

    frames = int(first == 0), int(past == FRAMES)
    part = functional.elu(whole[:, :, first:past])
    expected = padding.symmetric(part, frames=frames, bins=(1, 1))
    torch.testing.assert_close(bordered.features[..., :-1], expected)
    assert bordered.first == first - frames[0]


@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize(("begin", "end"), [(0, FRAMES), (0, 4), (4, 7), (7, FRAMES)])
def test_joined_features_are_convolved_without_joining_them(begin, end, kernel):
    """The sum over each is the convolution of all."""
    features = [features_of(2), features_of(3)]
    conv = Conv(5, 4, kernel=kernel, elu=False).double()
    initialise(conv, seed=0, scheme="fan_in")
    given = [Bordered.of(Strip(each, 0, FRAMES), begin - 1, end + 1) for each in features]

    with torch.inference_mode():
        part = convolved(conv, given, begin, end)
        expected = conv(torch.cat(features, dim=1))[:, :, begin:end]

    torch.testing.assert_close(part, expected, rtol=0, atol=1e-13)
