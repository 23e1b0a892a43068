"""Tell what an estimate holds too much of from what it lacks: bleedless and fullness.

Both compare magnitudes in 512 mel bands in decibels, D = Y − S. Where the estimate is louder than
its target (D > 0), something leaks; where it is softer (D < 0), something is lost. The mean over
the one kind of cells, and over the other, is turned into a number of 0 … 100:

    bleedless = 100 / (1 + mean of D > 0),    fullness = 100 / (1 − mean of D < 0).

A mean is over the cells of its kind alone: how many there are does not count. Levels are floored 80
dB below the loudest band of either signal by itself, so that an estimate of other peaks differs in
cells where both are silent too. That is the definition, and its numbers are compared by it.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft, sparse
from scipy.signal import get_window

from benchmarks.contract import MetricSpec, Score
from benchmarks.metrics.reference import Signal, Truth
from benchmarks.metrics.undefined import flaw
from benchmarks.signal.mel import mel_filters

Real = NDArray[np.float64]

_LEVELS = (
    "the levels in dB of 512 mel bands (Slaney's, as in librosa) of magnitudes, periodic Hann "
    "window of 4096 samples, hop 1024, the ends padded with zeros, floored 80 dB below the loudest."
)
_SOURCE = (
    "ZFTurbo and others: Music-Source-Separation-Training, 2024, utils/metrics.py, bleed_full "
    "(https://github.com/ZFTurbo/Music-Source-Separation-Training)."
)
_CHANNELS = (
    "one channel at 44.1 kHz. There the floor is below the loudest band of all channels, and cells "
    "of all channels are averaged together; here channels are scored one by one."
)

BLEEDLESS = MetricSpec(
    name="bleedless",
    unit="1",
    higher_is_better=True,
    range=(0.0, 100.0),
    definition="100 / (1 + the mean of Y − S over the cells in which it is positive), S and Y "
    + _LEVELS,
    citation=_SOURCE,
    known_as='"bleedless" of that project, of MVSep and of the tables of separation models, of '
    + _CHANNELS,
    min_samples=4096,
    negligible=1.0,
)
FULLNESS = MetricSpec(
    name="fullness",
    unit="1",
    higher_is_better=True,
    range=(0.0, 100.0),
    definition="100 / (1 + the mean of S − Y over the cells in which it is positive), S and Y "
    + _LEVELS,
    citation=_SOURCE,
    known_as='"fullness" of that project, of MVSep and of the tables of separation models, of '
    + _CHANNELS,
    min_samples=4096,
    negligible=1.0,
)

_WINDOW, _HOP = 4096, 1024
_BANDS = 512
_RANGE_DB = 80.0
_FAINTEST = 1e-10  # magnitude in a band
_ROWS = 32  # frames per step: one megabyte of samples


def bleedless(estimate: Signal, truth: Truth) -> Score:
    """Return how little the estimate holds beside its target, 100 for nothing.

    >>> target = np.sin(np.arange(8192.0) ** 1.5)
    >>> bleedless(0.5 * target, Truth(target, 44_100)).value
    100.0
    """
    return _score(estimate, truth, BLEEDLESS, above=True)


def fullness(estimate: Signal, truth: Truth) -> Score:
    """Return how little of the target the estimate lacks, 100 for nothing.

    >>> target = np.sin(np.arange(8192.0) ** 1.5)
    >>> round(fullness(10 ** (-3 / 20) * target, Truth(target, 44_100)).value, 6)
    25.0
    """
    return _score(estimate, truth, FULLNESS, above=False)


def _score(estimate: Signal, truth: Truth, spec: MetricSpec, *, above: bool) -> Score:
    samples = np.asarray(estimate, dtype=np.float64)
    if reason := flaw(samples, truth, spec):
        return spec.undefined(reason)
    surplus_db, loss_db = truth.shared(estimate, _differences)
    return Score(100.0 / (1.0 + (surplus_db if above else loss_db)))


def _differences(estimate: Signal, truth: Truth) -> tuple[float, float]:
    """Return by how much louder, and by how much softer, the estimate is where it is so, in dB."""
    samples = np.asarray(estimate, dtype=np.float64)
    difference = _levels(samples, truth.sampling_rate) - truth.recall(_target_levels)
    louder, softer = difference[difference > 0.0], difference[difference < 0.0]
    return _mean(louder), _mean(-softer)


def _mean(differences: Real) -> float:
    return float(differences.mean()) if differences.size else 0.0


def _target_levels(truth: Truth) -> Real:
    return _levels(truth.signal, truth.sampling_rate)


def _levels(signal: Real, sampling_rate: int) -> Real:
    """Return levels in dB, shape (bands, frames), floored."""
    padded = np.pad(signal, _WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    window = get_window("hann", _WINDOW)
    filters = _filters(sampling_rate)
    magnitudes = np.empty((_BANDS, len(frames)))
    for first in range(0, len(frames), _ROWS):
        rows = slice(first, first + _ROWS)
        magnitudes[:, rows] = filters @ np.abs(fft.rfft(frames[rows] * window)).T
    levels = 20.0 * np.log10(np.maximum(magnitudes, _FAINTEST))
    return np.asarray(np.maximum(levels, levels.max() - _RANGE_DB))


@cache
def _filters(sampling_rate: int) -> sparse.csr_array:
    return sparse.csr_array(mel_filters(_BANDS, window=_WINDOW, sampling_rate=sampling_rate))
