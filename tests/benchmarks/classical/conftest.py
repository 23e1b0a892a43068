"""Cases and the integral that the closed forms of the gain rules are compared with."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from scipy.integrate import quad
from scipy.special import i0e

CASES = [(0.01, 0.1), (0.01, 5.0), (0.3, 1.0), (1.0, 1.0), (5.0, 0.2), (20.0, 30.0), (300.0, 200.0)]


@pytest.fixture(params=CASES, ids=str)
def snrs(request: pytest.FixtureRequest) -> tuple[float, float]:
    """An a priori and an a posteriori SNR."""
    prior, posterior = request.param
    return prior, posterior


@pytest.fixture
def posterior_mean(snrs: tuple[float, float]) -> Callable[[Callable[[float], float]], float]:
    """Return a function that integrates over the clean amplitude given the noisy one.

    The noise has unit power. The clean spectrum given the noisy one is Gaussian around the Wiener
    estimate with variance ξ / (1 + ξ), so the amplitude is Rician.
    """
    prior, posterior = snrs
    variance = prior / (1 + prior)
    centre = variance * math.sqrt(posterior)

    def density(amplitude: float) -> float:
        spread = math.exp(-((amplitude - centre) ** 2) / variance)
        return float(2 * amplitude / variance * spread * i0e(2 * amplitude * centre / variance))

    low = max(0.0, centre - 9 * math.sqrt(variance))
    high = centre + 9 * math.sqrt(variance)

    def mean(function: Callable[[float], float]) -> float:
        return float(quad(lambda amplitude: function(amplitude) * density(amplitude), low, high)[0])

    return mean
