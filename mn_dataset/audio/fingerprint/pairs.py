"""Name every two recordings that hold the same take: shifted, louder, coded, or another microphone.

All pairs are screened by how their levels move; what stands out is proven by its waveforms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from mn_dataset.audio.fingerprint.coherence import Coherence, coherence, common
from mn_dataset.audio.fingerprint.extract import RATE, Fingerprint
from mn_dataset.audio.fingerprint.screen import (
    FRAMES,
    HOP,
    Candidate,
    Piece,
    Spectra,
    bars,
    candidates,
    cut,
    describe,
)

THRESHOLD = 0.11
"""Coherence from which two recordings are one take, when they sound together for long enough."""

FAINT = 0.15
"""Correlation under which two recordings share a background (2 % of their power) and no take."""

_BLOCK = 128  # pieces a side: the products of a block stay near the processor
_SHORTEST_S, _LONGEST_S = 0.9, 4.5
_SHARE = 0.45
_AMPLE_S = 2.5
_SOUNDING = 0.25  # of that time: beats are sparse, and silence proves nothing


@dataclass(frozen=True)
class Pair:
    """Two recordings of one take.

    Attributes:
        first: Name of a recording.
        second: Name of another.
        shift_s: Where the second begins in the first, in seconds; negative if it begins earlier.
        score: Coherence of the two, from ``THRESHOLD`` to 1.
        correlation: Of their waveforms as they are, where that is known; 1 for copies.
    """

    first: str
    second: str
    shift_s: float
    score: float
    correlation: float = 1.0

    @property
    def faint(self) -> bool:
        """Whether what they have in common is a background under other sounds."""
        return self.correlation < FAINT


def near_duplicates(
    prints: Mapping[str, Fingerprint],
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[Pair]:
    """Compare all recordings with each other.

    Two recordings are a pair when at least 45 % of the shorter (0.9 s or more, 4.5 s is always
    enough) is coherent with the other.

    Args:
        prints: Fingerprints by name.
        workers: Threads; the work is done in libraries that run beside each other.
        progress: Called with (done, all) blocks of the table of pairs.

    Returns:
        The pairs, in the order of the names given; of several shifts the most coherent.
    """
    names = list(prints)
    pieces = [piece for number, name in enumerate(names) for piece in cut(number, prints[name])]
    if not pieces:
        return []
    best: dict[tuple[int, int], Pair] = {}
    pool = ThreadPoolExecutor(workers)
    try:
        described = np.stack(list(pool.map(describe, pieces)), axis=1)
        starts = range(0, len(pieces), _BLOCK)
        blocks = [(row, column) for row in starts for column in starts if row <= column]
        compared = pool.map(lambda block: list(_compare(pieces, described, *block)), blocks)
        for done, found in enumerate(compared, start=1):
            for key, shift, score in found:
                if key not in best or score > best[key].score:
                    best[key] = Pair(names[key[0]], names[key[1]], shift / RATE, score)
            if progress:
                progress(done, len(blocks))
    finally:  # an interruption does not wait for the blocks that have not begun
        pool.shutdown(cancel_futures=True)
    return [best[key] for key in sorted(best)]


def _compare(
    pieces: Sequence[Piece], described: Spectra, row: int, column: int
) -> Iterator[tuple[tuple[int, int], int, float]]:
    """Screen one block of the table of pairs and prove what stands out."""
    rows, columns = slice(row, row + _BLOCK), slice(column, column + _BLOCK)
    asked = bars(pieces[rows], pieces[columns])
    for candidate in candidates(
        described[:, rows], described[:, columns], asked, first=row, second=column
    ):
        first, second = pieces[candidate.first], pieces[candidate.second]
        if first.owner != second.owner:
            found = _proven(first, second, candidate)
            if found:
                shift = found.lag + first.start - second.start
                yield (first.owner, second.owner), shift, found.score


def _proven(first: Piece, second: Piece, candidate: Candidate) -> Coherence | None:
    """Return the coherence of a candidate if it makes a pair, at either of its two lags."""
    best = None
    for lag in (candidate.lag, candidate.lag - FRAMES * HOP):
        needed_s = _needed_s(first, second)
        begin, end = common(len(first.wave), len(second.wave), lag=lag)
        if (end - begin) / RATE < needed_s:
            continue
        found = coherence(first.wave, second.wave, lag=lag)
        if found and found.score >= _asked(found, needed_s):
            best = found if best is None or found.score > best.score else best
    return best


def _asked(found: Coherence, needed_s: float) -> float:
    """Return the score that makes a pair: in little time, one note or click must not do."""
    if found.sounding_s < _SOUNDING * needed_s:
        return float("inf")
    return THRESHOLD * float(max(1.0, _AMPLE_S / found.sounding_s) ** 1.5)


def _needed_s(first: Piece, second: Piece) -> float:
    shorter_s = min(len(first.wave), len(second.wave)) / RATE
    return min(max(_SHARE * shorter_s, _SHORTEST_S), _LONGEST_S)
