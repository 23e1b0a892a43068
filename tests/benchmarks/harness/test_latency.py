"""A known delay is taken out, to a fraction of a sample."""

import numpy as np
import pytest

from benchmarks.harness.latency import advanced


def pulse(delay):
    """A band-limited pulse in the middle of 4000 samples, later by a delay."""
    time = np.arange(4000) - 2000 - delay
    return (np.sinc(time / 4) * np.exp(-np.square(time / 200))).astype(np.float32)


@pytest.mark.parametrize("delay", [0, 0.25, 0.5, 1, 12.75, 441, 352.8])
def test_a_delayed_pulse_returns_to_its_place(delay):
    """Whole and fractional delays alike, to float32 accuracy of the transform."""
    np.testing.assert_allclose(advanced(pulse(delay), delay), pulse(0), atol=2e-6)


def test_the_end_is_filled_with_silence():
    """What would come after the last sample is not known."""
    np.testing.assert_array_equal(advanced(np.float32([[1, 2, 3]]), 2.0), [[3, 0, 0]])
    np.testing.assert_array_equal(advanced(np.float32([[1, 2, 3]]), 9.0), [[0, 0, 0]])


def test_a_fraction_does_not_wrap_around():
    """What is loud at the start stays away from the end."""
    burst = np.zeros(3000, np.float32)
    burst[0] = 1.0

    # The interpolator itself rings with 1 / (π t): 1e-4 after three thousand samples.
    assert np.abs(advanced(burst, 0.5)[-100:]).max() < 2e-4
