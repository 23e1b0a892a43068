"""Track the noise through the minima of a smoothed power.

Martin, "Noise power spectral density estimation based on optimal smoothing and minimum
statistics", IEEE Transactions on Speech and Audio Processing 9(5), 2001.

Whatever plays, each frequency falls back to the noise within a second or two. The minimum of a
window lies below the mean of the noise, by a factor that follows from how much the smoothed power
fluctuates; it is compensated with the paper's own formulas. Its constants are kept as times, so
that they hold at any hop.

Departure from the paper, as in VOICEBOX (``estnoisem``): the inverse degrees of freedom have a
least value, which falls from frame to frame and matters at the beginning alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.signal.stft import Power

Frame = NDArray[np.float64]
"""One frame of powers, shape (..., bins)."""

_WINDOW_S = 1.536
_SUBWINDOWS = 8
_SMOOTHING_MOST_S = 0.392  # α_max = 0.96 at a hop of 16 ms
_SMOOTHING_LEAST_S = 0.0133  # α_min = 0.3
_SMOOTHING_FALL_S = 0.064
_CORRECTION_S = 0.0449  # 0.7 at 16 ms, which is also the least of what is smoothed
_MOMENTS_S = 0.0717  # β_max = 0.8
_FREEDOM = (2.0, 14.0)  # least and, at the beginning, most equivalent degrees of freedom
_UNSTEADY = 2.12  # a_v
_SLOPES = ((0.03, 47.0), (0.05, 31.4), (0.06, 15.7), (math.inf, 4.1))
"""Mean inverse degrees of freedom below which a rise of so many dB per second is followed."""

_LENGTHS = (1, 2, 5, 8, 10, 15, 20, 30, 40, 60, 80, 120, 140, 160, 180, 220, 260, 300)
_MEANS = (
    *(0.0, 0.26, 0.48, 0.58, 0.61, 0.668, 0.705, 0.762, 0.8, 0.841, 0.865, 0.89, 0.9, 0.91),
    *(0.92, 0.93, 0.935, 0.94),
)
"""M(D) for windows of D frames.

Table 5 of Martin, "Bias compensation methods for minimum statistics noise power spectral density
estimation", Signal Processing 86(6), 2006, which carries on table III of the paper.
"""


def minimum_statistics(power: Power, *, frames_per_s: float) -> Power:
    """Return the noise power of every frame.

    A rise of the noise is followed after at most a window and a sub-window (1.7 s), a fall at once.

    Args:
        power: Of the mixture, shape (..., frames, bins), nowhere zero for a whole item.
        frames_per_s: One over the hop.

    Returns:
        Shape as given.
    """
    noise = np.empty_like(power)
    frames = np.moveaxis(power, -2, 0).astype(np.float64)
    for number, estimate in enumerate(_tracked(frames, frames_per_s)):
        noise[..., number, :] = estimate
    return noise


@dataclass
class _Smoothed:
    """The power, smoothed as much as the noise allows (eqs. 9 to 12), and its moments (22, 23)."""

    power: Frame
    mean: Frame
    square: Frame
    correction: Frame
    inverse_freedom: Frame


def _tracked(frames: Frame, frames_per_s: float) -> Iterator[Frame]:
    length = max(4, round(_WINDOW_S * frames_per_s / _SUBWINDOWS))
    window = _SUBWINDOWS * length
    first = frames[0]
    state = _Smoothed(first, first, first**2, np.ones_like(first[..., :1]), np.ones_like(first))
    noise, lowest = first, first
    current, current_sub = np.full_like(first, np.inf), np.full_like(first, np.inf)
    minima = np.full((_SUBWINDOWS, *first.shape), np.inf)
    rising = np.zeros(first.shape, dtype=bool)
    position = length  # the first frame ends a sub-window, so that there is an estimate at once
    for number, frame in enumerate(frames):
        state = _smoothed(state, frame, noise, frames_per_s=frames_per_s, number=number)
        unsteady = state.inverse_freedom.mean(axis=-1, keepdims=True)
        level = (1.0 + _UNSTEADY * np.sqrt(unsteady)) * state.power
        long, short = (level * _bias(state.inverse_freedom, size) for size in (window, length))
        lower = long < current
        current, current_sub = np.where(lower, long, current), np.where(lower, short, current_sub)
        if position < length:
            if position > 1:
                rising |= lower
                lowest = np.minimum(current_sub, lowest)
                noise = lowest
        else:
            minima[number // length % _SUBWINDOWS] = current
            lowest = minima.min(axis=0)
            followed = (current_sub < _slope(unsteady, length / frames_per_s) * lowest) & rising
            followed &= ~lower & (current_sub > lowest)
            lowest = np.where(followed, current_sub, lowest)
            minima = np.where(followed, lowest, minima)
            rising[:] = False
            current, current_sub = np.full_like(first, np.inf), np.full_like(first, np.inf)
            position = 0
        position += 1
        yield noise


def _smoothed(
    past: _Smoothed, frame: Frame, noise: Frame, *, frames_per_s: float, number: int
) -> _Smoothed:
    """Smooth by the optimal parameter, bounded by what the frame as a whole allows."""

    def memory(time_s: float) -> float:
        return math.exp(-1.0 / (frames_per_s * time_s))

    total = frame.sum(axis=-1, keepdims=True)
    jump = 1.0 / (1.0 + (past.power.sum(axis=-1, keepdims=True) / total - 1.0) ** 2)
    weight = memory(_CORRECTION_S)
    correction = weight * past.correction + (1.0 - weight) * np.maximum(jump, weight)
    optimal = 1.0 / (1.0 + (past.power / noise - 1.0) ** 2)
    alpha = memory(_SMOOTHING_MOST_S) * correction * optimal
    snr = past.power.sum(axis=-1, keepdims=True) / noise.sum(axis=-1, keepdims=True)
    least = np.minimum(
        memory(_SMOOTHING_LEAST_S), snr ** (-1.0 / (frames_per_s * _SMOOTHING_FALL_S))
    )
    alpha = np.maximum(alpha, least)
    power = alpha * past.power + (1.0 - alpha) * frame
    beta = np.minimum(alpha**2, memory(_MOMENTS_S))
    mean = beta * past.mean + (1.0 - beta) * power
    square = beta * past.square + (1.0 - beta) * power**2
    inverse = (square - mean**2) / (2.0 * noise**2)
    bounded = np.clip(inverse, 1.0 / (_FREEDOM[1] * (number + 1)), 1.0 / _FREEDOM[0])
    return _Smoothed(power, mean, square, correction, bounded)


def _bias(inverse_freedom: Frame, length: int) -> Frame:
    """Return mean over mean minimum of so many frames (eqs. 16 and 17).

    Between the lengths of the table M(D) lies on a line over 1 / √D, as 1 − M(D) nearly does.
    """
    mean = float(np.interp(-(length**-0.5), -np.power(_LENGTHS, -0.5), _MEANS))
    return 1.0 + 2.0 * (length - 1) * (1.0 - mean) / (1.0 / inverse_freedom - 2.0 * mean)


def _slope(unsteady: Frame, seconds: float) -> Frame:
    """Return how far a minimum may rise in a sub-window (table II): steady noise may rise more."""
    bounds, rises = zip(*_SLOPES, strict=True)
    rise = np.asarray(rises)[np.searchsorted(bounds, unsteady, side="right")]
    factor: Frame = 10.0 ** (rise * seconds / 10.0)
    return factor
