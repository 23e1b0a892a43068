"""Measure 16-bit audio: exact energies, active level, BS.1770 loudness, clipped samples.

Energies are integers: a block of 1024 squared 16-bit samples stays below 2**40, so float64
sums them exactly in any order. Loudness follows ITU-R BS.1770-4 with the filters of pyloudnorm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from mn_dataset.audio.io import Pcm

BLOCK = 1024
"""Samples per energy block."""

GRID = 441
"""Samples per K-weighted energy of the index: 10 ms at 44.1 kHz, ten to a loudness hop."""

FULL_SCALE = 32_768
MIN_RECORDED_RMS = FULL_SCALE / 1000.0
"""−60 dBFS, in LSB: what is quieter everywhere is in no mixture."""
CEILING = 32_000
"""Largest magnitude that a layer or the mixture may have after the clipping guard, in LSB."""
ACTIVE_RANGE = 10_000
"""Energy ratio of the loudest block to the quietest active one: 40 dB."""

LOUDNESS_BLOCK_S = 0.4
LOUDNESS_HOP_S = 0.1
_HOPS_AT_A_TIME = 10
SETTLING_S = 0.2
"""The K-weighting forgets its start within this time (its slowest pole decays in 4 ms)."""

SHORTEST_PLATEAU = 3
"""Equal samples at an extreme that are taken for clipping."""

_QUIETEST_PLATEAU = 1024  # LSB; below −30 dBFS a plateau is rounding, not clipping
_STEEP = 256  # a wave's own crest is still within a 256th of its extreme two samples on

Float64 = NDArray[np.float64]
Whole = NDArray[np.int16] | NDArray[np.int32]
"""Samples of 16 bits, or sums of them."""


@dataclass(frozen=True)
class Level:
    """What was measured on 16-bit samples; energies are in squared LSB.

    Attributes:
        num_samples: Length in samples.
        total: Sum of the samples (their mean times the length).
        blocks: int64 energy of every block of 1024 samples; the last may be shorter.
        peak: Largest magnitude of a sample, 0 to 32768.
    """

    num_samples: int
    total: int
    blocks: NDArray[np.int64]
    peak: int

    @property
    def energy(self) -> int:
        """Sum of the squared samples."""
        return int(self.blocks.sum())

    @property
    def variance_energy(self) -> float:
        """Energy about the mean: the numerator is an exact integer."""
        return (self.num_samples * self.energy - self.total**2) / self.num_samples

    @property
    def active_power(self) -> float:
        """Mean energy per sample over the blocks within 40 dB of the loudest."""
        lengths = block_lengths(self.num_samples)
        loudest = float((self.blocks / lengths).max())
        active = self.blocks * ACTIVE_RANGE >= loudest * lengths
        return int(self.blocks[active].sum()) / int(lengths[active].sum())


def measure(samples: Whole) -> Level:
    """Measure 16-bit samples or sums of them, shape (time,), of magnitudes up to 2**21."""
    return Level(
        num_samples=len(samples),
        total=int(samples.sum(dtype=np.int64)),
        blocks=block_energies(samples.astype(np.float64)),
        peak=peak(samples),
    )


def block_energies(samples: Float64) -> NDArray[np.int64]:
    """Return the exact energy of every block of whole numbers in the 16-bit range.

    >>> block_energies(np.full(1025, -32768.0)).tolist()
    [1099511627776, 1073741824]
    """
    whole = len(samples) // BLOCK
    body = samples[: whole * BLOCK].reshape(whole, 1, BLOCK)
    energies = np.empty(-(-len(samples) // BLOCK), np.int64)
    # Exact in any order, so the quickest will do: one dot product per block.
    energies[:whole] = np.matmul(body, body.transpose(0, 2, 1))[:, 0, 0]
    if len(samples) % BLOCK:
        tail = samples[whole * BLOCK :]
        energies[whole] = tail @ tail
    return energies


def peak(samples: Whole) -> int:
    """Return the largest magnitude, 0 for no samples.

    >>> peak(np.array([-32768, 5], np.int16))
    32768
    """
    return max(int(samples.max()), -int(samples.min())) if len(samples) else 0


def block_lengths(num_samples: int) -> NDArray[np.int64]:
    """Return the length of every energy block.

    >>> block_lengths(1500).tolist()
    [1024, 476]
    """
    lengths = np.full(-(-num_samples // BLOCK), BLOCK, dtype=np.int64)
    if num_samples % BLOCK:
        lengths[-1] = num_samples % BLOCK
    return lengths


def dbfs(amplitude: float) -> float:
    """Return a magnitude in LSB as decibels below full scale; -inf for zero.

    >>> dbfs(16384)
    -6.020599913279624
    """
    return 20.0 * math.log10(amplitude / FULL_SCALE) if amplitude > 0 else float("-inf")


def round_gain(gain: float) -> float:
    """Round to 24 significant bits: a gain times a 16-bit sample is exact in float64.

    >>> round_gain(1 / 3) == 11184811 / 2**25
    True
    """
    return float(np.float32(gain))


def k_weight(samples: Pcm | Float64, *, sampling_rate: int) -> Float64:
    """Filter with both stages of the K-weighting, from rest; output in units of full scale."""
    from scipy.signal import lfilter  # noqa: PLC0415 - a second to import, for loudness alone

    numerator, denominator = _k_filter(sampling_rate)
    weighted: Float64 = lfilter(numerator, denominator, np.asarray(samples, np.float64))
    weighted /= FULL_SCALE
    return weighted


def grid_energies(weighted: Float64) -> Float64:
    """Return the energy of K-weighted samples per 441: ten to a hop; the last may be shorter."""
    squares = np.square(weighted)
    return np.add.reduceat(squares, np.arange(0, len(squares), GRID))


def hop_bounds(num_samples: int, *, sampling_rate: int) -> NDArray[np.int64]:
    """Return the sample bounds of the 100 ms hops that loudness blocks of 400 ms are made of.

    There is none when there is less than one block.
    """
    hop = LOUDNESS_HOP_S * sampling_rate
    if num_samples < LOUDNESS_BLOCK_S * sampling_rate:
        return np.zeros(0, np.int64)
    blocks = round((num_samples / sampling_rate - LOUDNESS_BLOCK_S) / LOUDNESS_HOP_S) + 1
    bounds: NDArray[np.int64] = np.floor(np.arange(blocks + 4) * hop + 1e-6).astype(np.int64)
    bounds[bounds > num_samples] = num_samples
    return bounds


def integrated_lufs(hops: Float64, gain: float, *, sampling_rate: int) -> float:
    """Return the gated loudness (BS.1770-4, eqs. 5-7) from K-weighted energies per hop.

    Args:
        hops: Sum of squares per 100 ms hop, in units of full scale.
        gain: Linear gain applied before measuring.
        sampling_rate: In Hz.

    Returns:
        LUFS, or NaN when there is less than one block of 0.4 s or nothing above the gate.
    """
    if len(hops) < 4:
        return float("nan")
    sums = np.convolve(hops, np.ones(4), mode="valid")
    power = sums * gain**2 / (LOUDNESS_BLOCK_S * sampling_rate)
    gated = power[power >= 10.0 ** ((-70.0 + 0.691) / 10.0)]
    if not gated.size:
        return float("nan")
    relative = gated.mean() / 10.0
    loud = gated[gated > relative]
    return -0.691 + 10.0 * math.log10(loud.mean()) if loud.size else float("nan")


def hop_energies(samples: Whole | Float64, *, sampling_rate: int) -> Float64:
    """Return the K-weighted energies per 100 ms of samples in LSB, filtered from rest.

    Bit for bit what ``weighted_hops`` makes of the whole, a second at a time in the cache.
    """
    from scipy.signal import lfilter  # noqa: PLC0415 - as above

    numerator, denominator = _k_filter(sampling_rate)
    bounds = hop_bounds(len(samples), sampling_rate=sampling_rate)
    energies = np.zeros(max(0, len(bounds) - 1))
    state = np.zeros(len(numerator) - 1)
    for first in range(0, len(energies), _HOPS_AT_A_TIME):
        edges = bounds[first : first + _HOPS_AT_A_TIME + 1]
        part = np.asarray(samples[edges[0] : edges[-1]], np.float64)
        weighted, state = lfilter(numerator, denominator, part, zi=state)
        weighted /= FULL_SCALE
        squares = np.square(weighted, out=weighted)
        energies[first : first + len(edges) - 1] = np.add.reduceat(squares, edges[:-1] - edges[0])
    return energies


def weighted_hops(weighted: Float64, *, sampling_rate: int) -> Float64:
    """Return the energies per 100 ms of samples that are K-weighted already."""
    bounds = hop_bounds(len(weighted), sampling_rate=sampling_rate)
    if not len(bounds):
        return np.zeros(0)
    return np.add.reduceat(np.square(weighted[: bounds[-1]]), bounds[:-1])


def lufs(samples: Pcm, *, sampling_rate: int) -> float:
    """Return the integrated loudness of 16-bit samples in LUFS, NaN below 0.4 s or the gate."""
    hops = hop_energies(samples, sampling_rate=sampling_rate)
    return integrated_lufs(hops, 1.0, sampling_rate=sampling_rate)


def clipped_samples(samples: Pcm) -> int:
    """Count samples that were cut off at full scale, whatever level they stand at now.

    Counted are the samples of plateaus: runs of three or more equal samples at the largest or
    smallest value, which the signal meets or leaves steeply. The round crest of a loud hum is
    flat too once it is rounded, but is left slowly. Clipping that was filtered or resampled
    afterwards has no plateaus and is not seen.

    Args:
        samples: int16 (time,).

    >>> wave = np.arange(-20_000, 20_000, 1_000)
    >>> clipped_samples(np.clip(wave, -15_000, 15_000).astype(np.int16))
    11
    """
    if len(samples) < SHORTEST_PLATEAU:
        return 0
    return sum(_plateaus(samples, int(extreme)) for extreme in (samples.max(), samples.min()))


@cache
def _k_filter(sampling_rate: int) -> tuple[Float64, Float64]:
    """Return pyloudnorm's two stages as one: half the passes, equal to 1e-11 of full scale."""
    import pyloudnorm  # noqa: PLC0415 - as above

    shelf, high_pass = pyloudnorm.Meter(sampling_rate)._filters.values()
    return np.convolve(shelf.b, high_pass.b), np.convolve(shelf.a, high_pass.a)


def _plateaus(samples: Pcm, extreme: int) -> int:
    if abs(extreme) < _QUIETEST_PLATEAU:
        return 0
    at = np.flatnonzero(samples == extreme)
    breaks = np.flatnonzero(np.diff(at) > 1)
    first = at[np.concatenate([[0], breaks + 1])]
    last = at[np.concatenate([breaks, [len(at) - 1]])]
    long = last - first + 1 >= SHORTEST_PLATEAU
    first, last = first[long], last[long]
    before = samples[np.maximum(first - 2, 0)].astype(np.int64)
    after = samples[np.minimum(last + 2, len(samples) - 1)].astype(np.int64)
    steep = np.maximum(abs(before - extreme), abs(after - extreme)) * _STEEP >= abs(extreme)
    return int((last - first + 1)[steep].sum())
