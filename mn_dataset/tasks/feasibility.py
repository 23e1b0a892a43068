"""Tell from the index alone whether two segments can carry an SNR, before any audio is opened.

Each layer, or blend of several, must be at −60 dBFS RMS or more as recorded, and the quieter one
at 8 LSB RMS or more as it will stand in the mixture: below that, rounding to 16 bits is no longer
small beside the layer. Energies are lower bounds, from the whole blocks inside a segment; those of
a blend are added, as if its segments had nothing in common.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mn_dataset.audio.corpus import Source
from mn_dataset.audio.level import (
    CEILING,
    GRID,
    LOUDNESS_BLOCK_S,
    MIN_RECORDED_RMS,
    dbfs,
    integrated_lufs,
)
from mn_dataset.records import SAMPLING_RATE, SnrDefinition
from mn_dataset.synthetic.generated import LEAST_RMS, PEAK, RMS, Generated

MIN_MIXED_RMS = 8.0
"""In LSB."""

_MIN_LOUDNESS_SAMPLES = LOUDNESS_BLOCK_S * SAMPLING_RATE


@dataclass(frozen=True)
class Segment:
    """A segment of a source, measured by the index.

    Attributes:
        source: The recording.
        start: First sample, in the recording or in its loop. Without a fade the recording goes on
            from its beginning at its end, for the roles of which it may.
        num_samples: Length in samples.
        fade: Of the loop; 0 when the recording is long enough.
    """

    source: Source
    start: int
    num_samples: int
    fade: int = 0

    @property
    def name(self) -> str:
        """The id of its source."""
        return self.source.id

    @property
    def place(self) -> str:
        """What it is, for messages."""
        return f"{self.source.id} at sample {self.start}"

    @property
    def peak(self) -> float:
        """The largest magnitude of the whole recording in LSB."""
        return self.source.entry.peak

    @property
    def rms_bound(self) -> float:
        """A lower bound of the segment's RMS in LSB."""
        entry = self.source.entry
        if not self.fade:
            before = min(self.num_samples, entry.frames - self.start)
            energy = entry.energy_bound(self.start, before)
            energy += entry.energy_bound(0, self.num_samples - before)
            return math.sqrt(energy / self.num_samples)
        period = entry.frames - self.fade
        inner = entry.energy_bound(self.fade, period - self.fade)
        return math.sqrt(self.num_samples // period * inner / self.num_samples)

    @property
    def group(self) -> str:
        """What shares a take with it."""
        return self.source.row.group or self.source.id

    @property
    def category(self) -> str:
        """Its music category or noise class."""
        return self.source.row.category

    @property
    def rms(self) -> float:
        """About its RMS in LSB."""
        return self.rms_bound

    @property
    def lufs(self) -> float:
        """The segment's loudness, to about 0.1 LU; a loop has its recording's."""
        entry = self.source.entry
        if self.fade:
            return entry.loudness_lufs if self.num_samples >= _MIN_LOUDNESS_SAMPLES else math.nan
        return integrated_lufs(self.hops, 1.0, sampling_rate=SAMPLING_RATE)

    @property
    def hops(self) -> NDArray[np.float64]:
        """K-weighted energies per 100 ms."""
        cells = np.arange(self.start // GRID, (self.start + self.num_samples) // GRID)
        energies = self.source.entry.weighted.take(cells, mode="wrap")
        hops: NDArray[np.float64] = energies[: len(cells) // 10 * 10].reshape(-1, 10).sum(axis=1)
        return hops


@dataclass(frozen=True)
class Unmade:
    """A generated noise from its beginning, of which no more is known than what all keep to.

    Attributes:
        noise: The noise; it is made only if its loudness is asked for.
    """

    noise: Generated

    start: ClassVar[int] = 0
    fade: ClassVar[int] = 0
    peak: ClassVar[float] = PEAK
    rms_bound: ClassVar[float] = LEAST_RMS

    @property
    def num_samples(self) -> int:
        """Length in samples."""
        return self.noise.num_samples

    @property
    def name(self) -> str:
        """Its id."""
        return self.noise.id

    @property
    def place(self) -> str:
        """What it is, for messages."""
        return self.noise.id

    @property
    def group(self) -> str:
        """Its id: it shares a take with nothing."""
        return self.noise.id

    @property
    def category(self) -> str:
        """Its noise class."""
        return self.noise.noise_class

    @property
    def rms(self) -> float:
        """The RMS in LSB that it has unless it is sparse."""
        return RMS

    @property
    def lufs(self) -> float:
        """Its loudness."""
        return self.noise.source.entry.loudness_lufs

    @property
    def hops(self) -> NDArray[np.float64]:
        """K-weighted energies per 100 ms."""
        return Segment(self.noise.source, 0, self.num_samples).hops


@dataclass(frozen=True)
class Blend:
    """Segments of one length that sound together, each at a gain.

    Attributes:
        segments: The segments.
        gains: Linear gain of each.
    """

    segments: tuple[Segment | Unmade, ...]
    gains: tuple[float, ...]

    @property
    def num_samples(self) -> int:
        """Length in samples."""
        return self.segments[0].num_samples

    @property
    def name(self) -> str:
        """The ids of its sources."""
        return " + ".join(segment.name for segment in self.segments)

    @property
    def place(self) -> str:
        """What it is, for messages."""
        return " + ".join(segment.place for segment in self.segments)

    @property
    def peak(self) -> float:
        """What no magnitude of their sum passes, in LSB."""
        return sum(gain * one.peak for one, gain in zip(self.segments, self.gains, strict=True))

    @property
    def rms_bound(self) -> float:
        """The RMS of the sum in LSB if the segments have nothing in common."""
        parts = zip(self.segments, self.gains, strict=True)
        return math.sqrt(sum((gain * segment.rms_bound) ** 2 for segment, gain in parts))

    @property
    def lufs(self) -> float:
        """The loudness of the sum if the segments have nothing in common."""
        parts = zip(self.segments, self.gains, strict=True)
        hops = np.sum([gain**2 * segment.hops for segment, gain in parts], axis=0)
        return integrated_lufs(hops, 1.0, sampling_rate=SAMPLING_RATE)


Part = Segment | Unmade | Blend
"""What stands on one side of an SNR."""


def obstacle(clean: Part, noise: Part, snr_db: float, definition: SnrDefinition) -> str | None:
    """Return why the pair cannot carry the SNR, or None when it can."""
    levels = clean.rms_bound, noise.rms_bound
    for segment, rms in zip((clean, noise), levels, strict=True):
        if rms < MIN_RECORDED_RMS:
            level = f"{dbfs(rms):.1f} dBFS RMS"
            return f"{segment.place} is {level}, under −60"
    if definition == "lufs":
        gain = _gain(clean.lufs - noise.lufs - snr_db)
    else:
        gain = _gain(20.0 * math.log10(levels[0] / levels[1]) - snr_db)
    if math.isnan(gain):
        return (
            f"{definition} is undefined for {clean.name} or {noise.name} "
            f"in {clean.num_samples / SAMPLING_RATE:g} s (loudness needs 0.4 s above its gate)"
        )
    peaks = clean.peak + gain * noise.peak
    mix_gain = min(1.0, CEILING / peaks)
    for segment, rms in ((clean, levels[0] * mix_gain), (noise, levels[1] * (gain * mix_gain))):
        if rms < MIN_MIXED_RMS:
            return (
                f"{segment.name} would fall to {rms:.2g} LSB RMS, "
                f"under {MIN_MIXED_RMS:g}, where 16 bits no longer carry it"
            )
    return None


def _gain(decibels: float) -> float:
    """Return the linear gain of a number of dB, NaN when a level is undefined."""
    exponent = decibels / 20.0
    return 10.0 ** max(min(exponent, 300.0), -300.0) if math.isfinite(exponent) else math.nan
