"""Weigh the log-spectral gain by the probability of music at each frequency.

Cohen, "Optimal speech enhancement under signal presence uncertainty using log-spectral amplitude
estimator", IEEE Signal Processing Letters 9(4), 2002.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve1d

from benchmarks.classical.decision_directed import Snr, posterior_snr
from benchmarks.classical.gain_rule import Tracked
from benchmarks.classical.mmse_lsa import lsa_gain
from benchmarks.contract import DenoiserSpec
from benchmarks.signal.stft import Gain, Power

_RANGE_DB = (-10.0, -5.0)  # of the mean a priori SNR: surely absent, surely present
_PEAK_RANGE_DB = (0.0, 10.0)  # of the last frame that rose
_NEAR, _FAR = 1, 15  # bins to each side


@dataclass(frozen=True)
class Omlsa(Tracked):
    """The optimally modified log-spectral amplitude estimator.

    Constants are the paper's (table I); those that count bins were made for windows of 32 ms.

    Attributes:
        smoothing: Weight of the past in the a priori SNR (α).
        averaging: Weight of the past in its mean (β).
        gain_floor_db: Gain where there is surely no music.
        absence_most: Largest a priori probability that there is none.
    """

    smoothing: float = 0.92
    averaging: float = 0.7
    gain_floor_db: float = -25.0
    absence_most: float = 0.95

    spec = DenoiserSpec(
        name="omlsa",
        citation="Cohen, IEEE Signal Processing Letters 9(4) 2002, doi:10.1109/97.1001645",
    )

    def gain(self, power: Power, noise: Power) -> Gain:
        """Return ``G(H₁)^p · G_min^(1 − p)`` (eq. 8) per frame and frequency."""
        posterior = posterior_snr(power, noise)
        floor = 10 ** (self.gain_floor_db / 20)
        gains = np.empty_like(power)
        for number, (frame, prior, present) in enumerate(self._walk(posterior)):
            presence = _presence(frame, prior, np.minimum(1 - present, self.absence_most))
            gains[..., number, :] = lsa_gain(prior, frame) ** presence * floor ** (1 - presence)
        return gains

    def _walk(self, posterior: Snr) -> Iterator[tuple[Snr, Snr, Snr]]:
        """Yield each frame's a posteriori and a priori SNR, and how likely music looks around."""
        past: Snr = np.ones_like(posterior[..., 0, :])
        mean: Snr = past
        peak: Snr = past[..., :1]
        last: Snr = peak
        for number in range(posterior.shape[-2]):
            frame = posterior[..., number, :]
            fresh = np.maximum(frame - 1, 0)
            prior = np.maximum(self.smoothing * past + (1 - self.smoothing) * fresh, 10**-2.5)
            mean = (self.averaging * mean + (1 - self.averaging) * prior).astype(past.dtype)
            whole = mean.mean(axis=-1, keepdims=True)
            low, high = (10 ** (level / 10) for level in _PEAK_RANGE_DB)
            audible, rises = _likely(whole) > 0, whole > last
            peak = np.where(audible & rises, whole.clip(low, high), peak)
            around = np.where(rises, 1, _likely(whole / peak)) * audible
            last = whole
            yield frame, prior, _likely(_over(mean, _NEAR)) * _likely(_over(mean, _FAR)) * around
            past = lsa_gain(prior, frame) ** 2 * frame


def _likely(snr: Snr) -> Snr:
    """Return 0 below the range, 1 above it, and in between its share in decibels (eq. 22)."""
    low, high = _RANGE_DB
    level = 10 * np.log10(np.maximum(snr, 1e-10))
    likely: Snr = ((level - low) / (high - low)).clip(0, 1)
    return likely


def _over(snr: Snr, bins: int) -> Snr:
    """Average over neighbouring bins with a Hann window."""
    window = np.hanning(2 * bins + 3)[1:-1].astype(snr.dtype)
    averaged: Snr = convolve1d(snr, window / window.sum(), axis=-1, mode="nearest")
    return averaged


def _presence(posterior: Snr, prior: Snr, absence: Snr) -> NDArray[np.float32]:
    """Return the probability that music is there, given the frame (eq. 9)."""
    certain = posterior * prior / (1 + prior)
    odds = absence / (1 - absence)
    presence: NDArray[np.float32] = 1 / (1 + odds * (1 + prior) * np.exp(-np.minimum(certain, 80)))
    return presence
