"""Convolutions keep the borders mirrored and the sizes that the reference has."""

import numpy as np
import pytest
import torch
from scipy.signal import correlate2d
from torch.nn import functional

from benchmarks.layers.convolution import Conv, Up
from benchmarks.layers.initialise import initialise


def features_of(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def drawn(layer):
    initialise(layer.double(), seed=0, scheme="fan_in")
    return layer


@pytest.mark.parametrize("kernel", [1, 3, 7])
def test_a_convolution_is_that_of_the_mirrored_features(kernel):
    """As numpy pads and scipy correlates, channel by channel."""
    conv, features = drawn(Conv(2, 3, kernel=kernel, elu=False)), features_of(1, 2, 9, 11)

    with torch.no_grad():
        convolved = conv(features)[0].numpy()

    margin = kernel // 2
    padded = np.pad(features[0].numpy(), [(0, 0), (margin,) * 2, (margin,) * 2], mode="symmetric")
    weight = conv.weight.detach().numpy()
    for number, expected in enumerate(weight):
        by_input = [correlate2d(padded[i], expected[i], mode="valid") for i in range(2)]
        np.testing.assert_allclose(convolved[number], sum(by_input), atol=1e-12)


@pytest.mark.parametrize(("lines", "halved"), [(8, 4), (9, 5), (2, 1)])
def test_a_step_of_two_halves_both_axes_rounded_up(lines, halved):
    """Odd sizes, too."""
    with torch.no_grad():
        shape = drawn(Conv(1, 1, kernel=4, stride=2))(features_of(1, 1, lines, lines)).shape

    assert tuple(shape) == (1, 1, halved, halved)


def test_a_transposed_convolution_doubles_both_axes():
    """The 2 n + 2 lines of the whole are cut by one at each side."""
    up, features = drawn(Up(2, 3)), features_of(1, 2, 5, 6)

    with torch.no_grad():
        doubled = up(features)
        whole = functional.conv_transpose2d(features, up.weight, up.bias, stride=2)

    assert tuple(whole.shape) == (1, 3, 12, 14)
    torch.testing.assert_close(doubled, functional.elu(whole[..., 1:-1, 1:-1]))
