"""The short-time Fourier transform of numpy arrays and of torch tensors, in their own precision.

It is ``benchmarks.signal.stft.Stft`` for those who compute on a GPU too, or in float64: the same
frames, windows and ends. Torch is never imported: what was handed over brings it.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft

Array = Any
"""A numpy array or a torch tensor."""


def module_of(array: Array) -> Any:
    """Return the module whose functions take the array: numpy or torch.

    >>> module_of(np.zeros(1)).__name__
    'numpy'
    """
    return np if isinstance(array, np.ndarray) else importlib.import_module("torch")


def _fft_of(array: Array) -> Any:
    """Return the module of transforms; scipy's are the faster ones of numpy arrays."""
    return scipy.fft if isinstance(array, np.ndarray) else module_of(array).fft


def ascending(array: Array, *, axis: int) -> Array:
    """Return the array sorted along an axis."""
    return np.sort(array, axis=axis) if isinstance(array, np.ndarray) else array.sort(axis).values


def contiguous(array: Array) -> Array:
    """Return the array with its last axis together in memory, and so on."""
    return np.ascontiguousarray(array) if isinstance(array, np.ndarray) else array.contiguous()


def power_of(spectrum: Array) -> Array:
    """Return the squared magnitude."""
    return spectrum.real * spectrum.real + spectrum.imag * spectrum.imag


@dataclass(frozen=True)
class ArrayStft:
    """The transform with a square-root Hann window on both ways, and mirrored ends.

    Attributes:
        hop: Distance between frames in samples.
        overlap: Frames over each sample, at least 2; the window is ``overlap * hop`` long.

    >>> tone = np.sin(np.arange(3001.0))
    >>> stft = ArrayStft(hop=256)
    >>> stft.forward(tone).shape
    (15, 513)
    >>> bool(np.allclose(stft.inverse(stft.forward(tone), num_samples=3001), tone, atol=1e-12))
    True
    """

    hop: int
    overlap: int = 4

    def forward(self, signal: Array) -> Array:
        """Analyse real signals (..., time); return spectra (..., frames, bins)."""
        count = (signal.shape[-1] - 1) // self.hop + self.overlap
        padded = _mirrored(
            signal,
            before=(self.overlap - 1) * self.hop,
            length=(count + self.overlap - 1) * self.hop,
        )
        hops = padded.reshape(*signal.shape[:-1], -1, self.hop)
        parts = [hops[..., part : part + count, :] for part in range(self.overlap)]
        frames = module_of(signal).concatenate(parts, -1)
        frames *= self._window(signal)
        return _fft_of(signal).rfft(frames)

    def inverse(self, spectrum: Array, *, num_samples: int) -> Array:
        """Overlap and add spectra (..., frames, bins) to signals (..., num_samples)."""
        module = module_of(spectrum)
        frames = _fft_of(spectrum).irfft(spectrum, self.overlap * self.hop)
        frames *= self._window(frames) * (2 / self.overlap)
        count = frames.shape[-2]
        hops = frames.reshape(*frames.shape[:-1], self.overlap, self.hop)
        added = module.zeros_like(frames[..., :1, : self.hop])
        added = module.concatenate([added] * (count + self.overlap - 1), -2)
        for part in range(self.overlap):
            added[..., part : part + count, :] += hops[..., part, :]
        start = (self.overlap - 1) * self.hop
        return added.reshape(*frames.shape[:-2], -1)[..., start : start + num_samples]

    def _window(self, like: Array) -> Array:
        length = self.overlap * self.hop
        window = np.sin(np.pi * np.arange(length) / length)
        if isinstance(like, np.ndarray):
            return window.astype(like.dtype)
        return module_of(like).from_numpy(window).to(like)


def _mirrored(signal: Array, *, before: int, length: int) -> Array:
    """Return a signal that is mirrored at both ends, as often as it takes, (..., length)."""
    size = signal.shape[-1]
    period = max(1, 2 * (size - 1))
    outside = np.concatenate([np.arange(-before, 0), np.arange(size, length - before)])
    at = np.abs(outside) % period
    at = np.minimum(at, period - at) if size > 1 else np.zeros_like(at)
    ends = signal[..., at]
    return module_of(signal).concatenate([ends[..., :before], signal, ends[..., before:]], -1)
