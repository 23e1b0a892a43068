"""The closed forms agree with the integrals that define them."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import i0e

from benchmarks.classical.mmse_lsa import lsa_gain
from benchmarks.classical.mmse_stsa import stsa_gain
from benchmarks.classical.wiener import wiener_gain

CASES = [(0.01, 0.1), (0.01, 5.0), (0.3, 1.0), (1.0, 1.0), (5.0, 0.2), (20.0, 30.0), (300.0, 200.0)]


def posterior_mean(function, prior, posterior):
    """Integrate over the clean amplitude given the noisy one, of unit noise power.

    The clean spectrum given the noisy one is Gaussian around the Wiener estimate with variance
    ξ / (1 + ξ), so the amplitude is Rician.
    """
    variance = prior / (1 + prior)
    centre = variance * math.sqrt(posterior)

    def density(amplitude):
        spread = math.exp(-((amplitude - centre) ** 2) / variance)
        return 2 * amplitude / variance * spread * i0e(2 * amplitude * centre / variance)

    low = max(0.0, centre - 9 * math.sqrt(variance))
    high = centre + 9 * math.sqrt(variance)
    return quad(lambda amplitude: function(amplitude) * density(amplitude), low, high)[0]


@pytest.mark.parametrize(("prior", "posterior"), CASES)
def test_stsa_is_the_posterior_mean_of_the_amplitude(prior, posterior):
    """Eq. 7 of Ephraim and Malah 1984 is E[A | R] / R."""
    expected = posterior_mean(lambda amplitude: amplitude, prior, posterior) / math.sqrt(posterior)

    gain = stsa_gain(np.float32([prior]), np.float32([posterior]))[0]

    assert gain == pytest.approx(expected, rel=1e-5)  # float32 and the quadrature


@pytest.mark.parametrize(("prior", "posterior"), CASES)
def test_lsa_is_the_exponential_of_the_posterior_mean_of_the_logarithm(prior, posterior):
    """Eq. 20 of Ephraim and Malah 1985 is exp(E[ln A | R]) / R."""
    log_mean = posterior_mean(
        lambda amplitude: math.log(amplitude) if amplitude > 0 else 0.0, prior, posterior
    )
    expected = math.exp(log_mean) / math.sqrt(posterior)

    gain = lsa_gain(np.float32([prior]), np.float32([posterior]))[0]

    assert gain == pytest.approx(expected, rel=1e-5)  # float32 and the quadrature


def test_the_rules_are_ordered_and_meet_at_high_snr():
    """Wiener ≤ log-spectral ≤ spectral amplitude (Jensen); all are 1 at 60 dB."""
    prior = np.logspace(-3, 6, 40, dtype=np.float32)[:, np.newaxis]
    posterior = np.logspace(-3, 6, 40, dtype=np.float32)[np.newaxis]

    wiener, lsa, stsa = (rule(prior, posterior) for rule in (wiener_gain, lsa_gain, stsa_gain))

    slack = 1 + 1e-5  # float32
    assert (wiener <= lsa * slack).all()
    assert (lsa <= stsa * slack).all()
    np.testing.assert_allclose([lsa[-1, -1], stsa[-1, -1]], 1.0, atol=1e-5)
