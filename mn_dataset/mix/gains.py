"""Solve for the gain that meets an SNR, under four named definitions of level.

Gains carry 24 significant bits, so a gain times a 16-bit sample is exact in float64. Under
``power`` and ``variance`` a gain comes from integer energies by correctly rounded operations
alone and is the same on every platform; 10**x comes from decimal arithmetic, because a
platform's pow is not correctly rounded.

Keep a mixture from clipping: one gain for all its layers, only when it is needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from mn_dataset.audio.io import Pcm
from mn_dataset.audio.level import CEILING, LOUDNESS_HOP_S, Level, integrated_lufs, peak
from mn_dataset.records import SNR_DEFINITIONS, SnrDefinition

_DECIMALS = Context(prec=40)
_MARGIN = 2  # LSB: rounding each of two layers may add one


@dataclass(frozen=True)
class Loudness:
    """The K-weighted energies of a segment before its gain.

    Attributes:
        hops: Energy per 100 ms hop, in units of full scale.
        sampling_rate: In Hz.
    """

    hops: NDArray[np.float64]
    sampling_rate: int

    @property
    def rms(self) -> float:
        """K-weighted RMS at gain one, in units of full scale."""
        hop = LOUDNESS_HOP_S * self.sampling_rate
        return float(np.sqrt(self.hops.mean() / hop)) if self.hops.size else 0.0

    def lufs(self, gain: float) -> float:
        """Return the integrated loudness after a gain, NaN when it is undefined."""
        return integrated_lufs(self.hops, gain, sampling_rate=self.sampling_rate)


@dataclass(frozen=True)
class Measured:
    """A layer as it stands in the mixture.

    Attributes:
        level: Exact figures of its samples.
        loudness: Its K-weighted energies at gain one.
        gain: The gain between the two.
    """

    level: Level
    loudness: Loudness
    gain: float = 1.0

    @cached_property
    def lufs(self) -> float:
        """Integrated loudness after the gain."""
        return self.loudness.lufs(self.gain)

    def power(self, definition: SnrDefinition) -> float:
        """Return the layer's power under a definition (squared LSB; loudness as a ratio)."""
        if definition == "power":
            return self.level.energy / self.level.num_samples
        if definition == "variance":
            return self.level.variance_energy / self.level.num_samples
        if definition == "active":
            return self.level.active_power
        return math.pow(10.0, self.lufs / 10.0)


def snr_db(clean: Measured, noise: Measured, definition: SnrDefinition) -> float:
    """Return the SNR in dB under a definition, NaN when either level is undefined or zero."""
    above, below = clean.power(definition), noise.power(definition)
    if not (above > 0 and below > 0):
        return float("nan")
    return 10.0 * math.log10(above / below)


def all_snrs_db(clean: Measured, noise: Measured) -> dict[SnrDefinition, float]:
    """Return the SNR under each of the four definitions."""
    return {name: snr_db(clean, noise, name) for name in SNR_DEFINITIONS}


def solve_gain(
    clean: Measured, noise: Measured, asked_db: float, definition: SnrDefinition
) -> float:
    """Return the factor on the noise that brings the pair from its SNR to the one asked.

    NaN when a level is undefined.
    """
    above, below = clean.power(definition), noise.power(definition)
    if not (above > 0 and below > 0):
        return float("nan")
    return math.sqrt(above / (below * power_ratio(asked_db)))


@lru_cache(maxsize=4096)
def power_ratio(decibels: float) -> float:
    """Return 10**(decibels/10), correctly rounded.

    >>> power_ratio(20.0)
    100.0
    """
    return float(_DECIMALS.power(Decimal(10), _DECIMALS.divide(Decimal(decibels), Decimal(10))))


def needed(top: float) -> float:
    """Return the gain that brings a magnitude to the ceiling; 1.0 if it is not above.

    The gain carries 24 significant bits.

    >>> needed(32_000), needed(40_000)
    (1.0, 0.7999500036239624)
    """
    return 1.0 if top <= CEILING else float(np.float32((CEILING - _MARGIN) / top))


def top(layers: Sequence[Pcm], peaks: Sequence[int]) -> int:
    """Return the largest magnitude of layers, whose own are known, and of their sum.

    >>> top([np.array([30000, 1], np.int16), np.array([10000, -2], np.int16)], [30000, 10000])
    40000
    """
    if len(layers) == 1 or sum(peaks) <= CEILING:
        return max(peaks)
    return max(*peaks, peak(total(layers)))


def total(layers: Sequence[Pcm]) -> NDArray[np.int32]:
    """Return the sum of layers, which may leave 16 bits."""
    together = np.add(layers[0], layers[1], dtype=np.int32)
    for layer in layers[2:]:
        together += layer
    return together
