"""Measure which part of a microphone another one explains, over a session of any length.

The magnitude-squared coherence of two signals (Welch, "The use of fast Fourier transform for the
estimation of power spectra", IEEE Transactions on Audio and Electroacoustics 15(2), 1967) is at
each frequency the part of the power of one that some fixed filter makes of the other. Its mean over
frequency, weighted by the power of microphone i, is therefore the part of all of i that a fixed
filter of j explains: 1 for the same source in both, a² / (1 + a²) where j alone bleeds into a white
i of the same power with the gain a.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_WINDOW_S = 4096 / 44_100
_FRAMES_AT_ONCE = 32


class Coherence:
    """Cross-spectra of all microphones, summed as the session comes.

    Hann windows of 93 ms overlap by half. Of signals that have nothing in common the estimate is
    one over the number of frames, not 0, and a path that is longer than a window explains nothing.

    Args:
        microphones: How many.
        sampling_rate: In Hz.

    >>> noise = np.random.default_rng(0).normal(size=(2, 441_000)).astype(np.float32)
    >>> coherence = Coherence(2, 44_100)
    >>> coherence.add(np.array([[1, 0.5], [0, 1]], np.float32) @ noise)
    >>> coherence.explained().round(1).tolist()
    [[1.0, 0.2], [0.2, 1.0]]
    """

    def __init__(self, microphones: int, sampling_rate: int) -> None:
        self._window = 2 ** max(4, round(np.log2(_WINDOW_S * sampling_rate)))
        self._taper = np.hanning(self._window).astype(np.float32)
        bins = self._window // 2 + 1
        self._cross = np.zeros((bins, microphones, microphones), np.complex128)
        self._rest = np.zeros((microphones, 0), np.float32)

    def add(self, block: NDArray[np.float32]) -> None:
        """Take the next samples (microphones, time) into account."""
        signal = np.concatenate([self._rest, block], axis=-1)
        hop = self._window // 2
        count = max(0, (signal.shape[-1] - self._window) // hop + 1)
        if count:
            frames = sliding_window_view(signal, self._window, axis=-1)[:, ::hop]
            for first in range(0, count, _FRAMES_AT_ONCE):
                part = frames[:, first : first + _FRAMES_AT_ONCE] * self._taper
                spectrum = scipy.fft.rfft(part, axis=-1).transpose(2, 0, 1)
                self._cross += spectrum @ spectrum.conj().transpose(0, 2, 1)
        self._rest = signal[:, count * hop :]

    def explained(self) -> Floats:
        """Return the part of each microphone's power that each other explains.

        Returns:
            Shape (microphones, microphones): of i (row) by j (column), from 0 to 1; NaN where one
            of them is silent, or the session is shorter than a window.
        """
        power = np.einsum("fii->fi", self._cross).real
        product = power[:, :, np.newaxis] * power[:, np.newaxis]
        squared = np.square(np.abs(self._cross))
        coherence = np.divide(squared, product, out=np.zeros_like(product), where=product > 0)
        with np.errstate(invalid="ignore"):
            explained: Floats = (coherence * power[:, :, np.newaxis]).sum(axis=0) / power.sum(
                axis=0
            )[:, np.newaxis]
        silent = power.sum(axis=0) == 0
        explained[:, silent] = np.nan
        return explained
