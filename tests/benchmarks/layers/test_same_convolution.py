"""Even kernels pad as Keras over TensorFlow does, and a transpose undoes where a sample went."""

import pytest
import torch

from benchmarks.layers.same_convolution import SameConv, SameUp


def impulse(rows, time, row, sample):
    image = torch.zeros(1, 1, rows, time)
    image[..., row, sample] = 1
    return image


def numbered(layer):
    """Return the layer with the weights 1, 2, 3, … and no bias."""
    with torch.no_grad():
        count = layer.weight.numel()
        layer.weight.copy_(torch.arange(1.0, count + 1).reshape(layer.weight.shape))
    return layer


def test_of_two_taps_one_stays_in_place_and_one_looks_ahead():
    """An impulse is seen in its place by the first tap, and before it by the second."""
    layer = numbered(SameConv(1, 1, kernel=2))

    answer = layer(impulse(3, 3, 1, 1))[0, 0]

    assert answer.tolist() == [[4, 3, 0], [2, 1, 0], [0, 0, 0]]


def test_of_four_taps_one_looks_back_and_two_ahead():
    layer = numbered(SameConv(1, 1, kernel=4))

    answer = layer(impulse(7, 7, 3, 3))[0, 0]

    rows, times = answer.nonzero(as_tuple=True)
    assert sorted(set(rows.tolist())) == sorted(set(times.tolist())) == [1, 2, 3, 4]


@pytest.mark.parametrize("dilation", [1, 2, 4, 16])
def test_dilation_along_time_leaves_the_rows_alone(dilation):
    layer = numbered(SameConv(1, 1, kernel=4, dilation=(1, dilation)))

    answer = layer(impulse(4, 97, 1, 48))[0, 0]

    before = 3 * dilation // 2
    seen = sorted(set(answer.nonzero(as_tuple=True)[1].tolist()))
    assert seen == [48 + before - 3 * dilation + tap * dilation for tap in range(4)]
    assert answer[1].any()


@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (4, 1), (4, 2)])
def test_what_rises_is_the_transpose_of_what_falls(kernel, stride):
    """By the definition: the products of both with anything are the same."""
    rows, time = 3, 5
    up = SameUp(1, 1, kernel=kernel, stride=stride)
    torch.nn.init.normal_(up.weight, generator=torch.Generator().manual_seed(0))
    low = torch.randn(1, 1, rows, time, generator=torch.Generator().manual_seed(1))
    high = torch.randn(1, 1, rows, stride * time, generator=torch.Generator().manual_seed(2))
    before_rows, before = (kernel - 1) // 2, (kernel - stride) // 2
    padded = torch.nn.functional.pad(
        high, (before, kernel - stride - before, before_rows, kernel - 1 - before_rows)
    )
    down = torch.nn.functional.conv2d(padded, up.weight, stride=(1, stride))

    torch.testing.assert_close((up(low) * high).sum(), (low * down).sum())
