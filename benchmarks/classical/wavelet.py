"""BayesShrink: soft thresholds of wavelet coefficients by the noise of each octave.

Chang, Yu and Vetterli, "Adaptive wavelet thresholding for image denoising and compression", IEEE
Transactions on Image Processing 9(9), 2000. The wavelet is the least asymmetric one with eight
vanishing moments (Daubechies, "Ten lectures on wavelets", 1992, table 6.3: "sym8").

Departure: the paper takes the noise of every level from the finest one, which holds for white noise
only. Here a noise tracker's spectrum is carried through the filters to each level.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.classical.gain_rule import Tracking
from benchmarks.contract import Batch, DenoiserSpec, Side
from benchmarks.signal.stft import power_of, stft_at

Real = NDArray[np.float32]

_HALF = (
    *(-0.0033824159510061256, -0.0005421323317911481, 0.03169508781149298, 0.007607487324917605),
    *(-0.1432942383508097, -0.061273359067658524, 0.4813596512583722, 0.7771857517005235),
    *(0.3644418948353314, -0.05194583810770904, -0.027219029917056003, 0.049137179673607506),
    *(0.003808752013890615, -0.01495225833704823, -0.0003029205147213668, 0.0018899503327594609),
)
_LOW = np.array(_HALF)
_HIGH = _LOW[::-1] * (-1.0) ** np.arange(len(_LOW))
_LOWEST_HZ = 86.0  # the octave above it is the last that is looked at


@dataclass(frozen=True)
class Wavelet(Tracking):
    """Soft thresholds per octave, each the best for a Laplacian-like prior of the music."""

    spec = DenoiserSpec(
        name="wavelet",
        citation="Chang, Yu and Vetterli, IEEE Transactions on Image Processing 9(9) 2000, "
        "doi:10.1109/83.862633",
    )

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Side | None = None) -> Batch:
        """Return the denoised batch, shape (batch, channels, time)."""
        stft = stft_at(sampling_rate)
        power = power_of(stft.forward(batch))
        noise = self.noise(power, stft, sampling_rate, side).mean(axis=-2)
        density = noise / np.square(stft.window).sum()
        levels = max(1, round(math.log2(sampling_rate / 2 / _LOWEST_HZ)))
        margin, padded = _padded(batch, levels)
        rest, details = padded, []
        for response in _responses(levels, density.shape[-1]):
            rest, detail = _analysed(rest)
            variance = (density * response).sum(axis=-1, keepdims=True)
            details.append(_shrunk(detail, variance))
        for detail in reversed(details):
            rest = _synthesised(rest, detail)
        return np.ascontiguousarray(rest[..., margin : margin + batch.shape[-1]])


def _padded(batch: Batch, levels: int) -> tuple[int, Batch]:
    """Mirror both ends by what the filters reach, to a multiple of the coarsest step."""
    step = 2**levels
    margin = step * len(_LOW)
    length = -(-(batch.shape[-1] + 2 * margin) // step) * step
    sides = [(0, 0)] * (batch.ndim - 1) + [(margin, length - batch.shape[-1] - margin)]
    return margin, np.pad(batch, sides, mode="symmetric")


def _analysed(signal: Real) -> tuple[Real, Real]:
    """Split a signal of even length into its lower and its upper half band, around a circle."""
    wrapped = np.concatenate([signal, signal[..., : len(_LOW)]], axis=-1)
    half = signal.shape[-1] // 2
    low, high = (np.zeros((*signal.shape[:-1], half), np.float32) for _ in range(2))
    for tap, (low_tap, high_tap) in enumerate(zip(_LOW, _HIGH, strict=True)):
        part = wrapped[..., tap : tap + 2 * half : 2]
        low += np.float32(low_tap) * part
        high += np.float32(high_tap) * part
    return low, high


def _synthesised(low: Real, high: Real) -> Real:
    """Undo ``_analysed``: the filters are orthonormal, so that it is the transpose."""
    half = low.shape[-1]
    wrapped = np.zeros((*low.shape[:-1], 2 * half + len(_LOW)), np.float32)
    for tap, (low_tap, high_tap) in enumerate(zip(_LOW, _HIGH, strict=True)):
        part = np.float32(low_tap) * low + np.float32(high_tap) * high
        wrapped[..., tap : tap + 2 * half : 2] += part
    signal = wrapped[..., : 2 * half]
    signal[..., : len(_LOW)] += wrapped[..., 2 * half :]
    return signal


def _responses(levels: int, bins: int) -> Iterator[NDArray[np.float64]]:
    """Yield, finest first, the power response of each level's filters, as weights of bins."""
    omega = np.linspace(0.0, np.pi, bins)
    taps = np.arange(len(_LOW))
    through = np.ones(bins)
    for level in range(levels):
        turned = np.exp(-1j * np.outer(omega * 2**level, taps))
        response = through * np.abs(turned @ _HIGH) ** 2
        yield response / response.sum()
        through = through * np.abs(turned @ _LOW) ** 2


def _shrunk(detail: Real, variance: NDArray[np.floating]) -> Real:
    """Subtract σ² / σ_x from every magnitude (eq. 12), with σ_x² what the noise leaves."""
    mean = np.square(detail, dtype=np.float64).mean(axis=-1, keepdims=True)
    music = np.sqrt(np.maximum(mean - variance, 0.0))
    most = np.abs(detail).max(axis=-1, keepdims=True).astype(np.float64)
    threshold = np.divide(variance, music, out=most.copy(), where=music * most > variance)
    size = np.maximum(np.abs(detail) - threshold.astype(np.float32), 0)
    shrunk: Real = np.copysign(size, detail).astype(np.float32)
    return shrunk
