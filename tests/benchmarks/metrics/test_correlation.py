from __future__ import annotations

import numpy as np
import pytest

from benchmarks.metrics.correlation import LAGS, analyse, correlate
from mn_dataset.seeds import generator


def _direct(left, right):
    return np.array([left[: len(left) - k] @ right[k:] for k in range(min(LAGS, len(left)))])


@pytest.mark.parametrize(
    "length", [1, 300, 513, 8191, 8192, 8193, 8192 + 100, 3 * 8192 + 511, 70_000]
)
def test_the_lags_are_those_of_the_sums_written_out(length):
    """Windows, steps, edges and the padded rest leave no trace at any length."""
    left = generator(0, "test", f"left {length}").normals(length)
    right = generator(0, "test", f"right {length}").normals(length) + 0.5
    expected, own = _direct(left, right), _direct(left, left)

    analysed = analyse(left)

    # sums of `length` products of order one, each rounded at 1e-16
    tolerance = 1e-13 * max(length, 100)
    assert np.abs(correlate(analysed, right)[: len(expected)] - expected).max() < tolerance
    assert np.abs(analysed.autocorrelation[: len(own)] - own).max() < tolerance


def test_lags_beyond_a_short_signal_are_zero():
    """Nothing wraps around."""
    lags = correlate(analyse(np.ones(5)), np.ones(5))

    assert lags.shape == (LAGS,)
    assert np.abs(lags[5:]).max() < 1e-12  # rounding of transforms of 25
