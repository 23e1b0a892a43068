"""Colour sound: noise, bands, resonances, slow curves."""

from __future__ import annotations

from functools import cache
from math import sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import Stream

Sound: TypeAlias = NDArray[np.float64]
"""Mono sound or a curve beside it, shape (time,)."""


def samples(seconds: float) -> int:
    """Return a duration in whole samples."""
    return round(seconds * SAMPLING_RATE)


def white(draw: Stream, num_samples: int) -> Sound:
    """Draw white noise of unit variance (uniform: whatever filters it makes it Gaussian)."""
    return (draw.uniforms(num_samples) - 0.5) * sqrt(12.0)


def unit(sound: Sound) -> Sound:
    """Scale a sound to unit variance."""
    return sound / float(sound.std())


def fall(num_samples: int, decay_s: float) -> Sound:
    """Return exp(-t / decay)."""
    return np.exp(np.arange(num_samples) / (-decay_s * SAMPLING_RATE))


def band(sound: Sound, low_hz: float, high_hz: float) -> Sound:
    """Keep a band (Butterworth, 12 dB per octave); 0 or a half of the rate leaves a side open."""
    return np.asarray(signal.sosfilt(_butterworth(low_hz, high_hz), sound), dtype=np.float64)


def resonate(sound: Sound, peaks: tuple[tuple[float, float, float], ...]) -> Sound:
    """Add resonances (frequency in Hz, quality, linear gain) to a sound."""
    out = sound.copy()
    for frequency_hz, quality, gain in peaks:
        b, a = signal.iirpeak(frequency_hz, quality, fs=SAMPLING_RATE)
        out += gain * np.asarray(signal.lfilter(b, a, sound), dtype=np.float64)
    return out


def wander(draw: Stream, num_samples: int, *, rate_hz: float) -> Sound:
    """Draw a smooth curve in [0, 1] with about ``rate_hz`` turns per second."""
    spacing = round(SAMPLING_RATE / rate_hz)
    knots = draw.uniforms(num_samples // spacing + 2)
    weight = 0.5 - 0.5 * np.cos(np.pi * np.arange(spacing) / spacing)
    curve: Sound = knots[:-1, np.newaxis] + np.diff(knots)[:, np.newaxis] * weight
    return curve.ravel()[:num_samples]


def scatter(draw: Stream, num_samples: int, *, rate_hz: float, tail: float) -> Sound:
    """Draw impulses of heights 1 to 3 with random signs at random times, heavier for more tail."""
    impulses = np.zeros(num_samples)
    count = int(num_samples / SAMPLING_RATE * rate_hz)
    at = (draw.uniforms(count) * num_samples).astype(np.intp)
    height = np.minimum((1.0 - draw.uniforms(count)) ** -tail, 3.0)
    impulses[at] = height * np.sign(draw.uniforms(count) - 0.5)
    return impulses


def place(track: Sound, sound: Sound, *, start_s: float) -> None:
    """Add a sound to a track from a time on; what hangs over the end is cut."""
    start = min(samples(start_s), len(track))
    part = sound[: len(track) - start]
    track[start : start + len(part)] += part


@cache
def _butterworth(low_hz: float, high_hz: float) -> Sound:
    nyquist_hz = SAMPLING_RATE / 2
    if low_hz <= 0.0:
        sos = signal.butter(2, high_hz, "lowpass", fs=SAMPLING_RATE, output="sos")
    elif high_hz >= nyquist_hz:
        sos = signal.butter(2, low_hz, "highpass", fs=SAMPLING_RATE, output="sos")
    else:
        sos = signal.butter(2, (low_hz, high_hz), "bandpass", fs=SAMPLING_RATE, output="sos")
    return np.asarray(sos, dtype=np.float64)
