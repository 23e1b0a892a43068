"""Ring damped modes, the building blocks of struck and plucked bodies.

A string, bar or membrane left to itself sounds as a sum of exponentially decaying sinusoids
(Adrien 1991, "The missing link: modal synthesis").
"""

from __future__ import annotations

from math import isqrt

import numpy as np

from mn_dataset.catalogue.synthetic.filters import Sound
from mn_dataset.records import SAMPLING_RATE

# OpenBLAS multiplies on one thread up to this many products. More threads only wait for each
# other here, and the sum's order, hence its last bit, must not depend on their number.
_SINGLE_THREADED = 200_000


def ring(frequency_hz: Sound, decay_s: Sound, *, amplitude: Sound, num_samples: int) -> Sound:
    """Sum a exp(-t / decay) sin(2 pi f t) over modes.

    The powers of each mode's pole are split into whole blocks and positions in a block, so that
    the sum is one matrix product instead of an exponential per mode and sample.

    Args:
        frequency_hz: Frequencies, shape (modes,).
        decay_s: Times to fall to 1/e, shape (modes,).
        amplitude: Linear amplitudes, shape (modes,).
        num_samples: Length of the sound.

    Returns:
        The sound, shape (num_samples,).

    >>> one = np.ones(1)
    >>> ring(11_025.0 * one, 1e9 * one, amplitude=one, num_samples=4).round(6) + 0.0
    array([ 0.,  1.,  0., -1.])
    """
    pole = (2j * np.pi * frequency_hz - 1.0 / decay_s) / SAMPLING_RATE
    block = isqrt(num_samples) + 1
    rows = max(1, _SINGLE_THREADED // (2 * len(pole) * block))
    batches = -(-num_samples // (block * rows))
    inner = np.exp(np.outer(pole, np.arange(block)))
    outer = np.exp(np.outer(np.arange(batches * rows) * block, pole)) * amplitude
    halves = np.concatenate([outer.real, outer.imag], axis=1).reshape(batches, rows, -1)
    sound: Sound = halves @ np.concatenate([inner.imag, inner.real])
    return sound.ravel()[:num_samples]
