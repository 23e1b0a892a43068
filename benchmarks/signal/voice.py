"""Take the voice of a mixture by a mask; the accompaniment is all else."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.signal.stft import Gain, Power, masked, stft_at

LOWEST_HZ = 100.0
"""What lies below is no voice: "vocals are rarely below 100 Hz" (Rafii and Pardo's program)."""


def voice_of(
    signal: NDArray[np.float32], sampling_rate: int, mask: Callable[[Power], Gain]
) -> NDArray[np.float32]:
    """Weigh the spectrum of a signal, less what lies below ``LOWEST_HZ``.

    Args:
        signal: float32, shape (batch, channels, time).
        sampling_rate: In Hz.
        mask: Turns the power (frames, bins) of one channel into a gain of the same shape.

    Returns:
        float32, shape as given.
    """
    first = math.ceil(LOWEST_HZ * stft_at(sampling_rate).window_length / sampling_rate)

    def above(power: Power) -> Gain:
        gain = np.zeros_like(power)
        for channel in np.ndindex(power.shape[:-2]):
            gain[channel] = mask(power[channel])
        gain[..., :first] = 0
        return gain

    return masked(signal, sampling_rate, above)


def with_accompaniment(
    voice: NDArray[np.float32], mixture: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return both, shape (batch, 2, channels, time); they add up to the mixture.

    >>> both = with_accompaniment(np.ones((1, 2, 3), np.float32), np.zeros((1, 2, 3), np.float32))
    >>> both.shape, float(both.sum())
    ((1, 2, 2, 3), 0.0)
    """
    return np.stack([voice, mixture - voice], axis=1)
