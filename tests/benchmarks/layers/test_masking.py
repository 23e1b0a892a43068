"""Masks share a mixture out, whatever the network says; context is what stands around a frame."""

import pytest

torch = pytest.importorskip("torch")
from benchmarks.layers.masking import by_target, in_context, masked  # noqa: E402 - torch


def test_a_frame_stands_between_its_neighbours_and_silence_beyond_the_ends():
    magnitude = torch.arange(1.0, 7.0).reshape(1, 3, 2)

    context = in_context(magnitude, 3)

    assert context[0].tolist() == [
        [[0, 0], [1, 2], [3, 4]],
        [[1, 2], [3, 4], [5, 6]],
        [[3, 4], [5, 6], [0, 0]],
    ]
    assert torch.equal(in_context(magnitude, 1)[:, :, 0], magnitude)


def test_the_bins_of_a_target_lie_side_by_side():
    values = torch.arange(6.0).reshape(1, 1, 6)

    assert by_target(values)[0, :, 0].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_the_masks_share_the_mixture_out():
    """By the absolute values of the outputs; their sum is the mixture."""
    generator = torch.Generator().manual_seed(0)
    outputs = torch.randn(2, 2, 7, 5, generator=generator)
    mixture = torch.rand(2, 7, 5, generator=generator)

    estimates = masked(outputs, mixture)

    assert (estimates >= 0).all()
    torch.testing.assert_close(estimates.sum(dim=1), mixture, rtol=1e-6, atol=1e-6)
    ratio = outputs[:, 0].abs() / outputs.abs().sum(dim=1)
    torch.testing.assert_close(estimates[:, 0], ratio * mixture)


def test_where_the_network_is_silent_each_target_takes_half():
    """And the gradient is finite there."""
    outputs = torch.zeros(1, 2, 1, 3, requires_grad=True)

    estimates = masked(outputs, torch.tensor([[[0.0, 1.0, 3.0]]]))
    estimates[:, 0].sum().backward()

    assert estimates[0, :, 0].tolist() == [[0, 0.5, 1.5], [0, 0.5, 1.5]]
    assert outputs.grad.isfinite().all()


def test_outputs_in_half_precision_still_sum_to_the_mixture():
    outputs = torch.randn(1, 2, 4, 9, generator=torch.Generator().manual_seed(1)).bfloat16()
    mixture = torch.rand(1, 4, 9, generator=torch.Generator().manual_seed(2))

    estimates = masked(outputs, mixture)

    assert estimates.dtype == torch.float32
    torch.testing.assert_close(estimates.sum(dim=1), mixture)
