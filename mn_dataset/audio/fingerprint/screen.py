"""Find where two recordings might be one take: cheaply, and for all pairs at once.

Every recording is cut into pieces of about ten seconds. A piece is described by how the
logarithmic levels of its bands move, 50 times a second; cross-correlating two descriptions,
with every modulation frequency weighted alike (Knapp and Carter, "The generalized correlation
method for estimation of time delay", IEEE TASSP 24(4), 1976, as PHAT), gives a peak where they
move together. For many pieces that is one matrix product per modulation frequency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from mn_dataset.audio.fingerprint.extract import Fingerprint

HOP = 110  # samples of a fingerprint: 20 ms
FRAMES = 512  # of a piece: 10.2 s; two pieces overlap by half, so 5 s lie whole in one of them
_WINDOW = 256
_BANDS = 24
_FLOOR = 0.1  # of the mean power: what lies lower moves nothing
_SHORT = 150  # frames: 3 s
_STAND_OUT, _STAND_OUT_SHORT = 5.0, 4.5  # of a peak, in standard deviations of the correlation

Spectra = NDArray[np.complex64]


@dataclass(frozen=True)
class Piece:
    """A part of a recording.

    Attributes:
        owner: Number of the recording.
        start: First sample of the piece in the fingerprint.
        wave: Its samples, int8 (time,).
    """

    owner: int
    start: int
    wave: NDArray[np.int8]


@dataclass(frozen=True)
class Candidate:
    """Two pieces that might be of one take.

    Attributes:
        first: Number of a piece.
        second: Number of a later one.
        lag: Where the second begins in the first, in samples of a fingerprint; it may as well
            be ``FRAMES * HOP`` less, as the correlation is circular.
        height: How far the peak stands out, in standard deviations of the correlation: for
            copies √512 = 22.6.
    """

    first: int
    second: int
    lag: int
    height: float


def cut(owner: int, fingerprint: Fingerprint) -> list[Piece]:
    """Cut a recording into pieces that overlap by half or more; silent ones are left out."""
    wave, step = fingerprint.wave, HOP * FRAMES // 2
    length = 2 * step
    latest = max(0, len(wave) - length)  # the last piece is as long as the others
    starts = [min(start, latest) for start in range(0, max(1, len(wave) - step), step)]
    pieces = [Piece(owner, start, wave[start : start + length]) for start in starts]
    return [piece for piece in pieces if piece.wave.any()]


def describe(piece: Piece) -> Spectra:
    """Return the phases of how a piece's bands move, (modulation frequencies, bands)."""
    wave = piece.wave[: _WINDOW + HOP * (FRAMES - 1)].astype(np.float32)
    wave = np.pad(wave, (0, max(0, _WINDOW - len(wave))))
    frames = np.lib.stride_tricks.sliding_window_view(wave, _WINDOW)[::HOP]
    edges, hann = band_edges(), _hann()
    spectra = fft.rfft(frames * hann, axis=1)
    power = spectra.real**2 + spectra.imag**2
    bands = np.add.reduceat(power[:, : edges[-1]], edges[:-1], axis=1) / np.diff(edges)
    sounding = bands.any(axis=1)
    moves = np.log(bands + _FLOOR * bands.mean() + 1e-9)
    moves[sounding] -= moves[sounding].mean(axis=0)
    moves[~sounding] = 0.0
    phases: Spectra = fft.rfft(moves.astype(np.float32), FRAMES, axis=0)
    phases[0] = 0.0
    return (phases / (np.abs(phases) + np.float32(1e-6))).astype(np.complex64)


def peak_thresholds(rows: Sequence[Piece], columns: Sequence[Piece]) -> NDArray[np.float64]:
    """Return how far the peak of each two pieces has to stand out, (rows, columns).

    There is less of a short piece to do so; and two short ones meet at few of the lags, so that
    what they have is more in terms of the whole curve.
    """
    down, across = (
        np.array([len(piece.wave) // HOP for piece in side]) for side in (rows, columns)
    )
    short = np.minimum.outer(down, across) < _SHORT
    meeting = np.minimum(np.add.outer(down, across), FRAMES)
    threshold = np.where(short, _STAND_OUT_SHORT, _STAND_OUT)
    scaled: NDArray[np.float64] = threshold * np.sqrt(FRAMES / np.maximum(meeting, 1))
    return scaled


@cache
def band_edges() -> NDArray[np.intp]:
    """Return the first bin of every band and the end of the last, even on a logarithmic scale."""
    bins = np.geomspace(3, _WINDOW // 2 + 1, _BANDS + 1)
    return np.unique(np.rint(bins).astype(np.intp))


def candidates(
    rows: Spectra, columns: Spectra, thresholds: NDArray[np.float64], *, first: int, second: int
) -> list[Candidate]:
    """Compare every piece of a block with every later piece of another.

    Args:
        rows: Descriptions (modulation frequencies, pieces, bands) from piece ``first`` on.
        columns: The same, from piece ``second`` on.
        thresholds: How far a peak has to stand out, (rows, columns).
        first: Number of the first row.
        second: Number of the first column.
    """
    cross = np.matmul(rows, columns.conj().transpose(0, 2, 1))
    curves = fft.irfft(cross, FRAMES, axis=0)
    spread = np.sqrt(np.einsum("lrc,lrc->rc", curves, curves) / FRAMES)
    peaks = curves.max(axis=0)
    outstanding = np.argwhere(peaks > thresholds * spread + 1e-6)
    return [
        Candidate(
            first + row,
            second + column,
            int(curves[:, row, column].argmax()) * HOP,
            float(peaks[row, column] / spread[row, column]),
        )
        for row, column in outstanding.tolist()
        if first + row < second + column
    ]


@cache
def _hann() -> NDArray[np.float32]:
    return np.hanning(_WINDOW).astype(np.float32)
