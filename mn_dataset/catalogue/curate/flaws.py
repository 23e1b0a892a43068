"""Find clipped and impossible samples while a recording is read, before anything smooths them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS_PER_SECOND = 100
SHORTEST_RUN = 3
LARGEST = 2.0**32
"""A float sample above this is rubbish, not sound: integers that were never scaled stay below."""


class Flaws:
    """Count flawed frames per 10 ms of a recording.

    A frame is clipped when one of its channels belongs to a run of three or more equal samples at
    full scale; it is broken when a sample is NaN, infinite or impossibly large.

    >>> flaws = Flaws(sampling_rate=8000, top=32_767)
    >>> flaws.note(np.array([[0], [32767], [32767], [32767], [5]], np.int16))
    >>> flaws.clipped_share(0.0, 0.01), flaws.broken(0.0, 0.01)
    (0.0375, 0)
    """

    def __init__(self, *, sampling_rate: int, top: float) -> None:
        self.sampling_rate, self.top = sampling_rate, top
        self._frames = 0
        self._clipped: Counter[int] = Counter()
        self._broken: Counter[int] = Counter()
        self._last: NDArray[Any] | None = None
        self._counted = np.zeros(0, np.intp)

    def note(self, block: NDArray[Any]) -> None:
        """Look at the next samples (time, channels); impossible ones are set to zero in place."""
        high, low = float(block.max()), float(block.min())
        if not -LARGEST < low <= high < LARGEST:  # not true of NaN either
            self._zero_broken(block)
            high, low = float(block.max()), float(block.min())
        if high >= self.top or low <= -self.top:
            self._find_runs(block)
        else:
            self._last = None
        self._frames += len(block)

    def clipped_share(self, start_s: float, end_s: float) -> float:
        """Return the share of frames between two times that are clipped."""
        frames = (end_s - start_s) * self.sampling_rate
        return _between(self._clipped, start_s, end_s) / frames

    def broken(self, start_s: float, end_s: float) -> int:
        """Return the number of broken frames between two times."""
        return _between(self._broken, start_s, end_s)

    def _zero_broken(self, block: NDArray[Any]) -> None:
        broken = ~(np.abs(block) < LARGEST)
        self._count(self._broken, np.flatnonzero(broken.any(axis=1)))
        block[broken] = 0

    def _find_runs(self, block: NDArray[Any]) -> None:
        """Count the frames of runs; one that began in the block before is whole."""
        before = 0 if self._last is None else len(self._last)
        counted = self._counted if before else np.zeros(0, np.intp)
        joined = block if self._last is None else np.concatenate([self._last, block])
        full = (joined >= self.top) | (joined <= -self.top)
        middle = full[1:-1] & (joined[1:-1] == joined[:-2]) & (joined[1:-1] == joined[2:])
        long = np.zeros(joined.shape, bool)
        for shift in range(SHORTEST_RUN):
            long[shift : shift + len(middle)] |= middle
        found = np.setdiff1d(np.flatnonzero(long.any(axis=1)) - before, counted)
        self._count(self._clipped, found)
        known = np.union1d(counted, found)
        self._counted = known[known >= len(block) - 2] - len(block)
        self._last = joined[-2:].copy()

    def _count(self, counter: Counter[int], frames: NDArray[np.intp]) -> None:
        bins = (self._frames + frames) * BINS_PER_SECOND // self.sampling_rate
        for place, number in zip(*np.unique(bins, return_counts=True), strict=True):
            counter[int(place)] += int(number)


def _between(counter: Counter[int], start_s: float, end_s: float) -> int:
    if not counter:
        return 0
    first, last = round(start_s * BINS_PER_SECOND), round(end_s * BINS_PER_SECOND)
    return sum(number for place, number in counter.items() if first <= place < max(last, first + 1))
