"""Name every two recordings that hold the same take: shifted, louder, coded, or another microphone.

All pairs are screened by how their levels move; what stands out is proven by its waveforms. A
fingerprint makes the quiet as loud as the loud, so that two thunders recorded in one rain look
alike by their rain: how much of the sound is common, the take itself or a faint background, shows
in the correlation of the waveforms as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from mn_dataset.audio.fingerprint.coherence import WINDOWS, Coherence, coherence, common
from mn_dataset.audio.fingerprint.extract import RATE, Fingerprint, thin
from mn_dataset.audio.fingerprint.screen import (
    FRAMES,
    HOP,
    Candidate,
    Piece,
    Spectra,
    candidates,
    cut,
    describe,
    peak_thresholds,
)
from mn_dataset.audio.io import Pcm
from mn_dataset.workers import each

THRESHOLD = 0.11
"""Coherence from which two recordings are one take, when they sound together for long enough."""

IN_STEP = FRAMES**0.5 / 2
"""How far a peak of the screen stands out, half as far as for copies, when levels move as one.

The most of two different takes was 9.6, of two sequences of one sample bank (170 000 pairs).
"""

THRESHOLD_IN_STEP = 0.07
"""Coherence from which two recordings are one take whose levels move as one for 4.5 s or more.

Takes transposed by up to a fifth had 0.03 at most in common with themselves (800 pairs). Players
of one score in one tuning, never 10 ms apart, had more than this in 2 of 90 pairs.
"""

FAINT = 0.15
"""Correlation under which two recordings share a background (2 % of their power) and no take."""

_BLOCK = 128  # pieces a side: the products of a block stay near the processor
_SHORTEST_S, _LONGEST_S = 0.9, 4.5
_SHARE = 0.45
_AMPLE_S = 2.5
_SOUNDING = 0.25  # of that time: beats are sparse, and silence proves nothing
_STRAY = int(0.06 * RATE)

_Match = tuple[tuple[int, int], int, float]  # owners, shift in samples of a fingerprint, score


@dataclass(frozen=True)
class Pair:
    """Two recordings of one take.

    Attributes:
        first: Name of a recording.
        second: Name of another.
        shift_s: Where the second begins in the first, in seconds; negative if it begins earlier.
        score: Coherence of the two, from ``THRESHOLD_IN_STEP`` to 1.
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
    enough) is coherent with the other: in most of this time; or steadily, if less, where their
    levels move as one besides.

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
    compared = _compare(pieces, blocks, workers=processes)
    for done, matches in enumerate(compared, start=1):
        for key, shift, score in matches:
            if key not in best or score > best[key].score:
                best[key] = Pair(names[key[0]], names[key[1]], shift / RATE, score)
        if progress:
            progress(done, len(blocks))
    return [best[key] for key in sorted(best)]


def correlation(first: Pcm, second: Pcm, *, shift_s: float) -> float:
    """Return the largest normalised correlation of what two recordings have in common.

    Args:
        first: int16 (time,) at 44.1 kHz.
        second: int16 (time,).
        shift_s: Where the second begins in the first, ± 60 ms.

    Returns:
        0 to 1: its square is about the share of the power that is common, below 2.7 kHz.
    """
    one, two = thin(first), thin(second)
    lag = round(shift_s * RATE)
    one = one[max(0, lag) : max(0, min(len(one), len(two) + lag))]
    two = two[max(0, -lag) :][: len(one)]
    energy = float(np.sqrt(np.dot(one, one) * np.dot(two, two)))
    if not energy:
        return 0.0
    size = fft.next_fast_len(len(one) + _STRAY, real=True)
    curve = np.abs(fft.irfft(fft.rfft(one, size) * fft.rfft(two, size).conj(), size))
    return float(max(curve[: _STRAY + 1].max(), curve[-_STRAY:].max())) / energy


@dataclass(frozen=True)
class _Pieces:
    """All pieces, in few large arrays: processes share these instead of being sent copies.

    Attributes:
        spans: Owner, start and length of each, (pieces, 3).
        waves: int8 (pieces, time), zero from their ends.
        described: (modulation frequencies, pieces, bands).
    """

    spans: NDArray[np.int64]
    waves: NDArray[np.int8]
    described: Spectra

    def block(self, start: int) -> list[Piece]:
        """Return the pieces of a block."""
        rows = zip(self.spans[start : start + _BLOCK].tolist(), self.waves[start:], strict=False)
        return [Piece(owner, begin, wave[:length]) for (owner, begin, length), wave in rows]


def _compare(
    pieces: Sequence[Piece], blocks: Sequence[tuple[int, int]], *, workers: int
) -> Iterator[list[_Match]]:
    """Screen the table of pairs and prove what stands out; yield the pairs of each block."""
    if not pieces:
        return
    described = each(describe, ((piece,) for piece in pieces), workers=workers, together=16)
    spans = np.array([(piece.owner, piece.start, len(piece.wave)) for piece in pieces])
    waves = np.zeros((len(pieces), spans[:, 2].max()), np.int8)
    for wave, piece in zip(waves, pieces, strict=True):
        wave[: len(piece.wave)] = piece.wave
    every = _Pieces(spans, waves, np.stack(list(described), axis=1))
    yield from each(_pairs, ((every, *block) for block in blocks), workers=workers)


def _pairs(every: _Pieces, row: int, column: int) -> list[_Match]:
    """Return the pairs of a block: pieces from ``row`` on with pieces from ``column`` on."""
    rows, columns = every.block(row), every.block(column)
    suspects = candidates(
        every.described[:, row : row + _BLOCK],
        every.described[:, column : column + _BLOCK],
        peak_thresholds(rows, columns),
        first=row,
        second=column,
    )
    pairs = []
    for candidate in suspects:
        first, second = rows[candidate.first - row], columns[candidate.second - column]
        proof = _proven(first, second, candidate) if first.owner != second.owner else None
        if proof:
            lag, score = proof
            pairs.append(((first.owner, second.owner), lag + first.start - second.start, score))
    return pairs


def _proven(first: Piece, second: Piece, candidate: Candidate) -> tuple[int, float] | None:
    """Return the lag and the score of a candidate, at that of its two lags where this is more.

    None if neither makes a pair.
    """
    proofs = []
    needed_s = _needed_s(first, second)
    for lag in (candidate.lag, candidate.lag - FRAMES * HOP):
        begin, end = common(len(first.wave), len(second.wave), lag=lag)
        if (end - begin) / RATE < needed_s:
            continue
        near = coherence(first.wave, second.wave, lag=lag)
        if near and near.score >= _threshold(near, needed_s):
            proofs.append((near.score, near.lag))
        elif near and candidate.height >= IN_STEP and _may_be_steady(near):
            closer = coherence(first.wave, second.wave, lag=lag, windows=2 * WINDOWS)
            if closer and closer.steady >= THRESHOLD_IN_STEP:
                proofs.append((closer.steady, closer.steady_lag))
    score, lag = max(proofs, default=(0.0, 0))
    return (lag, score) if proofs else None


def _threshold(near: Coherence, needed_s: float) -> float:
    """Return the score that makes a pair: in little time, one note or click must not do."""
    if near.sounding_s < _SOUNDING * needed_s:
        return float("inf")
    return THRESHOLD * float(max(1.0, _AMPLE_S / near.sounding_s) ** 1.5)


def _may_be_steady(near: Coherence) -> bool:
    return near.steady >= THRESHOLD_IN_STEP / 2 and near.sounding_s >= _LONGEST_S


def _needed_s(first: Piece, second: Piece) -> float:
    shorter_s = min(len(first.wave), len(second.wave)) / RATE
    return min(max(_SHARE * shorter_s, _SHORTEST_S), _LONGEST_S)
