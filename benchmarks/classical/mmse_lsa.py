"""Estimate the logarithm of the clean magnitude with the least mean square error.

Ephraim and Malah, "Speech enhancement using a minimum mean-square error log-spectral amplitude
estimator", IEEE Transactions on Acoustics, Speech, and Signal Processing 33(2), 1985.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import exp1

from benchmarks.classical.decision_directed import Snr, decision_directed
from benchmarks.classical.quantile import quantile_noise
from benchmarks.contract import Batch, DenoiserSpec
from benchmarks.signal.masks import Gain, Power, masked


@dataclass(frozen=True)
class MmseLsa:
    """The log-spectral amplitude estimator of Ephraim and Malah.

    Departure from the paper: the noise is the clip's low quantile instead of a pause before
    the speech.

    Attributes:
        smoothing: Weight of the past in the a priori SNR; 0.98 in the paper.
        prior_floor_db: Lowest a priori SNR, which bounds the attenuation of noise.
        quantile: Of the mixture's power over time, taken as noise.
    """

    smoothing: float = 0.98
    prior_floor_db: float = -25.0
    quantile: float = 0.1

    spec = DenoiserSpec(
        name="mmse_lsa",
        citation="Ephraim and Malah, IEEE TASSP 33(2) 1985, doi:10.1109/TASSP.1985.1164550",
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
            lsa_gain,
            smoothing=self.smoothing,
            prior_floor_db=self.prior_floor_db,
        )


def lsa_gain(prior: Snr, posterior: Snr) -> Gain:
    """Return ``ξ / (1 + ξ) exp(E₁(ν) / 2)`` with ``ν = ξ γ / (1 + ξ)`` (eq. 20).

    >>> round(float(lsa_gain(np.float32([1e6]), np.float32([1e6]))[0]), 5)
    1.0
    """
    wiener = prior / (1 + prior)
    gain: Gain = wiener * np.exp(exp1(wiener * posterior) / 2)
    return gain
