"""The noise gate of a mixing desk, on every track by itself: quiet where its own source rests.

A gate lets a track pass while its level is above a threshold, and lowers it by a fixed range
otherwise. It removes no bleed while the source sounds; it is what studios have beside editing by
hand. Its threshold is set by ear; here it is Otsu's of the track's levels in dB ("A threshold
selection method from gray-level histograms", IEEE Trans. SMC 9(1), 1979): between those when the
source sounds and those when others alone are heard. Where the two kinds are not well apart, as on a
track whose source never rests, the gate stays open.

Around the threshold: it opens at it, and closes 6 dB below (hysteresis), 50 ms after the last
moment above that (hold), over 100 ms (release). It is open, over 1 ms (attack), 5 ms before the
level rises (look-ahead). Ramps are straight lines in dB.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.contract import Batch, DenoiserSpec, Side

Levels = NDArray[np.float64]

_STEP_S = 0.001
_LEVEL_S = 0.010  # what a level is the mean of: less follows the waves of a bass
_DEEPEST_DB = 60.0  # below a track's highest level nothing counts
_BIN_DB = 1.0


@dataclass(frozen=True)
class Gate:
    """A gate with an automatic threshold on each track.

    Attributes:
        range_db: By how much it lowers what is below.
        hysteresis_db: How far below the threshold it closes.
        attack_s: How long it takes to open.
        hold_s: How long it stays open after the level fell.
        release_s: How long it takes to close.
        look_ahead_s: How long before the level rises it is open.
        apart_db: How far apart the mean levels of both kinds must be for it to close at all.
    """

    range_db: float = 20.0
    hysteresis_db: float = 6.0
    attack_s: float = 0.001
    hold_s: float = 0.050
    release_s: float = 0.100
    look_ahead_s: float = 0.005
    apart_db: float = 15.0

    spec = DenoiserSpec(
        name="gate",
        task="debleed",
        channels=1,
        citation="Otsu, IEEE Trans. SMC 9(1) 1979, doi:10.1109/TSMC.1979.4310076 (threshold)",
    )

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Side | None = None) -> Batch:
        """Return the tracks (batch, microphones, 1, time), each through its gate."""
        del side
        step = max(1, round(_STEP_S * sampling_rate))
        estimates = batch.copy()
        for track in estimates.reshape(-1, batch.shape[-1]):
            gain_db = self.gain_db(levels_db(track, sampling_rate), step / sampling_rate)
            if gain_db.any():
                place = (np.arange(len(gain_db)) + 0.5) * step
                gain = np.interp(np.arange(len(track)), place, 10.0 ** (gain_db / 20.0))
                np.multiply(track, gain.astype(np.float32), out=track)
        return estimates

    def gain_db(self, levels: Levels, step_s: float) -> Levels:
        """Return the gain at every step in dB, from the levels in dB, ``step_s`` seconds apart."""
        threshold_db, difference_db = otsu(levels)
        if difference_db < self.apart_db:
            return np.zeros_like(levels)
        is_open = passes(levels, threshold_db, threshold_db - self.hysteresis_db)
        number = np.arange(len(levels))
        never = np.iinfo(np.int64).max // 4
        last = np.maximum.accumulate(np.where(is_open, number, -never))
        following = np.minimum.accumulate(np.where(is_open, number, never)[::-1])[::-1]
        since_s = np.maximum((number - last) * step_s - self.hold_s, 0.0)
        until_s = np.maximum((following - number) * step_s - self.look_ahead_s, 0.0)
        nearness = np.minimum(since_s / self.release_s, until_s / self.attack_s)
        gain: Levels = -self.range_db * np.minimum(nearness, 1.0)
        return gain


def levels_db(track: NDArray[np.float32], sampling_rate: int) -> Levels:
    """Return the level of each step of a millisecond, the mean of 10 ms about it, in dB."""
    step = max(1, round(_STEP_S * sampling_rate))
    power = np.square(track, dtype=np.float64)
    sums = np.add.reduceat(power, np.arange(0, len(power), step)) / step
    width = max(1, round(_LEVEL_S / _STEP_S))
    total = np.concatenate([[0.0], np.cumsum(sums)])
    first = np.maximum(np.arange(len(sums)) - width // 2, 0)
    end = np.minimum(first + width, len(sums))
    mean = np.maximum(total[end] - total[first], 0.0) / width
    levels: Levels = 10.0 * np.log10(np.maximum(mean, np.finfo(np.float64).tiny))
    return levels


def passes(levels: Levels, opens_db: float, closes_db: float) -> NDArray[np.bool_]:
    """Return where a gate with hysteresis is open: between its thresholds as it was before.

    >>> passes(np.array([-30.0, -9.0, -14.0, -18.0, -14.0]), -10.0, -16.0).tolist()
    [False, True, True, False, False]
    """
    decides = (levels >= opens_db) | (levels < closes_db)
    last = np.maximum.accumulate(np.where(decides, np.arange(len(levels)), -1))
    is_open: NDArray[np.bool_] = (last >= 0) & (levels[last] >= opens_db)
    return is_open


def otsu(levels: Levels) -> tuple[float, float]:
    """Return the level that parts levels best in two kinds, and the difference of their means.

    Args:
        levels: In dB; those 60 dB below the highest count as being there.

    Returns:
        The threshold and the difference, both in dB; the latter is 0 where all are the same.

    >>> otsu(np.array([-40.0, -42.0, -41.0, -10.0, -12.0]))
    (-12.5, 30.0)
    """
    highest = float(levels.max())
    depth = np.minimum(highest - levels, _DEEPEST_DB)
    counts = np.bincount(np.rint(depth / _BIN_DB).astype(int), minlength=2).astype(np.float64)
    centres = _BIN_DB * np.arange(len(counts))
    above = np.cumsum(counts)[:-1]
    below = counts.sum() - above
    loud = np.cumsum(counts * centres)[:-1] / np.maximum(above, 1.0)
    quiet = (np.cumsum((counts * centres)[::-1])[-2::-1]) / np.maximum(below, 1.0)
    between = above * below * (quiet - loud) ** 2
    place = int(between.argmax())
    apart = quiet[place] - loud[place] if between[place] > 0 else 0.0
    return highest - _BIN_DB * (place + 0.5), float(apart)
