"""Prove or refute that two pieces are one take: are their waveforms coherent, all the time?

At the lag in question the common time is cut into windows of half a second. In each, the two
whitened waveforms are cross-correlated with every frequency weighted alike (PHAT, as in
``screen``). One take, however recorded, shows one peak in nearly every window, at one lag and
nowhere else. Different takes of a tune do not; two sequences that share a note's sample do so
only while it sounds; two hums of one frequency show a peak at every period. The two channels of
a wide stereo picture, or two microphones in one room, agree at low frequencies alone: so these
are judged by themselves as well.

Where the levels of two pieces already move as one, what the channels of the widest pictures have
in common may be too faint for single windows; but unlike what another player in perfect step
has, it is there in every third of the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from mn_dataset.audio.fingerprint.extract import RATE

WINDOWS = 20
"""Windows that are enough as a rule: those of ten seconds, without overlap."""

_WINDOW = 2700  # 0.49 s
_REACH = int(0.06 * RATE)  # lags looked at on both sides: what the screen may be off by
_JITTER = 3  # samples a window's peak may stray: drifting clocks, early reflections
_TURNED = 2.0  # times any peak above zero: so high is one below it, if the polarity is turned
_SAME_PEAK = int(0.007 * RATE)
_BANDS_HZ = (RATE / 2, 700.0)  # everything, and low frequencies
_SOUNDING = 6.0  # mean magnitude of an eight-bit window that is less than 18 dB under the mean

_Phases = NDArray[np.complex64]


@dataclass(frozen=True)
class Coherence:
    """How far two pieces are one take.

    The scores are 1 for copies and about 0 for different takes. The mean coherence at the best
    other lag is taken off both; each is of the band where it is most.

    Attributes:
        lag: Where the second begins in the first, in samples of a fingerprint.
        score: The lower quartile over windows of the coherence at that lag.
        steady: The mean over windows of the coherence at a lag, in the worst third of the time.
        steady_lag: That lag; another band's may be another.
        sounding_s: Seconds in which both sound.
    """

    lag: int
    score: float
    steady: float
    steady_lag: int
    sounding_s: float


def coherence(
    first: NDArray[np.int8], second: NDArray[np.int8], *, lag: int, windows: int = WINDOWS
) -> Coherence | None:
    """Measure two pieces at a lag; None where no window sounds in both.

    Args:
        first: int8 (time,).
        second: int8 (time,).
        lag: Where the second begins in the first, ± 60 ms.
        windows: How many to look at at most; they are closest by half a window.
    """
    begin, end = common(len(first), len(second), lag=lag)
    last = end - _WINDOW
    if last < begin:
        return None
    count = min(windows, 1 + 2 * (last - begin) // _WINDOW)
    starts = np.linspace(begin, last, count).astype(np.intp)
    both = np.stack([_windows(first, starts), _windows(second, starts - lag)])
    levels = np.abs(both).sum(axis=2, dtype=np.int32)
    sounding = (levels > _SOUNDING * _WINDOW).all(axis=0)
    if not sounding.any():
        return None
    spectra = fft.rfft(both[:, sounding] * _hann(), axis=2)
    cross = spectra[0] * spectra[1].conj()
    phases = cross * np.reciprocal(np.abs(cross) + np.float32(1e-9))
    judged = [_judge(phases, below_hz) for below_hz in _BANDS_HZ]
    score, best = max((quartile, at) for quartile, _, at in judged)
    steady, steady_best = max((third, at) for _, third, at in judged)
    sounding_s = (end - begin) / RATE * float(sounding.mean())
    return Coherence(lag + best, score, steady, lag + steady_best, sounding_s)


def common(first: int, second: int, *, lag: int) -> tuple[int, int]:
    """Return where the time that two pieces have in common begins and ends in the first.

    >>> common(100, 50, lag=70)
    (70, 100)
    """
    return max(0, lag), min(first, second + lag)


def _windows(wave: NDArray[np.int8], starts: NDArray[np.intp]) -> NDArray[np.int8]:
    """Return the windows that begin at some samples, (windows, time)."""
    return np.lib.stride_tricks.sliding_window_view(wave, _WINDOW)[starts]


def _judge(phases: _Phases, below_hz: float) -> tuple[float, float, int]:
    """Return both scores by the phases of a band (windows, bins), and the lag of most agreement."""
    count = int(below_hz * _WINDOW / RATE)
    band = phases[:, 1:count]
    mean = np.zeros(_WINDOW // 2 + 1, np.complex64)
    mean[1:count] = band.mean(axis=0) * np.float32(_WINDOW / 2 / count)
    curve = fft.irfft(mean, _WINDOW)
    curve = np.concatenate([curve[-_REACH:], curve[: _REACH + 1]])
    turned = -curve.min() > _TURNED * curve.max()  # one of the two is turned in polarity
    curve = -curve if turned else curve
    best = int(curve.argmax()) - _REACH
    elsewhere = np.abs(np.arange(-_REACH, _REACH + 1) - best) > _SAME_PEAK
    # Windows are only looked at near the peak of their mean: a product instead of transforms.
    turns = _circle()[np.arange(1, count) * best % _WINDOW]
    each = (band @ (turns[:, np.newaxis] * _jitter(count))).real
    each = -each if turned else each
    quartile = np.sort(each.max(axis=1))[len(each) // 4]
    thirds = np.array_split(each, min(3, len(each)))
    worst = min(third.mean(axis=0).max() for third in thirds)
    other = curve[elsewhere].max()
    return float(quartile - other), float(worst - other), best


@cache
def _hann() -> NDArray[np.float32]:
    return np.hanning(_WINDOW).astype(np.float32)


@cache
def _jitter(count: int) -> _Phases:
    """Return the turns of the bins of a band by each lag that a window's peak may stray."""
    strays = np.outer(np.arange(1, count), np.arange(-_JITTER, _JITTER + 1))
    scaled: _Phases = _circle()[strays % _WINDOW] / np.float32(count)
    return scaled


@cache
def _circle() -> _Phases:
    turns: _Phases = np.exp(2j * np.pi * np.arange(_WINDOW) / _WINDOW).astype(np.complex64)
    return turns
