"""Take a known delay out of a batch, whole samples or not."""

from __future__ import annotations

import math

import numpy as np
import scipy.fft

from benchmarks.contract import Batch

# The ideal interpolator rings on: silence this long keeps what leaves one end of the
# transform from coming back at the other.
_MARGIN = 2048


def advanced(batch: Batch, latency: float) -> Batch:
    """Move a batch forward in time by ``latency`` samples.

    The fraction is a ramp of the phase, ``exp(2πi f fraction)``, exact for band-limited audio;
    the whole part is a shift. The end is filled with silence.

    Args:
        batch: float32, shape (..., time).
        latency: Delay to remove in samples, at least 0.

    Returns:
        float32, shape as given.

    >>> advanced(np.array([0.0, 0.0, 1.0, 2.0], np.float32), 2.0)
    array([1., 2., 0., 0.], dtype=float32)
    """
    whole = math.floor(latency)
    moved = np.zeros_like(batch)
    kept = max(0, batch.shape[-1] - whole)
    moved[..., :kept] = _advanced_by_fraction(batch, latency - whole)[..., whole:]
    return moved


def _advanced_by_fraction(batch: Batch, fraction: float) -> Batch:
    if fraction == 0:
        return batch
    size = scipy.fft.next_fast_len(batch.shape[-1] + _MARGIN, real=True)
    ramp = np.exp(2j * np.pi * scipy.fft.rfftfreq(size) * fraction).astype(np.complex64)
    spectrum = scipy.fft.rfft(batch, size, axis=-1) * ramp
    moved: Batch = scipy.fft.irfft(spectrum, size, axis=-1)[..., : batch.shape[-1]]
    return moved
