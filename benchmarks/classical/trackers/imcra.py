"""Track the noise by averaging where music is unlikely, as minima in two rounds tell.

Cohen, "Noise spectrum estimation in adverse environments: improved minima controlled recursive
averaging", IEEE Transactions on Speech and Audio Processing 11(5), 2003.

The paper's constants count frames that overlap by three quarters, as ours do; they are kept as
they are, because the bias of a minimum depends on frames and not on seconds.

The minima begin with the first frame, as in the paper: a bin that is nearly empty there is known
once two rounds are over (3.1 s). The author's program begins them anew with each of 14 frames,
which takes music that plays at once for noise: 0.4 dB less SI-SDR on music, so it is not done.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray
from scipy.special import exp1

from benchmarks.signal.stft import Power

Frame = NDArray[np.float64]
"""One frame of powers, shape (..., bins)."""

_ACROSS = (0.25, 0.5, 0.25)  # b: a Hann window over neighbouring bins
_SMOOTHING = 0.9  # α_s
_SUBWINDOWS, _LENGTH = 8, 15  # U and V
_MINIMUM_BIAS = 1.66  # B_min, of a minimum over U · V frames so smoothed
_ABSENT_POWER, _ABSENT_SMOOTHED = 4.6, 1.67  # γ_0 and ζ_0
_PRESENT_POWER = 3.0  # γ_1
_AVERAGING = 0.85  # α_d
_BIAS = 1.47  # β, of an average over frames without music
_PRIOR_SMOOTHING = 0.92  # α
_PRIOR_FLOOR = 10.0**-2.5
_LARGEST = 1e6  # of a ratio: what is 60 dB above the noise is music
_MOST_CERTAIN = 500.0  # its exponential is still a double above zero


class _Minimum:
    """The minimum over the last sub-windows."""

    def __init__(self) -> None:
        self._kept: deque[Frame] = deque(maxlen=_SUBWINDOWS)
        self._current: Frame | None = None
        self._count = 0
        self.value: Frame = np.zeros(0)

    def add(self, frame: Frame) -> Frame:
        """Return the minimum, this frame included."""
        self._current = frame if self._current is None else np.minimum(self._current, frame)
        self.value = np.minimum(self.value, frame) if self.value.size else frame
        self._count += 1
        if self._count == _LENGTH:
            self._kept.append(self._current)
            self.value = np.minimum.reduce(list(self._kept))
            self._current, self._count = None, 0
        return self.value


def imcra(power: Power, *, frames_per_s: float) -> Power:
    """Return the noise power of every frame.

    Args:
        power: Of the mixture, shape (..., frames, bins), nowhere zero for a whole item.
        frames_per_s: Not needed: constants count frames.

    Returns:
        Shape as given.
    """
    del frames_per_s
    noise = np.empty_like(power)
    frames = np.moveaxis(power, -2, 0).astype(np.float64)
    smoothed = quiet = _across(frames[0])
    average = frames[0]
    lowest, lowest_quiet = _Minimum(), _Minimum()
    past = np.ones_like(average)
    for number, frame in enumerate(frames):
        noise[..., number, :] = _BIAS * average
        posterior = np.minimum(frame / (_BIAS * average), _LARGEST)
        prior = _PRIOR_SMOOTHING * past
        prior = prior + (1.0 - _PRIOR_SMOOTHING) * np.maximum(posterior - 1.0, 0.0)
        prior = np.maximum(prior, _PRIOR_FLOOR)
        certain = posterior * prior / (1.0 + prior)
        smoothed = _SMOOTHING * smoothed + (1.0 - _SMOOTHING) * _across(frame)
        minimum = _MINIMUM_BIAS * lowest.add(smoothed)
        absent = (frame < _ABSENT_POWER * minimum) & (smoothed < _ABSENT_SMOOTHED * minimum)
        weight = _across(absent.astype(np.float64))
        noisy = np.divide(_across(frame * absent), weight, out=quiet.copy(), where=weight > 0)
        quiet = _SMOOTHING * quiet + (1.0 - _SMOOTHING) * noisy
        absence = _absence(frame, smoothed, _MINIMUM_BIAS * lowest_quiet.add(quiet))
        presence = _presence(absence, prior, certain)
        memory = _AVERAGING + (1.0 - _AVERAGING) * presence
        average = memory * average + (1.0 - memory) * frame
        gain = prior / (1.0 + prior) * np.exp(0.5 * exp1(np.maximum(certain, 1e-10)))
        past = np.minimum(gain**2 * posterior, _LARGEST)
    return noise


def _across(frame: Frame) -> Frame:
    """Average over neighbouring bins; beyond the edges there are none."""
    padded = np.pad(frame, [(0, 0)] * (frame.ndim - 1) + [(1, 1)], mode="edge")
    below, center, above = _ACROSS
    averaged: Frame = below * padded[..., :-2] + center * frame + above * padded[..., 2:]
    return averaged


def _absence(frame: Frame, smoothed: Frame, minimum: Frame) -> Frame:
    """Return the a priori probability that only noise is there (eq. 29)."""
    ratio = frame / minimum
    likely = np.clip((_PRESENT_POWER - ratio) / (_PRESENT_POWER - 1.0), 0.0, 1.0)
    absence: Frame = np.where(smoothed < _ABSENT_SMOOTHED * minimum, likely, 0.0)
    return absence


def _presence(absence: Frame, prior: Frame, certain: Frame) -> Frame:
    """Return the probability that music is there, given the frame (eq. 7); 0 if it cannot be."""
    alone = absence * (1.0 + prior) * np.exp(-np.minimum(certain, _MOST_CERTAIN))
    presence: Frame = (1.0 - absence) / (1.0 - absence + alone)
    return presence
