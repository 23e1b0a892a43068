"""Correlate one long signal with others at the first 512 lags, in double precision.

The signals are cut into windows. Within a window the correlation is circular: at lag k the last
k samples of the left meet the first k of the right, where they should meet the first k of the
*next* window. So a second, short correlation of every window's tail with (next head − own head)
sets the edges right. Each signal is transformed once, without padding or overlap, in steps that
fit the processor's second cache; and the spectra are summed before the one way back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Real = NDArray[np.float64]
Spectra = NDArray[np.complex128]

LAGS = 512
_WINDOW = 8192
_EDGE = LAGS - 1
_EDGE_TRANSFORM = 1024  # a tail and a late head are 1 … 1021 samples apart: no lag wraps
_ROWS = 8  # windows per step: half a megabyte of samples


@dataclass(frozen=True)
class Analysed:
    """The left side of a correlation, ready for many right sides.

    Attributes:
        windows: Conjugate spectra of the windows, shape (windows, bins).
        tails: Conjugate spectra of the windows' last 511 samples, shape (windows, edge bins).
        autocorrelation: Σ s[t]·s[t + k], shape (512,).
    """

    windows: Spectra
    tails: Spectra
    autocorrelation: Real


def analyse(signal: Real) -> Analysed:
    """Transform a signal, shape (time,), once for all that it will be correlated with."""
    windows = np.empty((-(-len(signal) // _WINDOW), _WINDOW // 2 + 1), dtype=np.complex128)
    power = np.zeros(2 * windows.shape[1])
    for rows, samples in _steps(signal):
        spectra = fft.rfft(samples)
        parts = spectra.view(np.float64)
        power += np.einsum("ij,ij->j", parts, parts)
        np.conjugate(spectra, out=windows[rows])
    tails = np.conjugate(fft.rfft(_pieces(signal, _WINDOW - _EDGE), _EDGE_TRANSFORM))
    return Analysed(windows, tails, _lags(power[0::2] + power[1::2], _edges(signal, tails)))


def correlate(left: Analysed, right: Real) -> Real:
    """Return Σ left[t]·right[t + k] for k = 0 … 511, shape (512,).

    >>> left = analyse(np.array([1.0, 2.0, 0.0]))
    >>> np.round(correlate(left, np.array([0.0, 1.0, 3.0]))[:3], 9)
    array([2., 7., 3.])
    """
    circular = np.zeros(left.windows.shape[1], dtype=np.complex128)
    for rows, samples in _steps(right):
        spectra = fft.rfft(samples)
        spectra *= left.windows[rows]
        circular += spectra.sum(axis=0)
    return _lags(circular, _edges(right, left.tails))


def _steps(signal: Real) -> Iterator[tuple[slice, Real]]:
    """Yield windows by the step: views of the signal, then its padded rest."""
    whole = signal[: len(signal) // _WINDOW * _WINDOW].reshape(-1, _WINDOW)
    for first in range(0, len(whole), _ROWS):
        step = whole[first : first + _ROWS]
        yield slice(first, first + len(step)), step
    if rest := len(signal) % _WINDOW:
        last = np.zeros((1, _WINDOW))
        last[0, :rest] = signal[-rest:]
        yield slice(len(whole), len(whole) + 1), last


def _pieces(signal: Real, start: int) -> Real:
    """Return 511 samples of every window from ``start`` on, zeros after the end."""
    pieces = np.zeros((-(-len(signal) // _WINDOW), _EDGE))
    for row, first in zip(pieces, range(start, len(signal), _WINDOW), strict=False):
        piece = signal[first : first + _EDGE]
        row[: len(piece)] = piece
    return pieces


def _edges(signal: Real, tails: Spectra) -> Real:
    """Return every tail with (next head − own head), summed, at lags 0 … 511.

    The heads stand 511 samples late, as they do after the tail, so the lags need no unwrapping.
    """
    heads = _pieces(signal, 0)
    late = np.zeros((len(heads), _EDGE_TRANSFORM))
    late[:-1, _EDGE : 2 * _EDGE] = heads[1:]
    late[:, _EDGE : 2 * _EDGE] -= heads
    spectra = fft.rfft(late)
    spectra *= tails
    return np.asarray(fft.irfft(spectra.sum(axis=0))[:LAGS])


def _lags(circular: Spectra | Real, edges: Real) -> Real:
    return np.asarray(fft.irfft(circular)[:LAGS] + edges)
