"""Remove mains hum: find its fundamental, and subtract each harmonic that never changes.

The hum of a recording is one low tone with dozens of harmonics, all steady for as long as it runs;
music on the same frequencies comes and goes. So the amplitude of every harmonic is measured in
overlapping stretches of some two seconds, and only what all stretches have in common is taken out:
the smallest of their magnitudes, at each stretch's phase (a comb of notches, no wider than
what the stretches resolve; cf. Widrow et al., "Adaptive noise cancelling", Proc. IEEE 63(12),
1975, section VI, with the reference estimated instead of wired). Without a comb that stands out
nothing is touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.contract import Batch, DenoiserSpec

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

_MAINS_HZ = (50.0, 60.0)
_WITHIN = 0.005  # of the mains frequency, as networks and tapes drift
_STEP_HZ = 0.02
_STRETCH_S = 2.0
_SEARCHED = 20  # harmonics by which the fundamental is found
_FEWEST = 4  # that stand out, or there is no hum
_STANDS_OUT_DB = 10.0
_TONES_AT_ONCE = 16  # that are in memory as signals
_BESIDE_HZ = (3.0, 8.0)  # where a harmonic's neighbourhood is measured


@dataclass(frozen=True)
class HumNotch:
    """Steady harmonics of 50 or 60 Hz, subtracted.

    Attributes:
        highest_hz: Harmonics above it are left alone.
    """

    highest_hz: float = 4_000.0

    spec = DenoiserSpec(
        name="hum_notch",
        citation="Widrow et al., Proceedings of the IEEE 63(12) 1975, doi:10.1109/PROC.1975.10036",
    )

    def __call__(
        self, batch: Batch, sampling_rate: int, *, side: Mapping[str, Batch] | None = None
    ) -> Batch:
        """Return the batch without its hum, shape (batch, channels, time)."""
        del side
        flat = batch.reshape(-1, batch.shape[-1])
        clean = [self._without(clip.astype(np.float64), sampling_rate) for clip in flat]
        return np.stack(clean).reshape(batch.shape).astype(np.float32)

    def _without(self, clip: Real, sampling_rate: int) -> Real:
        size = min(len(clip), round(_STRETCH_S * sampling_rate))
        size -= size % 2
        if size < sampling_rate / 2 or not clip.any():  # too short to tell a comb from music
            return clip
        frames = _Stretches(clip, size, sampling_rate)
        fundamental = _fundamental(frames)
        if fundamental is None:
            return clip
        count = int(min(self.highest_hz, 0.45 * sampling_rate) / fundamental)
        hum = frames.common(fundamental * np.arange(1.0, count + 1.0))
        left: Real = clip - hum
        return left


class _Stretches:
    """A clip in half-overlapping stretches under a Hann window, which add up to it."""

    def __init__(self, clip: Real, size: int, sampling_rate: int) -> None:
        self.size, self.rate, self.length = size, sampling_rate, len(clip)
        hop = size // 2
        count = -(-len(clip) // hop) + 1
        padded = np.pad(clip, (hop, (count + 1) * hop - hop - len(clip)))
        self.window = 0.5 + 0.5 * np.cos(np.linspace(-np.pi, np.pi, size + 1)[:-1])
        self.parts = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
        inside = np.arange(count) * hop
        # What reaches beyond the clip is quieter for no reason of the hum's: it is left out.
        self.whole = (inside >= hop) & (inside + size <= len(clip) + hop)
        self.least: Real = np.full(size // 2, np.inf)
        for number in np.flatnonzero(self.whole) if self.whole.any() else range(count):
            spectrum = np.abs(np.fft.rfft(self.parts[number] * self.window)) ** 2
            np.minimum(self.least, np.maximum(spectrum[:-1], spectrum[1:]), out=self.least)

    def power(self, frequencies: Real) -> Real:
        """Return the least power of the stretches at frequencies in Hz."""
        least: Real = self.least[np.floor(frequencies * self.size / self.rate).astype(int)]
        return least

    def tones(self, frequencies: Real) -> Complex:
        """Return the complex amplitude of tones in every stretch, shape (stretches, tones).

        Stretches that reach beyond the clip take their neighbour's, its phase carried on.
        """
        windowed = self.parts * self.window
        # Least squares of complex tones under a window: a projection, as they lie far apart.
        amplitudes: Complex = np.concatenate(
            [windowed @ tones.conj().T for _, tones in self._exponentials(frequencies)], axis=1
        )
        amplitudes *= 2.0 / self.window.sum()
        if self.whole.any():
            inside = np.flatnonzero(self.whole)
            number = np.arange(len(amplitudes))
            nearest = np.clip(number, inside[0], inside[-1])
            away_s = (number - nearest) * self.size / 2 / self.rate
            turn = np.exp(2j * np.pi * frequencies * away_s[:, None])
            amplitudes = amplitudes[nearest] * turn
        return amplitudes

    def drift(self, frequencies: Real) -> tuple[Real, Real]:
        """Return by how many Hz tones are off, from their phases, and how strong they are."""
        amplitudes = self.tones(frequencies)
        hop_s = self.size / 2 / self.rate
        number = np.arange(len(amplitudes))[:, None]
        turned = amplitudes * np.exp(-2j * np.pi * frequencies * hop_s * number)
        steps = (turned[1:] * turned[:-1].conj()).sum(axis=0)
        off: Real = np.angle(steps) / (2 * np.pi * hop_s)
        return off, np.abs(steps)

    def common(self, frequencies: Real) -> Real:
        """Return the tones that all stretches have in common, shape (time,)."""
        amplitudes = self.tones(frequencies)
        size = np.abs(amplitudes)
        phases = np.divide(amplitudes, size, out=np.zeros_like(amplitudes), where=size > 0)
        common = phases * size.min(axis=0)
        hum = np.zeros((len(common), self.size))
        for few, tones in self._exponentials(frequencies):
            hum += (common[:, few] @ tones).real
        hum *= self.window
        hop = self.size // 2
        added = np.zeros((len(hum) + 1) * hop)
        for number, stretch in enumerate(hum):
            added[number * hop : number * hop + self.size] += stretch
        tail: Real = added[hop : hop + self.length]
        return tail

    def _exponentials(self, frequencies: Real) -> Iterator[tuple[slice, Complex]]:
        """Yield a slice of the frequencies, and its tones of amplitude one, (tones, size)."""
        time_s = np.arange(self.size) / self.rate
        for start in range(0, len(frequencies), _TONES_AT_ONCE):
            few = slice(start, start + _TONES_AT_ONCE)
            yield few, np.exp(2j * np.pi * frequencies[few, None] * time_s)


def _fundamental(frames: _Stretches) -> float | None:
    """Return the mains frequency whose harmonics stand out steadily, None where none do."""
    best: tuple[float, float] | None = None
    n = np.arange(1, _SEARCHED + 1)
    for mains_hz in _MAINS_HZ:
        for hz in np.arange(mains_hz * (1 - _WITHIN), mains_hz * (1 + _WITHIN), _STEP_HZ):
            harmonics = hz * n[hz * n < 0.4 * frames.rate]
            beside = [
                frames.power(harmonics + sign * offset) for offset in _BESIDE_HZ for sign in (-1, 1)
            ]
            around = np.maximum(np.median(beside, axis=0), 1e-20)
            height_db = 10.0 * np.log10(np.maximum(frames.power(harmonics), 1e-20) / around)
            score = float(np.clip(height_db, 0.0, 40.0).sum())
            if (height_db > _STANDS_OUT_DB).sum() >= _FEWEST and (best is None or score > best[0]):
                best = score, float(hz)
    return None if best is None else _refined(frames, best[1])


def _refined(frames: _Stretches, fundamental: float) -> float:
    """Follow the phases from stretch to stretch, the low harmonics first."""
    for count in (_SEARCHED // 2, _SEARCHED, 2 * _SEARCHED):
        n = np.arange(1.0, count + 1.0)
        n = n[fundamental * n < 0.4 * frames.rate]
        off_hz, weight = frames.drift(fundamental * n)
        fundamental += float((weight * n * off_hz).sum() / (weight * n * n).sum())
    return fundamental
