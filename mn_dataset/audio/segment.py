"""Cut a segment out of a recording, looping a short one with an equal-power cross-fade.

A loop is a periodic signal: the recording's last ``fade`` samples are laid over its first ones
with weights √((N−k)/N) and √(k/N), whose squares sum to one, so that noise keeps its power
across the seam; the period is the recording less the fade. The loop is rounded to 16 bits once,
after which everything about it is an integer again.
"""

from __future__ import annotations

import numpy as np

from mn_dataset.audio.io import Pcm
from mn_dataset.audio.level import GRID

FADE = 11_025
"""Samples of the loop's cross-fade: a quarter of a second at 44.1 kHz."""

MIN_LOOP = 2 * (FADE + GRID)
"""The shortest recording that can be looped: the two faded ends must not meet."""


def loop(samples: Pcm, fade: int) -> Pcm:
    """Return one period of the looped recording, int16 of len(samples) − fade.

    >>> loop(np.full(8, 100, np.int16), 2).tolist()
    [100, 141, 100, 100, 100, 100]

    Raises:
        ValueError: if the recording is shorter than two fades.
    """
    if fade < 1 or len(samples) < 2 * fade:
        raise ValueError(f"{len(samples)} samples cannot be looped with a fade of {fade}")
    period = samples[: len(samples) - fade].copy()
    position = np.arange(fade, dtype=np.float64)
    faded = np.sqrt(position / fade) * samples[:fade]
    faded += np.sqrt((fade - position) / fade) * samples[len(samples) - fade :]
    period[:fade] = np.clip(np.rint(faded), -32_768, 32_767)
    return period


def cut(samples: Pcm, start: int, num_samples: int, *, periodic: bool = False) -> Pcm:
    """Return ``num_samples`` samples from ``start``, wrapping round when ``periodic``.

    >>> cut(np.arange(4, dtype=np.int16), 3, 6, periodic=True).tolist()
    [3, 0, 1, 2, 3, 0]

    Raises:
        ValueError: if the segment leaves the recording.
    """
    if not periodic:
        if not 0 <= start <= len(samples) - num_samples:
            raise ValueError(f"[{start}, {start + num_samples}) leaves {len(samples)} samples")
        return samples[start : start + num_samples]
    copies = -(-(start % len(samples) + num_samples) // len(samples))
    return np.tile(samples, copies)[start % len(samples) :][:num_samples]


def fade_for(frames: int, num_samples: int) -> int:
    """Return the fade of a recording's loop, 0 if it is long enough without one.

    It is a quarter of a second and so much more that the period is whole 10-ms steps.

    >>> fade_for(50_000, 40_000), (50_000 - fade_for(50_000, 60_000)) % 441
    (0, 0)
    """
    return 0 if frames >= num_samples else FADE + (frames - FADE) % GRID


def starts(frames: int, num_samples: int, fade: int) -> int:
    """Return how many starts a recording offers, 10 ms apart from sample 0.

    On that grid the index knows the loudness of every segment.

    >>> starts(441_000, 220_500, 0), starts(110_250, 220_500, 11_025)
    (501, 225)
    """
    span = frames - num_samples if frames >= num_samples else frames - fade - 1
    return span // GRID + 1
