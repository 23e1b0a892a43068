"""Measure what a microphone hears while its own source is silent.

Where that is, nobody tells of a real session; but how loud the others are in it is known from the
estimate of bleed. The source of microphone i is silent in a frame where i holds no more than twice
(3 dB above) the power that the others bleed into it, while one of them sounds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FRAME_S = 0.1
FEWEST_FRAMES = 10
FAINTEST_DB = -120.0
"""What is fainter is told as this, in dBFS."""

_SLACK = 2.0
_SOUNDING = 1e-4  # of a source's loudest frame: 40 dB


class FramePower:
    """Mean squares of frames of a tenth of a second, as the session comes.

    Args:
        microphones: How many.
        sampling_rate: In Hz.

    >>> frames = FramePower(1, 1000)
    >>> frames.add(np.full((1, 250), 0.5, np.float32))
    >>> frames.power()
    array([[0.25, 0.25]])
    """

    def __init__(self, microphones: int, sampling_rate: int) -> None:
        self._length = max(1, round(FRAME_S * sampling_rate))
        self._rest = np.zeros((microphones, 0), np.float32)
        self._frames: list[Floats] = []

    def add(self, block: NDArray[np.float32]) -> None:
        """Take the next samples (microphones, time) into account."""
        signal = np.concatenate([self._rest, block], axis=-1)
        whole = signal.shape[-1] // self._length * self._length
        frames = signal[:, :whole].reshape(len(signal), -1, self._length)
        self._frames.append(np.einsum("kft,kft->kf", frames, frames, dtype=np.float64))
        self._rest = signal[:, whole:]

    def power(self) -> Floats:
        """Return the mean squares of all whole frames, shape (microphones, frames)."""
        power: Floats = np.concatenate(self._frames, axis=-1) / self._length
        return power


def own_silent(
    power: Floats, bleed_db: Floats, voices: Sequence[int], loudest: Sequence[int]
) -> Mask:
    """Return in which frames the source of each microphone is silent and another one sounds.

    Args:
        power: Of the frames before bleed is removed, shape (microphones, frames).
        bleed_db: Level of every source in every microphone over that in its own, in dB, shape
            (microphones, sources); NaN of a silent source.
        voices: The number of each microphone's source.
        loudest: The number of each source's own microphone.

    Returns:
        Shape (microphones, frames).
    """
    own = power[list(loudest)]
    sounding = own > _SOUNDING * own.max(axis=-1, keepdims=True, initial=0)
    gains = np.nan_to_num(10 ** (bleed_db / 10))
    foreign = np.ones(gains.shape, np.bool_)
    foreign[np.arange(len(voices)), voices] = False
    explained = (gains * foreign) @ own
    another = foreign.astype(np.intp) @ sounding.astype(np.intp) > 0
    silent: Mask = (power <= _SLACK * explained) & another
    return silent


def level_dbfs(power: Floats, silent: Mask) -> Floats:
    """Return the level of each microphone over the frames in which its own source is silent.

    Args:
        power: Shape (microphones, frames).
        silent: The same.

    Returns:
        RMS in dBFS, 0 for a square wave at full scale, at least ``FAINTEST_DB``; NaN where there
        are fewer than ``FEWEST_FRAMES``.
    """
    count = silent.sum(axis=-1)
    mean = np.where(silent, power, 0).sum(axis=-1) / np.maximum(count, 1)
    level: Floats = 10 * np.log10(np.maximum(mean, 10 ** (FAINTEST_DB / 10)))
    return np.where(count >= FEWEST_FRAMES, level, np.nan)
