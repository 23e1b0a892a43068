"""The closed form agrees with the integral that defines it."""

import math

import numpy as np
import pytest

from benchmarks.classical.mmse_stsa import stsa_gain


def test_the_gain_is_the_posterior_mean_of_the_amplitude(snrs, posterior_mean):
    """Eq. 7 of Ephraim and Malah 1984 is E[A | R] / R."""
    prior, posterior = snrs
    expected = posterior_mean(lambda amplitude: amplitude) / math.sqrt(posterior)

    gain = stsa_gain(np.float32([prior]), np.float32([posterior]))[0]

    assert gain == pytest.approx(expected, rel=1e-5)  # float32 and the quadrature
