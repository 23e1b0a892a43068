"""Name every two recordings that hold the same take: shifted, louder, coded, or another microphone.

All pairs are screened by how their levels move; what stands out is proven by its waveforms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mn_dataset.audio.fingerprint.coherence import Coherence, coherence, common
from mn_dataset.audio.fingerprint.extract import RATE, Fingerprint
from mn_dataset.audio.fingerprint.screen import (
    FRAMES,
    HOP,
    Candidate,
    Piece,
    bars,
    candidates,
    cut,
    describe,
)
from mn_dataset.parallel import each

THRESHOLD = 0.11
"""Coherence from which two recordings are one take, when they sound together for long enough."""

FAINT = 0.15
"""Correlation under which two recordings share a background (2 % of their power) and no take."""

_AT_A_TIME = 64  # suspects that a process is handed, 7 MB
_BLOCK = 128  # pieces a side: the products of a block stay near the processor
_SHORTEST_S, _LONGEST_S = 0.9, 4.5
_SHARE = 0.45
_AMPLE_S = 2.5
_SOUNDING = 0.25  # of that time: beats are sparse, and silence proves nothing

_Suspect = tuple[Piece, Piece, Candidate]


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
        workers: Processes.
        progress: Called with (done, all) blocks of the table of pairs.

    Returns:
        The pairs, in the order of the names given; of several shifts the most coherent.
    """
    names = list(prints)
    pieces = [piece for number, name in enumerate(names) for piece in cut(number, prints[name])]
    starts = range(0, len(pieces), _BLOCK)
    blocks = [(row, column) for row in starts for column in starts if row <= column]
    best: dict[tuple[int, int], Pair] = {}
    # A few recordings are compared sooner than processes are started.
    processes = workers if len(blocks) > 1 else 1
    for block, found in each(_prove, _suspects(pieces, blocks), workers=processes):
        for key, shift, score in found:
            if key not in best or score > best[key].score:
                best[key] = Pair(names[key[0]], names[key[1]], shift / RATE, score)
        if progress:
            progress(block, len(blocks))
    return [best[key] for key in sorted(best)]


def _suspects(
    pieces: Sequence[Piece], blocks: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, list[_Suspect]]]:
    """Screen the table of pairs block by block; yield what stands out, some at a time."""
    if not pieces:
        return
    described = np.stack([describe(piece) for piece in pieces], axis=1)
    for number, (row, column) in enumerate(blocks, start=1):
        rows, columns = slice(row, row + _BLOCK), slice(column, column + _BLOCK)
        asked = bars(pieces[rows], pieces[columns])
        found = candidates(
            described[:, rows], described[:, columns], asked, first=row, second=column
        )
        suspects = [(pieces[one.first], pieces[one.second], one) for one in found]
        apart = [suspect for suspect in suspects if suspect[0].owner != suspect[1].owner]
        for start in range(0, max(1, len(apart)), _AT_A_TIME):
            yield number, apart[start : start + _AT_A_TIME]


def _prove(
    block: int, suspects: Sequence[_Suspect]
) -> tuple[int, list[tuple[tuple[int, int], int, float]]]:
    """Return the pairs among some suspects: owners, shift in samples of a fingerprint, score."""
    pairs = []
    for first, second, candidate in suspects:
        found = _proven(first, second, candidate)
        if found:
            shift = found.lag + first.start - second.start
            pairs.append(((first.owner, second.owner), shift, found.score))
    return block, pairs


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
