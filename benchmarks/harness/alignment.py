"""Measure an estimate's lag, and the gain of the clean signal in it.

A fifth of a sample too late caps an SNR at 28 dB, so lags are measured to hundredths, by the slope
of the phase between the clean signal and the estimate.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Wave = NDArray[np.float64]

MOST_GAIN_DB = 3.0
"""A gain or loss beyond this is no matter of denoising."""

_LEAST_LIKENESS = 0.5  # correlation under which a lag says nothing
_MOST_SAMPLES = 1 << 16  # a second and a half tell as much as ten
_TOP = 0.8  # of the band: what lies above may be lost to a filter


@dataclass(frozen=True)
class LagAndGain:
    """An estimate's lag and gain.

    Attributes:
        lag: Samples by which the estimate is late; None where it resembles the clean signal too
            little to tell.
        gain: Factor by which the clean signal stands in it; negative if upside down.
    """

    lag: float | None
    gain: float


@dataclass(frozen=True)
class Alignment:
    """A clean signal that estimates are compared with.

    Attributes:
        clean: Shape (channels, time); the first channel's loudest second and a half is looked at.
    """

    clean: NDArray[np.floating[Any]]

    def of(self, estimate: NDArray[np.floating[Any]]) -> LagAndGain:
        """Return lag and gain of an estimate, shape (channels, time).

        >>> noise = np.random.default_rng(0).normal(size=(1, 5000))
        >>> late = Alignment(noise).of(0.5 * np.roll(noise, 3))
        >>> round(late.lag, 2), round(late.gain, 2)
        (3.0, 0.5)
        """
        part = np.asarray(estimate[0, self._part], dtype=np.float64)
        norms = float(np.linalg.norm(self._signal) * np.linalg.norm(part))
        if not norms > 0.0:
            return LagAndGain(None, 0.0)
        size = fft.next_fast_len(2 * len(part), real=True)
        cross = self._spectrum * fft.rfft(part, size)
        correlation = fft.irfft(cross, size)
        peak = int(np.abs(correlation).argmax())
        gain = float(correlation[peak] / np.dot(self._signal, self._signal))
        if abs(correlation[peak]) < _LEAST_LIKENESS * norms:
            return LagAndGain(None, gain)
        whole = peak - size if peak > size // 2 else peak
        return LagAndGain(_refined(cross, whole, size, sign=np.sign(gain)), gain)

    @cached_property
    def _part(self) -> slice:
        """Where the clean signal is loudest."""
        length = self.clean.shape[-1]
        if length <= _MOST_SAMPLES:
            return slice(0, length)
        energy = np.cumsum(np.square(self.clean[0], dtype=np.float64))
        steps = np.arange(0, length - _MOST_SAMPLES, _MOST_SAMPLES // 4)
        start = int(steps[np.argmax(energy[steps + _MOST_SAMPLES] - energy[steps])])
        return slice(start, start + _MOST_SAMPLES)

    @cached_property
    def _signal(self) -> Wave:
        return np.asarray(self.clean[0, self._part], dtype=np.float64)

    @cached_property
    def _spectrum(self) -> NDArray[np.complex128]:
        return np.conj(fft.rfft(self._signal, fft.next_fast_len(2 * len(self._signal), real=True)))


def _refined(cross: NDArray[np.complex128], whole: int, size: int, *, sign: float) -> float:
    """Add to whole samples the slope of the phase, weighted by the spectrum's own magnitude."""
    omega = 2.0 * np.pi * np.arange(int(_TOP * len(cross))) / size
    turned = sign * cross[: len(omega)] * np.exp(1j * omega * whole)
    weighted = np.abs(turned) * omega
    moment = float(np.dot(weighted, omega))
    slope = float(np.dot(weighted, np.angle(turned))) / moment if moment > 0.0 else 0.0
    return whole - slope
