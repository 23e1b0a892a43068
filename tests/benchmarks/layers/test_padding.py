"""Borders are mirrored with the edge included, on both axes."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.layers import padding


@given(
    st.tuples(st.integers(3, 9), st.integers(3, 9)),
    st.tuples(*[st.integers(0, 3)] * 2),
    st.tuples(*[st.integers(0, 3)] * 2),
)
def test_symmetric_padding_is_that_of_numpy(size, frames, bins):
    """numpy's "symmetric" means the same, for any margins that the size allows."""
    features = torch.arange(2.0 * size[0] * size[1]).reshape(1, 2, *size)

    padded = padding.symmetric(features, frames=frames, bins=bins)
    with torch.inference_mode():
        written = padding.symmetric(features, frames=frames, bins=bins, spare=1)

    expected = np.pad(features, ((0, 0), (0, 0), frames, bins), mode="symmetric")
    np.testing.assert_array_equal(padded, expected)
    np.testing.assert_array_equal(written[..., :-1], expected)
    assert torch.isfinite(written).all()


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 7])
def test_margins_keep_the_size(kernel):
    """A kernel's margins add up to one less than it is wide."""
    assert sum(padding.margins(kernel)) == kernel - 1


def test_short_features_are_extended_by_zeros():
    """And long ones are handed on as they are."""
    features = torch.ones(1, 2, 3, 5)

    extended = padding.at_least(features, frames=4, bins=4)

    assert extended.shape == (1, 2, 4, 5)
    assert extended.sum() == features.sum()
    assert padding.at_least(features, frames=3, bins=3) is features
    assert torch.equal(padding.cropped(extended, frames=3, bins=5), features)


def test_operations_are_counted_without_arithmetic():
    """`perf/forward.py` walks through a network of shapes alone."""
    features = torch.empty(1, 2, 8, 9, device="meta")

    padded = padding.symmetric(features, frames=(1, 1), bins=(1, 1))

    assert padded.shape == (1, 2, 10, 11)
