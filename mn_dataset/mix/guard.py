"""Keep a mixture from clipping: one gain for all its layers, only when it is needed."""

from __future__ import annotations

import numpy as np

from mn_dataset.audio.io import Pcm
from mn_dataset.audio.level import peak

CEILING = 32_000
"""Largest magnitude that a layer or the mixture may have after the guard, in LSB."""


def mix_gain(layers: tuple[tuple[Pcm, float], ...]) -> float:
    """Return the gain that brings every layer, and their sum, to the ceiling; 1.0 if all are.

    Args:
        layers: Samples, int16 (time,), each with the linear gain that it will get.

    >>> mix_gain(((np.array([100], np.int16), 1.0), (np.array([30], np.int16), 2.0)))
    1.0
    >>> mix_gain(((np.array([30000], np.int16), 1.0), (np.array([10000], np.int16), 1.0)))
    0.800000011920929
    """
    if sum(gain * peak(samples) for samples, gain in layers) <= CEILING:
        return 1.0
    quantised = [np.rint(samples * gain) for samples, gain in layers]
    together = np.sum(quantised, axis=0)
    top = max(float(np.abs(part).max()) for part in (*quantised, together))
    if top <= CEILING:
        return 1.0
    factor = np.float32(CEILING / top)
    while not _fits(layers, float(factor)):
        factor = np.nextafter(factor, np.float32(0.0))
    return float(factor)


def _fits(layers: tuple[tuple[Pcm, float], ...], factor: float) -> bool:
    quantised = [np.rint(samples * (gain * factor)) for samples, gain in layers]
    together = np.sum(quantised, axis=0)
    return max(float(np.abs(part).max()) for part in (*quantised, together)) <= CEILING
