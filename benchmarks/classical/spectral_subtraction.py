"""Subtract more than the noise's power, and leave a floor that hides what remains.

Berouti, Schwartz and Makhoul, "Enhancement of speech corrupted by acoustic noise", ICASSP 1979.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.classical.quantile import quantile_noise
from benchmarks.contract import Batch, DenoiserSpec
from benchmarks.signal.masks import Gain, Power, masked

_SNR_RANGE_DB = (-5.0, 20.0)


@dataclass(frozen=True)
class SpectralSubtraction:
    """Power spectral subtraction with over-subtraction.

    Departures from the paper: the noise is the clip's low quantile instead of a pause before
    the speech; no gain exceeds 1, where the paper would raise a bin below the floor up to it.

    Attributes:
        over_subtraction: How many times the noise is subtracted at 0 dB (the paper's α₀).
        slope_per_db: How much less for every dB of SNR: 3/20, down to once at 20 dB.
        floor: The least that remains, as a part of the noise power (the paper's β). It is also
            the gain floor: ``sqrt(floor * noise / power)``.
        quantile: Of the mixture's power over time, taken as noise.
    """

    over_subtraction: float = 4.0
    slope_per_db: float = 3 / 20
    floor: float = 0.01
    quantile: float = 0.1

    spec = DenoiserSpec(
        name="spectral_subtraction",
        citation="Berouti, Schwartz and Makhoul, ICASSP 1979, doi:10.1109/ICASSP.1979.1170788",
    )

    def __call__(
        self, batch: Batch, sampling_rate: int, *, side: Mapping[str, Batch] | None = None
    ) -> Batch:
        """Return the denoised batch, shape (batch, channels, time)."""
        del side
        return masked(batch, sampling_rate, self.gain)

    def gain(self, power: Power) -> Gain:
        """Return ``sqrt(max(P - α N, β N) / P)``, the paper's rule as a gain."""
        noise = quantile_noise(power, quantile=self.quantile)
        factor = self.over_subtraction - self.slope_per_db * _frame_snr_db(power, noise)
        rest = np.maximum(power - factor * noise, self.floor * noise)
        share = np.divide(np.minimum(rest, power), power, out=np.zeros_like(power), where=power > 0)
        gain: Gain = np.sqrt(share)
        return gain


def _frame_snr_db(power: Power, noise: Power) -> Power:
    """Return the SNR of each frame in dB within the paper's range, shape (..., frames, 1)."""
    low, high = (10 ** (snr_db / 10) for snr_db in _SNR_RANGE_DB)
    loud, quiet = power.sum(axis=-1, keepdims=True), noise.sum(axis=-1, keepdims=True)
    bounded = np.clip(loud, low * quiet, high * quiet)
    ratio = np.divide(bounded, quiet, out=np.full_like(loud, high), where=quiet > 0)
    snr_db: Power = 10 * np.log10(ratio)
    return snr_db
