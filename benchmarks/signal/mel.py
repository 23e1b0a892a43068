"""The mel filters of Slaney's Auditory Toolbox, which librosa uses by default.

A mel is 200/3 Hz up to 1000 Hz, and above it a factor of 6.4^(1/27) in frequency (Slaney, Auditory
Toolbox, technical report 1998-010, Interval Research). Each filter is a triangle whose feet stand
on its neighbours' tops, of an area of one over frequency in Hz. A filter that is narrower than a
bin may hold none, and is zero throughout.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]

_LINEAR_HZ = 200.0 / 3.0  # per mel
_KNEE_HZ = 1000.0
_KNEE = _KNEE_HZ / _LINEAR_HZ  # 15 mel
_STEP = np.log(6.4) / 27.0  # of the logarithm, per mel


def mel_filters(bands: int, *, window: int, sampling_rate: int) -> Real:
    """Return the weights of magnitudes in each band, shape (bands, window // 2 + 1).

    Args:
        bands: How many filters, evenly spread in mel between zero and half the sampling rate.
        window: Length of the transform in samples.
        sampling_rate: In Hz.

    >>> filters = mel_filters(2, window=8, sampling_rate=8000)
    >>> filters.shape, (1000.0 * filters).round(2).tolist()[0]
    ((2, 5), [0.0, 0.88, 0.0, 0.0, 0.0])
    """
    bins_hz = np.linspace(0.0, sampling_rate / 2, window // 2 + 1)
    feet_hz = _hz(np.linspace(0.0, _mel(sampling_rate / 2), bands + 2))
    lower, top, upper = (feet_hz[first : first + bands, np.newaxis] for first in range(3))
    rising, falling = (bins_hz - lower) / (top - lower), (upper - bins_hz) / (upper - top)
    return np.maximum(np.minimum(rising, falling), 0.0) * 2.0 / (upper - lower)


def _mel(frequency_hz: float) -> float:
    if frequency_hz < _KNEE_HZ:
        return frequency_hz / _LINEAR_HZ
    return float(_KNEE + np.log(frequency_hz / _KNEE_HZ) / _STEP)


def _hz(mel: Real) -> Real:
    above = np.exp(_STEP * np.maximum(mel - _KNEE, 0.0))
    return np.where(mel < _KNEE, _LINEAR_HZ * mel, _KNEE_HZ * above)
