"""Make a room's response, and let a layer sound in it.

The response is Polack's (1988): the direct sound, then Gaussian noise that decays by 60 dB in
``rt60_s``, here dulled by one pole as walls and air do. The direct sound keeps time and level.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter, oaconvolve

from mn_dataset import seeds

_DECAY = np.log(1000.0)  # amplitude falls by 60 dB


def response(
    *,
    rt60_s: float,
    direct_to_reverberant_db: float,
    damping_hz: float,
    seed: int,
    sampling_rate: int,
) -> NDArray[np.float32]:
    """Return a room's response, float32 (time,), from its direct sound to −60 dB.

    Args:
        rt60_s: Time in which the tail decays by 60 dB.
        direct_to_reverberant_db: Energy of the direct sound over that of the tail.
        damping_hz: Where the tail's spectrum begins to fall by 6 dB per octave.
        seed: Of the tail.
        sampling_rate: In Hz.

    >>> room = response(rt60_s=0.1, direct_to_reverberant_db=10, damping_hz=5000, seed=1,
    ...                 sampling_rate=44_100)
    >>> float(room[0]), round(float(np.sum(np.square(room[1:]))), 3)
    (1.0, 0.1)
    """
    length = round(rt60_s * sampling_rate)
    noise = seeds.generator(seed, "room response").normals(length)
    pole = np.exp(-2.0 * np.pi * damping_hz / sampling_rate)
    tail = lfilter([1.0 - pole], [1.0, -pole], noise)
    tail *= np.exp(-_DECAY * np.arange(length) / length)
    tail *= 10.0 ** (-direct_to_reverberant_db / 20.0) / np.sqrt(np.sum(np.square(tail)))
    return np.concatenate([[1.0], tail]).astype(np.float32)


def reverberate(samples: NDArray[np.float32], room: NDArray[np.float32]) -> NDArray[np.float32]:
    """Convolve, float32 (time,); the tail beyond the last sample is cut off."""
    wet: NDArray[np.float32] = oaconvolve(samples, room)[: len(samples)]
    return wet
