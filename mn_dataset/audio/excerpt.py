"""Keep a part of a session that memory can hold, and tell of the whole by it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mn_dataset.audio.bleed import estimate_bleed

Samples = NDArray[np.float32]
Floats = NDArray[np.float64]

PIECE_S = 1.0
LONGEST_S, SHORTEST_S = 240.0, 30.0
_SHARED_S = 800.0  # of all microphones together


class Excerpt:
    """Seconds of all microphones, spread evenly over a session: all of a short one.

    Four minutes of up to three microphones, fewer of more, half a minute of 26 and above.

    Args:
        microphones: How many.
        num_samples: Length of the session.
        sampling_rate: In Hz.

    >>> excerpt = Excerpt(64, 3600 * 1000, 1000)
    >>> for _ in range(3600):
    ...     excerpt.add(np.zeros((64, 1000), np.float32))
    >>> excerpt.samples.shape
    (64, 30000)
    """

    def __init__(self, microphones: int, num_samples: int, sampling_rate: int) -> None:
        seconds = max(SHORTEST_S, min(LONGEST_S, _SHARED_S / microphones))
        piece = max(1, round(PIECE_S * sampling_rate))
        count = round(seconds / PIECE_S)
        if num_samples <= count * piece:
            piece, count = num_samples, 1
        self._piece = piece
        self._starts = np.linspace(0, num_samples - piece, count).astype(np.int64)
        self._passed = 0
        self.samples: Samples = np.zeros((microphones, count * piece), np.float32)

    def add(self, block: Samples) -> None:
        """Take what belongs to the excerpt of the next samples (microphones, time)."""
        begin, end = self._passed, self._passed + block.shape[-1]
        self._passed = end
        for number in range(np.searchsorted(self._starts, begin - self._piece), len(self._starts)):
            start = int(self._starts[number])
            if start >= end:
                return
            first, last = max(start, begin), min(start + self._piece, end)
            if first < last:
                at = number * self._piece - start
                self.samples[:, at + first : at + last] = block[:, first - begin : last - begin]


def loudest_microphones(power: Floats, voices: Sequence[int]) -> list[int]:
    """Return for every source the number of its microphone of most power.

    >>> loudest_microphones(np.array([1.0, 3.0, 2.0]), [0, 0, 1])
    [1, 2]
    """
    sources = range(max(voices) + 1)
    members = [[mic for mic, voice in enumerate(voices) if voice == one] for one in sources]
    return [max(mics, key=lambda mic: power[mic]) for mics in members]


def source_bleed(tracks: Samples, sampling_rate: int, voices: Sequence[int]) -> Floats:
    """Estimate the level of every source in every microphone, of that in the source's own.

    A source of several microphones is told by the loudest; each of the others stands for it once.

    Args:
        tracks: One microphone per row, shape (K, time).
        sampling_rate: In Hz.
        voices: For every microphone the number of the source that it is close to: 0, 1, ….

    Returns:
        Decibels, shape (K, sources), as ``estimate_bleed``'s; 0 where a source is a microphone's
        own.
    """
    loudest = loudest_microphones(mean_power(tracks), voices)
    bleed_db = np.zeros((len(voices), len(loudest)))
    bleed_db[loudest] = estimate_bleed(tracks[loudest], sampling_rate)
    for mic in sorted(set(range(len(voices))) - set(loudest)):
        own = voices[mic]
        chosen = [*loudest[:own], mic, *loudest[own + 1 :]]
        bleed_db[mic] = estimate_bleed(tracks[chosen], sampling_rate)[own]
    return bleed_db


def mean_power(tracks: Samples) -> Floats:
    """Return the mean square of every row, in float64.

    >>> mean_power(np.array([[0.5, -0.5], [0.0, 0.0]], np.float32))
    array([0.25, 0.  ])
    """
    power: Floats = np.einsum("kt,kt->k", tracks, tracks, dtype=np.float64) / tracks.shape[-1]
    return power
