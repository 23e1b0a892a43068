"""Weigh the short-time spectrum of audio with a gain per frame and frequency."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.signal.stft import Spectrum, stft_at

Power = NDArray[np.float32]
"""Squared magnitude of a short-time spectrum, shape (..., frames, bins)."""

Gain = NDArray[np.float32]
"""Factor of magnitude, of the shape of a power."""


def power_of(spectrum: Spectrum) -> Power:
    """Return the squared magnitude."""
    return np.square(spectrum.real) + np.square(spectrum.imag)


def masked(
    signal: NDArray[np.float32], sampling_rate: int, mask: Callable[[Power], Gain]
) -> NDArray[np.float32]:
    """Analyse, weigh, and synthesise; the phase stays the signal's own.

    Args:
        signal: float32, shape (..., time).
        sampling_rate: In Hz; it sets the length of the window.
        mask: Turns the signal's power into a gain of the same shape.

    Returns:
        float32, shape as given.

    >>> clip = np.ones((1, 1, 100), np.float32)
    >>> halved = masked(clip, 44_100, lambda power: np.full_like(power, 0.5))
    >>> bool(np.allclose(halved, 0.5, atol=1e-6))
    True
    """
    stft = stft_at(sampling_rate)
    spectrum = stft.forward(signal)
    spectrum *= mask(power_of(spectrum))
    return stft.inverse(spectrum, num_samples=signal.shape[-1])


def ratio_mask(target: Power, other: Power, *, exponent: float) -> Gain:
    """Return ``(target / (target + other)) ** exponent``, 0 where both are silent.

    With exponent 1/2 it is the ideal ratio mask of Wang, Narayanan and Wang 2014; with
    1 the Wiener filter, the best real gain when the two are uncorrelated.
    """
    total = target + other
    share = np.divide(target, total, out=np.zeros_like(total), where=total > 0)
    mask: Gain = np.power(share, np.float32(exponent))
    return mask
