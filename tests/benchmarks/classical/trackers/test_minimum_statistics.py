"""The bias of a minimum and the smoothing are what can be derived by hand."""

import numpy as np
import pytest

from benchmarks.classical.trackers.minimum_statistics import _bias, _slope


@pytest.mark.parametrize("length", [1, 2, 15, 96])
def test_the_least_of_independent_powers_is_its_share_of_their_mean(length):
    """Exponential powers have two degrees of freedom, and the least of D has 1 / D of the mean."""
    assert _bias(np.array([0.5]), length) == pytest.approx(length)


def test_a_power_that_is_smoothed_for_ever_has_no_bias():
    """Nothing fluctuates, so that the minimum is the mean."""
    assert _bias(np.array([1e-9]), 96) == pytest.approx(1.0, abs=1e-6)


def test_steady_noise_may_rise_faster():
    """Martin's table II: 47 dB a second below 0.03 inverse degrees of freedom, 4.1 above 0.06."""
    rises_db = 10 * np.log10(_slope(np.array([0.01, 0.04, 0.055, 0.4]), 0.2))

    np.testing.assert_allclose(rises_db, [0.2 * rise for rise in (47.0, 31.4, 15.7, 4.1)])
