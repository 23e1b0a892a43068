"""Two bins at a time are what one at a time is, and the quick ELU is torch's."""

import pytest
import torch
from torch.nn import functional

from benchmarks.layers import paired


def features_of(*shape):
    features = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    return features.contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("outputs", [1, 8, 9], ids="{} outputs".format)
@pytest.mark.parametrize("bins", [16, 17], ids="{} bins".format)
@pytest.mark.parametrize("kernel", [1, 3, 7], ids="kernel {}".format)
def test_two_bins_at_a_time_are_one_at_a_time(kernel, bins, outputs):
    """Whether the number of bins is even or odd, and the spare bin holds anything."""
    wide = features_of(1, 5, 9, bins + kernel)
    weight, bias = features_of(outputs, 5, kernel, kernel), torch.arange(float(outputs))

    convolved = paired.convolve(wide, weight, bias)[..., :bins]

    expected = functional.conv2d(wide[..., :-1], weight, bias)
    # Another order of sums of numbers of about ten.
    torch.testing.assert_close(convolved, expected, rtol=0, atol=1e-5)


def test_the_answer_lies_channels_last():
    """What follows has nothing to rearrange."""
    convolved = paired.convolve(features_of(1, 5, 9, 19), features_of(8, 5, 3, 3), None)

    assert convolved.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.bfloat16], ids=str)
def test_the_elu_is_torch_s(kind):
    """From far below zero to far above, in place or elsewhere."""
    features = torch.linspace(-200.0, 200.0, 2**17).to(kind).reshape(1, 2, 64, 1024)
    expected, elsewhere = functional.elu(features), torch.empty(1, 4, 64, 1024, dtype=kind)

    paired.elu(features.clone(), out=elsewhere[:, 1:3])

    torch.testing.assert_close(elsewhere[:, 1:3], expected, rtol=0, atol=1e-7)
    torch.testing.assert_close(paired.elu(features), expected, rtol=0, atol=1e-7)
    torch.testing.assert_close(features, expected, rtol=0, atol=1e-7)
