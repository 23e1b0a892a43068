"""Count samples that were cut off at full scale, whatever level they stand at now."""

from __future__ import annotations

import numpy as np

from mn_dataset.audio.io import Pcm

SHORTEST_RUN = 3
"""Equal samples at an extreme that make a plateau."""

_QUIET = 1024  # LSB; below −30 dBFS a plateau is rounding, not clipping
_STEEP = 256  # a wave's own crest is still within a 256th of its extreme two samples on


def clipped_samples(samples: Pcm) -> int:
    """Count the samples of plateaus at the largest or smallest value, int16 (time,).

    A plateau is a run of three or more equal samples at an extreme that the signal meets or
    leaves steeply: the round crest of a loud hum is flat too once it is rounded, but is left
    slowly. Clipping that was filtered or resampled afterwards has no plateaus and is not seen.

    >>> wave = np.arange(-20_000, 20_000, 1_000)
    >>> clipped_samples(np.clip(wave, -15_000, 15_000).astype(np.int16))
    11
    """
    if len(samples) < SHORTEST_RUN:
        return 0
    return sum(_plateaus(samples, int(extreme)) for extreme in (samples.max(), samples.min()))


def _plateaus(samples: Pcm, extreme: int) -> int:
    if abs(extreme) < _QUIET:
        return 0
    at = np.flatnonzero(samples == extreme)
    breaks = np.flatnonzero(np.diff(at) > 1)
    first = at[np.concatenate([[0], breaks + 1])]
    last = at[np.concatenate([breaks, [len(at) - 1]])]
    long = last - first + 1 >= SHORTEST_RUN
    first, last = first[long], last[long]
    before = samples[np.maximum(first - 2, 0)].astype(np.int64)
    after = samples[np.minimum(last + 2, len(samples) - 1)].astype(np.int64)
    steep = np.maximum(abs(before - extreme), abs(after - extreme)) * _STEEP >= abs(extreme)
    return int((last - first + 1)[steep].sum())
