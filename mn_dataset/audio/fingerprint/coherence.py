"""Prove or refute that two pieces are one take: are their waveforms coherent, all the time?

At the lag in question the common time is cut into windows of half a second. In each, the two
whitened waveforms are cross-correlated with every frequency weighted alike (PHAT, as in
``screen``). One take, however recorded, shows one peak in nearly every window, at one lag and
nowhere else. Different takes of a tune do not; two sequences that share a note's sample do so
only while it sounds; two hums of one frequency show a peak at every period. The two channels of
a wide stereo picture, or two microphones in one room, agree at low frequencies alone: so these
are judged by themselves as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from mn_dataset.audio.fingerprint.extract import RATE

_WINDOW = 2700  # 0.49 s
_WINDOWS = 20  # at most; closest by half a window
_REACH = int(0.06 * RATE)  # lags looked at on both sides: what the screen may be off by
_JITTER = 3  # samples a window's peak may stray: drifting clocks, early reflections
_TURNED = 2.0  # times any peak above zero: so high is one below it, if the polarity is turned
_SAME_PEAK = int(0.007 * RATE)
_BANDS_HZ = (RATE / 2, 700.0)  # everything, and low frequencies
_SOUNDING = 6.0  # mean magnitude of an eight-bit window that is less than 18 dB under the mean


@dataclass(frozen=True)
class Coherence:
    """How far two pieces are one take.

    Attributes:
        lag: Where the second begins in the first, in samples of a fingerprint.
        score: The lower quartile over windows of the coherence at that lag, less the mean
            coherence at the best other lag, in the band where that is more; 1 for copies,
            about 0 for different takes.
        sounding_s: Seconds in which both sound.
    """

    lag: int
    score: float
    sounding_s: float


def coherence(first: NDArray[np.int8], second: NDArray[np.int8], *, lag: int) -> Coherence | None:
    """Measure two pieces at a lag; None where no window sounds in both.

    Args:
        first: int8 (time,).
        second: int8 (time,).
        lag: Where the second begins in the first, ± 60 ms.
    """
    begin, last = common(len(first), len(second), lag=lag)
    last -= _WINDOW
    if last < begin:
        return None
    count = min(_WINDOWS, 1 + 2 * (last - begin) // _WINDOW)
    starts = np.linspace(begin, last, count).astype(np.intp)
    places = starts[:, np.newaxis] + np.arange(_WINDOW)
    both = np.stack([first[places], second[places - lag]]).astype(np.float32)
    sounding = (np.abs(both).mean(axis=2) > _SOUNDING).all(axis=0)
    if not sounding.any():
        return None
    spectra = fft.rfft(both[:, sounding] * np.hanning(_WINDOW).astype(np.float32), axis=2)
    cross = spectra[0] * spectra[1].conj()
    phases = cross / (np.abs(cross) + np.float32(1e-9))
    score, best = max(_judge(phases, below_hz) for below_hz in _BANDS_HZ)
    common_s = (last - begin + _WINDOW) / RATE
    return Coherence(lag + best, score, common_s * float(sounding.mean()))


def common(first: int, second: int, *, lag: int) -> tuple[int, int]:
    """Return where the time that two pieces have in common begins and ends in the first.

    >>> common(100, 50, lag=70)
    (70, 100)
    """
    return max(0, lag), min(first, second + lag)


def _judge(phases: NDArray[np.complex64], below_hz: float) -> tuple[float, int]:
    """Return the score by the phases of a band (windows, bins), and the lag of most agreement."""
    count = int(below_hz * _WINDOW / RATE)
    band = phases[:, 1:count] / np.float32(count)
    mean = np.zeros(_WINDOW // 2 + 1, np.complex64)
    mean[1:count] = band.mean(axis=0)
    curve = fft.irfft(mean * np.float32(_WINDOW / 2), _WINDOW)
    curve = np.concatenate([curve[-_REACH:], curve[: _REACH + 1]])
    if -curve.min() > _TURNED * curve.max():  # one of the two is turned in polarity
        band, curve = -band, -curve
    best = int(curve.argmax()) - _REACH
    elsewhere = np.abs(np.arange(-_REACH, _REACH + 1) - best) > _SAME_PEAK
    # Windows are only looked at near the peak of their mean: a product instead of transforms.
    near = np.arange(best - _JITTER, best + _JITTER + 1)
    turns = np.outer(np.arange(1, count), near % _WINDOW) % _WINDOW
    each = (band @ _circle()[turns]).real.max(axis=1)
    quartile = np.sort(each)[len(each) // 4]
    return float(quartile - curve[elsewhere].max()), best


@cache
def _circle() -> NDArray[np.complex64]:
    turns: NDArray[np.complex64] = np.exp(2j * np.pi * np.arange(_WINDOW) / _WINDOW).astype(
        np.complex64
    )
    return turns
