"""The closed form agrees with the integral that defines it."""

import math

import numpy as np
import pytest

from benchmarks.classical.mmse_lsa import lsa_gain


def test_the_gain_is_the_exponential_of_the_posterior_mean_of_the_logarithm(snrs, posterior_mean):
    """Eq. 20 of Ephraim and Malah 1985 is exp(E[ln A | R]) / R."""
    prior, posterior = snrs
    log_mean = posterior_mean(lambda amplitude: math.log(amplitude) if amplitude > 0 else 0.0)
    expected = math.exp(log_mean) / math.sqrt(posterior)

    gain = lsa_gain(np.float32([prior]), np.float32([posterior]))[0]

    assert gain == pytest.approx(expected, rel=1e-5)  # float32 and the quadrature
