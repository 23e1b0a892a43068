"""Estimate the magnitude of the clean spectrum with the least mean square error.

Ephraim and Malah, "Speech enhancement using a minimum mean-square error short-time spectral
amplitude estimator", IEEE Transactions on Acoustics, Speech, and Signal Processing 32(6), 1984.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import i0e, i1e

from benchmarks.classical.decision_directed import Snr, decision_directed
from benchmarks.classical.quantile import quantile_noise
from benchmarks.contract import Batch, DenoiserSpec
from benchmarks.signal.masks import Gain, Power, masked


@dataclass(frozen=True)
class MmseStsa:
    """The short-time spectral amplitude estimator of Ephraim and Malah.

    Departures from the paper: the noise is the clip's low quantile instead of a pause before
    the speech; the probability that the signal is absent is left out.

    Attributes:
        smoothing: Weight of the past in the a priori SNR; 0.98 in the paper.
        prior_floor_db: Lowest a priori SNR, which bounds the attenuation of noise.
        quantile: Of the mixture's power over time, taken as noise.
    """

    smoothing: float = 0.98
    prior_floor_db: float = -25.0
    quantile: float = 0.1

    spec = DenoiserSpec(
        name="mmse_stsa",
        citation="Ephraim and Malah, IEEE TASSP 32(6) 1984, doi:10.1109/TASSP.1984.1164453",
    )

    def __call__(
        self, batch: Batch, sampling_rate: int, *, side: Mapping[str, Batch] | None = None
    ) -> Batch:
        """Return the denoised batch, shape (batch, channels, time)."""
        del side
        return masked(batch, sampling_rate, self.gain)

    def gain(self, power: Power) -> Gain:
        """Return the gain per frame and frequency."""
        return decision_directed(
            power,
            quantile_noise(power, quantile=self.quantile),
            stsa_gain,
            smoothing=self.smoothing,
            prior_floor_db=self.prior_floor_db,
        )


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
