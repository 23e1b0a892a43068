"""Track the noise by averaging with the probability of music under a fixed prior.

Gerkmann and Hendriks, "Unbiased MMSE-based noise power estimation with low complexity and low
tracking delay", IEEE Transactions on Audio, Speech, and Language Processing 20(4), 2012.

It follows a change of the noise within a fraction of a second, and so a note that is held for
longer: on music that is its price.
"""

from __future__ import annotations

import numpy as np

from benchmarks.signal.stft import Power

_HOP_S = 0.016  # of the paper's frames, to which its two memories belong
_SMOOTHING = 0.8
_PRESENCE_SMOOTHING = 0.9
_PRIOR = 10.0**1.5  # ξ of what is there: 15 dB
_STUCK = 0.99  # a mean probability beyond which it is held back, so that noise may rise
_FIRST = 5  # frames whose mean is the first estimate


def spp(power: Power, *, frames_per_s: float) -> Power:
    """Return the noise power of every frame.

    Args:
        power: Of the mixture, shape (..., frames, bins), nowhere zero for a whole item.
        frames_per_s: One over the hop.

    Returns:
        Shape as given.
    """
    memory, presence_memory = (
        constant ** (1.0 / (frames_per_s * _HOP_S))
        for constant in (_SMOOTHING, _PRESENCE_SMOOTHING)
    )
    noise = np.empty_like(power)
    frames = np.moveaxis(power, -2, 0).astype(np.float64)
    estimate = frames[:_FIRST].mean(axis=0)
    mean_presence = np.zeros_like(estimate)
    for number, frame in enumerate(frames):
        evidence = np.exp(-np.minimum(frame / estimate * _PRIOR / (1.0 + _PRIOR), 200.0))
        presence = 1.0 / (1.0 + (1.0 + _PRIOR) * evidence)  # eq. 18, both equally likely before
        mean_presence = presence_memory * mean_presence + (1.0 - presence_memory) * presence
        bounded = np.where(mean_presence > _STUCK, np.minimum(presence, _STUCK), presence)
        expected = bounded * estimate + (1.0 - bounded) * frame  # eq. 22
        estimate = memory * estimate + (1.0 - memory) * expected
        noise[..., number, :] = estimate
    return noise
