"""Subtract more than the noise's power, and leave a floor that hides what remains.

Berouti, Schwartz and Makhoul, "Enhancement of speech corrupted by acoustic noise", ICASSP 1979.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.classical.gain_rule import Tracked
from benchmarks.contract import DenoiserSpec
from benchmarks.signal.stft import Gain, Power

_SNR_RANGE_DB = (-5.0, 20.0)


@dataclass(frozen=True)
class SpectralSubtraction(Tracked):
    """Power spectral subtraction with over-subtraction.

    A departure from the paper: no gain exceeds 1, where it would raise a bin below the floor up
    to it.

    Attributes:
        over_subtraction: How many times the noise is subtracted at 0 dB (the paper's α₀).
        slope_per_db: How much less for every dB of SNR: 3/20, down to once at 20 dB.
        floor: The least that remains, as a part of the noise power (the paper's β). It is also
            the gain floor: ``sqrt(floor * noise / power)``.
    """

    over_subtraction: float = 4.0
    slope_per_db: float = 3 / 20
    floor: float = 0.01

    spec = DenoiserSpec(
        name="spectral_subtraction",
        citation="Berouti, Schwartz and Makhoul, ICASSP 1979, doi:10.1109/ICASSP.1979.1170788",
    )

    def gain(self, power: Power, noise: Power) -> Gain:
        """Return ``sqrt(max(P - α N, β N) / P)``, the paper's rule as a gain."""
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
