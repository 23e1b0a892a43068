"""Reduce a recording to what every copy of its take has in common: a slow, whitened waveform.

The samples are low-passed and thinned to 5.5 kHz, the spectrum is made flat (an equaliser or
another microphone's colour goes), the level is made even (a gain goes, a clipped peak counts
little) and the rest is rounded to eight bits. Phases stay: they are what tells one take from
another of the same tune.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage, signal

from mn_dataset.audio.io import Pcm
from mn_dataset.records import SAMPLING_RATE

THINNING = 8
RATE = SAMPLING_RATE / THINNING
"""Samples of a fingerprint per second."""

_TAPS = 64
_COLOUR_HZ = 15.0  # whitening follows the spectrum this closely, and no single partial
_LOWEST_HZ = 40.0
_LEVEL_S = 0.25
_INAUDIBLE = 1e-7  # of the loudest power: what a spectrum holds below −70 dB is rounding
_QUIETEST = 0.1  # of the mean power: what is quieter, and noise may hide, is not raised
_RMS = 24.0  # of the eight-bit samples: a crest of 14 dB fits

Wave = NDArray[np.float32]


@dataclass(frozen=True)
class Fingerprint:
    """What is compared of one recording.

    Attributes:
        wave: Whitened samples, int8 (time,) at ``RATE``; zero where the recording is silent.
    """

    wave: NDArray[np.int8]


def fingerprint(samples: Pcm) -> Fingerprint:
    """Take the fingerprint of a recording at 44.1 kHz.

    Args:
        samples: int16 (time,).

    >>> rng = np.random.default_rng(0)
    >>> take = rng.integers(-3000, 3000, 44_100).astype(np.int16)
    >>> fingerprint(take).wave.shape
    (5512,)
    """
    slow = thin(samples)
    if not slow.any():
        return Fingerprint(np.zeros(len(slow), np.int8))
    even = _even(_whiten(slow))
    return Fingerprint(np.clip(np.rint(_RMS * even), -127, 127).astype(np.int8))


def thin(samples: Pcm) -> Wave:
    """Low-pass samples (time,), keep every eighth, and take the mean away."""
    # Blocks of eight: one product does all phases of the filter.
    phases = _low_pass().reshape(-1, THINNING)
    count = len(samples) // THINNING
    padded = np.zeros(count * THINNING + _TAPS, np.float32)
    padded[_TAPS // 2 : _TAPS // 2 + count * THINNING] = samples[: count * THINNING]
    products = padded.reshape(-1, THINNING) @ phases.T
    slow = products[:count, 0].copy()
    for phase in range(1, len(phases)):
        slow += products[phase : phase + count, phase]
    centred: Wave = slow - slow.mean() if count else slow
    return centred


@cache
def _low_pass() -> Wave:
    taps: Wave = signal.firwin(_TAPS, 0.92 / THINNING).astype(np.float32)
    return taps


def _whiten(slow: Wave) -> Wave:
    """Divide by the smoothed spectrum of the whole recording; phases are left alone."""
    size = fft.next_fast_len(len(slow) + int(RATE / _COLOUR_HZ), real=True)
    spectrum = fft.rfft(slow, size)
    bins_per_hz = size / RATE
    colour = _smooth(spectrum.real**2 + spectrum.imag**2, int(_COLOUR_HZ * bins_per_hz))
    colour += _INAUDIBLE * colour.max()
    colour[: int(_LOWEST_HZ * bins_per_hz)] = np.inf
    white = fft.irfft(spectrum / np.sqrt(colour), size)[: len(slow)]
    return white.astype(np.float32, copy=False)


def _even(white: Wave) -> Wave:
    """Divide by the level around each sample; what is quiet stays so."""
    power = _smooth(white * white, int(_LEVEL_S * RATE))
    even: Wave = white / np.sqrt(power + _QUIETEST * power.mean())
    return even


def _smooth(values: Wave, width: int) -> Wave:
    """Average over ``width`` values around each, the ends repeated."""
    smooth: Wave = ndimage.uniform_filter1d(values, max(1, width), mode="nearest")
    return np.maximum(smooth, 0.0)  # a running sum may end just below zero
