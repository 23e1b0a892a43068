"""Estimate the logarithm of the clean magnitude with the least mean square error.

Ephraim and Malah, "Speech enhancement using a minimum mean-square error log-spectral amplitude
estimator", IEEE Transactions on Acoustics, Speech, and Signal Processing 33(2), 1985.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import exp1

from benchmarks.classical.decision_directed import DecisionDirected, Snr
from benchmarks.contract import DenoiserSpec
from benchmarks.signal.stft import Gain


@dataclass(frozen=True)
class MmseLsa(DecisionDirected):
    """The log-spectral amplitude estimator of Ephraim and Malah."""

    spec = DenoiserSpec(
        name="mmse_lsa",
        citation="Ephraim and Malah, IEEE TASSP 33(2) 1985, doi:10.1109/TASSP.1985.1164550",
    )

    def rule(self, prior: Snr, posterior: Snr) -> Gain:
        """Return ``lsa_gain``."""
        return lsa_gain(prior, posterior)


def lsa_gain(prior: Snr, posterior: Snr) -> Gain:
    """Return ``ξ / (1 + ξ) exp(E₁(ν) / 2)`` with ``ν = ξ γ / (1 + ξ)`` (eq. 20).

    >>> round(float(lsa_gain(np.float32([1e6]), np.float32([1e6]))[0]), 5)
    1.0
    """
    wiener = prior / (1 + prior)
    gain: Gain = wiener * np.exp(exp1(wiener * posterior) / 2)
    return gain
