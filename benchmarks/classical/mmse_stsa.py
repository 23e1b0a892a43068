"""Estimate the magnitude of the clean spectrum with the least mean square error.

Ephraim and Malah, "Speech enhancement using a minimum mean-square error short-time spectral
amplitude estimator", IEEE Transactions on Acoustics, Speech, and Signal Processing 32(6), 1984.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import i0e, i1e

from benchmarks.classical.decision_directed import DecisionDirected, Snr
from benchmarks.contract import DenoiserSpec
from benchmarks.signal.stft import Gain


@dataclass(frozen=True)
class MmseStsa(DecisionDirected):
    """The short-time spectral amplitude estimator of Ephraim and Malah."""

    spec = DenoiserSpec(
        name="mmse_stsa",
        citation="Ephraim and Malah, IEEE TASSP 32(6) 1984, doi:10.1109/TASSP.1984.1164453",
    )

    def rule(self, prior: Snr, posterior: Snr) -> Gain:
        """Return ``stsa_gain``."""
        return stsa_gain(prior, posterior)


def stsa_gain(prior: Snr, posterior: Snr) -> Gain:
    """Return the gain of eq. 7, with ``ν = ξ γ / (1 + ξ)`` (eq. 8).

    ``G = (√π / 2) (√ν / γ) [(1 + ν) I₀(ν/2) + ν I₁(ν/2)] exp(-ν/2)``. The scaled Bessel
    functions carry the exponential: the plain ones overflow float32 beyond ν = 180.

    >>> round(float(stsa_gain(np.float32([1e6]), np.float32([1e6]))[0]), 5)
    1.0
    """
    nu = prior / (1 + prior) * posterior
    half = nu / 2
    bessel = (1 + nu) * i0e(half) + nu * i1e(half)
    gain: Gain = math.sqrt(math.pi) / 2 * np.sqrt(nu) / posterior * bessel
    return gain
