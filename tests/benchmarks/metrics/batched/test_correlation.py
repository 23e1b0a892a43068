from __future__ import annotations

import numpy as np
import pytest

from benchmarks.metrics.correlation import LAGS, analyse
from benchmarks.metrics.correlation import correlate as correlate_one
from mn_dataset.seeds import generator

torch = pytest.importorskip("torch", reason="torch is not installed (the extra `torch`)")
from benchmarks.metrics.batched.correlation import AT_ONCE, WINDOW, correlate  # noqa: E402


def _signals(name: str, channels: int, length: int) -> np.ndarray:
    return generator(0, "test batched", name).normals(2 * channels * length).reshape(2, -1, length)


@pytest.mark.parametrize("length", [1, 300, 513, 7681, 7682, 8192, 20_000])
def test_the_lags_are_those_of_the_sums_written_out(length, device):
    """Of every left with every right of the same item; blocks and windows leave no trace."""
    left, right = _signals("left", 2, length), _signals("right", 3, length) + 0.5

    lags = correlate(torch.from_numpy(left).to(device), torch.from_numpy(right).to(device)).cpu()

    assert lags.shape == (2, 2, 3, LAGS)
    for lag in {0, 1, min(LAGS, length) - 1}:
        ahead = right[:, np.newaxis, :, lag:]
        expected = (left[:, :, np.newaxis, : length - lag] * ahead).sum(-1)
        # sums of `length` products of order one, each rounded at 1e-16
        assert np.abs(lags[..., lag].numpy() - expected).max() < 1e-13 * max(length, 100)


def test_what_is_transformed_in_steps_is_that_of_one_signal_at_a_time(device):
    """Longer than one step of windows."""
    length = AT_ONCE * WINDOW + 1000
    left, right = _signals("long left", 1, length), _signals("long right", 1, length)

    lags = correlate(torch.from_numpy(left).to(device), torch.from_numpy(right).to(device)).cpu()

    for item in range(2):
        expected = correlate_one(analyse(left[item, 0]), right[item, 0])
        assert np.abs(lags[item, 0, 0].numpy() - expected).max() < 1e-13 * length
