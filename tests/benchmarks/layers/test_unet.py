"""The levels of the U-Net fit together at any size."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from benchmarks.layers.initialise import initialise
from benchmarks.layers.unet import DecoderLevel, EncoderLevel, Unet


def features_of(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def drawn(block):
    initialise(block.double(), seed=0, scheme="fan_in")
    return block


@pytest.mark.parametrize("size", [(16, 16), (9, 13), (5, 5)])
@pytest.mark.parametrize("carried", [0, 2])
def test_features_come_out_at_the_size_that_went_in(size, carried):
    """Whatever is odd on the way."""
    unet = drawn(Unet([2, 3, 4], inputs=3, carried=carried, num_tfc=2, attention=nn.Identity()))

    with torch.no_grad():
        features = unet(
            features_of(2, 3, *size), features_of(2, carried, *size) if carried else None
        )

    assert tuple(features.shape) == (2, 2, *size)


def test_a_level_halves_and_keeps_its_skip():
    """The block at full size, and half of it below."""
    with torch.no_grad():
        below, skip = drawn(EncoderLevel(2, 3, 4, num_tfc=1))(features_of(1, 2, 7, 6))

    assert (tuple(below.shape), tuple(skip.shape)) == ((1, 4, 4, 3), (1, 3, 7, 6))


def test_projecting_before_repeating_is_the_same():
    """1 x 1 and ELU know no neighbours."""
    level, features = drawn(DecoderLevel(4, 3, num_tfc=1)), features_of(1, 4, 3, 4)
    skip = features_of(1, 3, 6, 7)

    with torch.no_grad():
        repeated = functional.interpolate(features, scale_factor=2.0, mode="nearest")
        doubled = (level.project(repeated) + level.up(features))[..., :6, :7]
        expected = level.block(torch.cat((doubled, skip), dim=1))

        torch.testing.assert_close(level(features, skip), expected)
