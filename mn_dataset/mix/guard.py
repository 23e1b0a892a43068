"""Keep a mixture from clipping: one gain for all its layers, only when it is needed."""

from __future__ import annotations

import numpy as np

from mn_dataset.audio.io import Pcm
from mn_dataset.audio.level import peak

CEILING = 32_000
"""Largest magnitude that a layer or the mixture may have after the guard, in LSB."""

_MARGIN = 2  # LSB: rounding each of two layers may add one


def needed(top: float) -> float:
    """Return the gain that brings a magnitude to the ceiling; 1.0 if it is not above.

    The gain carries 24 significant bits.

    >>> needed(32_000), needed(40_000)
    (1.0, 0.7999500036239624)
    """
    return 1.0 if top <= CEILING else float(np.float32((CEILING - _MARGIN) / top))


def top(clean: Pcm, noise: Pcm) -> int:
    """Return the largest magnitude of two layers and of their sum.

    >>> top(np.array([30000, 1], np.int16), np.array([10000, -2], np.int16))
    40000
    """
    layers = peak(clean), peak(noise)
    if sum(layers) <= CEILING:
        return max(layers)
    together = np.add(clean, noise, dtype=np.int32)
    return max(*layers, int(together.max()), -int(together.min()))
