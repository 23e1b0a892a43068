"""The bias of a minimum and the smoothing are what can be derived by hand."""

import numpy as np
import pytest

from benchmarks.classical.trackers.minimum_statistics import (
    _bias,
    _slope,
    _Smoothed,
    _smoothed,
    minimum_statistics,
)
from mn_dataset.seeds import generator


@pytest.mark.parametrize("length", [1, 2, 15, 96])
def test_the_least_of_independent_powers_is_its_share_of_their_mean(length):
    """Exponential powers have two degrees of freedom, and the least of D has 1 / D of the mean."""
    assert _bias(np.array([0.5]), length) == pytest.approx(length)


def test_a_power_that_is_smoothed_for_ever_has_no_bias():
    """Nothing fluctuates, so that the minimum is the mean."""
    assert _bias(np.array([1e-9]), 96) == pytest.approx(1.0, abs=1e-6)


def test_between_the_lengths_of_the_table_the_mean_minimum_follows_the_root():
    """M(50) from M(40) = 0.8 and M(60) = 0.841, solved from eq. 17 for 8 degrees of freedom."""
    excess = (_bias(np.array([1 / 8]), 50)[0] - 1) / (2 * 49)
    mean = (1 - 8 * excess) / (1 - 2 * excess)

    share = (40**-0.5 - 50**-0.5) / (40**-0.5 - 60**-0.5)
    assert mean == pytest.approx(0.8 + share * 0.041, rel=1e-9)


@pytest.mark.parametrize(("hop_s", "weight"), [(0.016, 0.7), (0.008, 0.7**0.5)])
def test_a_jump_shortens_the_smoothing_by_as_much_time_at_any_hop(hop_s, weight):
    """Eq. 10 with 0.7 for a hop of 16 ms, both as the weight and as the least."""
    one = np.ones(4)
    past = _Smoothed(one, one, one, np.ones(1), one)

    state = _smoothed(past, 1e6 * one, one, frames_per_s=1 / hop_s, number=1)

    expected = weight + (1 - weight) * weight
    np.testing.assert_allclose(state.correction, expected, atol=1e-3)


def test_the_estimate_stays_while_a_sub_window_ends():
    """The minimum is looked up then, and counts from the second frame of the next."""
    power = generator(0, "test minimum statistics", "power").normals(400 * 50) ** 2
    frames_per_s = 62.5  # sub-windows of 12 frames

    noise = minimum_statistics(power.reshape(400, 50), frames_per_s=frames_per_s)

    changed = (np.diff(noise, axis=0) != 0).any(axis=1)
    ends = np.arange(12, 399, 12)
    assert not changed[ends - 1].any()
    assert not changed[ends].any()
    assert changed[ends + 1].all()


def test_steady_noise_may_rise_faster():
    """Martin's table II: 47 dB a second below 0.03 inverse degrees of freedom, 4.1 above 0.06."""
    rises_db = 10 * np.log10(_slope(np.array([0.01, 0.04, 0.055, 0.4]), 0.2))

    np.testing.assert_allclose(rises_db, [0.2 * rise for rise in (47.0, 31.4, 15.7, 4.1)])
