"""The short-time Fourier transform of audio, its inverse, and gains per frame and frequency."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Spectrum = NDArray[np.complex64]
"""Short-time spectrum, shape (..., frames, bins)."""

Power = NDArray[np.float32]
"""Squared magnitude of a short-time spectrum, shape (..., frames, bins)."""

Gain = NDArray[np.float32]
"""Factor of magnitude, of the shape of a power."""

_HOP_S = 512 / 44_100


@dataclass(frozen=True)
class Stft:
    """The short-time Fourier transform with a square-root Hann window on both ways.

    The window is periodic, so the products of analysis and synthesis window add up to the
    constant ``overlap / 2`` at every sample (Griffin and Lim 1984, eq. 6, with the window
    squared). The ends are mirrored outwards by a window less one hop: each sample lies in
    the same number of frames, and the frames at the ends are as loud as their neighbours.

    Attributes:
        hop: Distance between frames in samples.
        overlap: Frames over each sample, at least 2; the window is ``overlap * hop`` long.

    >>> tone = np.sin(np.arange(3001, dtype=np.float32))
    >>> stft = Stft(hop=256)
    >>> stft.forward(tone).shape
    (15, 513)
    >>> bool(np.allclose(stft.inverse(stft.forward(tone), num_samples=3001), tone, atol=1e-6))
    True
    """

    hop: int = 512
    overlap: int = 4

    @property
    def window_length(self) -> int:
        """Length of the window in samples."""
        return self.hop * self.overlap

    @property
    def window(self) -> NDArray[np.float32]:
        """The square root of the periodic Hann window, shape (window_length,)."""
        phase = np.pi * np.arange(self.window_length) / self.window_length
        return np.sin(phase).astype(np.float32)

    def forward(self, signal: NDArray[np.float32]) -> Spectrum:
        """Analyse real signals of at least one sample.

        Args:
            signal: float32, shape (..., time).

        Returns:
            complex64, shape (..., frames, window_length // 2 + 1).
        """
        num_samples = signal.shape[-1]
        before = self.window_length - self.hop
        after = self._num_frames(num_samples) * self.hop - num_samples
        margins = [(0, 0)] * (signal.ndim - 1) + [(before, after)]
        padded = np.pad(signal, margins, mode="reflect")
        frames = sliding_window_view(padded, self.window_length, axis=-1)[..., :: self.hop, :]
        spectrum: Spectrum = scipy.fft.rfft(frames * self.window, axis=-1)
        return spectrum

    def inverse(self, spectrum: Spectrum, *, num_samples: int) -> NDArray[np.float32]:
        """Overlap and add; undoes ``forward`` exactly up to float32 rounding.

        Args:
            spectrum: complex64, shape (..., frames, bins).
            num_samples: Length of the analysed signal.

        Returns:
            float32, shape (..., num_samples).
        """
        frames = scipy.fft.irfft(spectrum, self.window_length, axis=-1)
        frames *= self.window * np.float32(2 / self.overlap)
        lead, num_frames = frames.shape[:-2], frames.shape[-2]
        hops = frames.reshape(*lead, num_frames, self.overlap, self.hop)
        added = np.zeros((*lead, num_frames + self.overlap - 1, self.hop), np.float32)
        for part in range(self.overlap):
            added[..., part : part + num_frames, :] += hops[..., part, :]
        start = self.window_length - self.hop
        signal = added.reshape(*lead, -1)[..., start : start + num_samples]
        return np.ascontiguousarray(signal)

    def _num_frames(self, num_samples: int) -> int:
        return (num_samples - 1) // self.hop + self.overlap


def stft_at(sampling_rate: int) -> Stft:
    """Return the transform with a window of about 46 ms, whatever the rate.

    2048 samples with a hop of 512 at 44.1 kHz; elsewhere the hop is the next length that a
    fast Fourier transform likes.

    >>> [stft_at(rate).window_length for rate in (8_000, 16_000, 44_100, 48_000)]
    [384, 768, 2048, 2304]
    """
    hop = max(1, round(_HOP_S * sampling_rate))
    return Stft(hop=scipy.fft.next_fast_len(hop, real=True))


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
