"""The short-time Fourier transform of numpy arrays and of torch tensors, in their own precision.

It is ``benchmarks.signal.stft.Stft`` for those who compute on a GPU too, or in float64: the same
frames, windows and ends. Torch is never imported: what was handed over brings it.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any
"""A numpy array or a torch tensor."""


def module_of(array: Array) -> Any:
    """Return the module whose functions take the array: numpy or torch.

    >>> module_of(np.zeros(1)).__name__
    'numpy'
    """
    return np if isinstance(array, np.ndarray) else importlib.import_module("torch")


def ascending(array: Array, *, axis: int) -> Array:
    """Return the array sorted along an axis."""
    return np.sort(array, axis=axis) if isinstance(array, np.ndarray) else array.sort(axis).values


def contiguous(array: Array) -> Array:
    """Return the array with its last axis together in memory, as products of matrices want it."""
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
        length = (count + self.overlap - 1) * self.hop
        padded = signal[..., _mirrored(signal.shape[-1], length, (self.overlap - 1) * self.hop)]
        hops = padded.reshape(*signal.shape[:-1], -1, self.hop)
        parts = [hops[..., part : part + count, :] for part in range(self.overlap)]
        module = module_of(signal)
        return module.fft.rfft(module.concatenate(parts, -1) * self._window(signal))

    def inverse(self, spectrum: Array, *, num_samples: int) -> Array:
        """Overlap and add spectra (..., frames, bins) to signals (..., num_samples)."""
        module = module_of(spectrum)
        frames = module.fft.irfft(spectrum, self.overlap * self.hop)
        frames = frames * (self._window(frames) * (2 / self.overlap))
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


def _mirrored(num_samples: int, length: int, before: int) -> Any:
    """Return which sample stands where, in a signal that is mirrored at both ends."""
    period = max(1, 2 * (num_samples - 1))
    at = np.abs(np.arange(-before, length - before)) % period
    return np.minimum(at, period - at) if num_samples > 1 else np.zeros(length, np.intp)
