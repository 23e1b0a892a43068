"""Colour sound: noise, bands, resonances, slow curves.

Ring damped modes, the building blocks of struck and plucked bodies.

A string, bar or membrane left to itself sounds as a sum of exponentially decaying sinusoids
(Adrien 1991, "The missing link: modal synthesis").

Turn one cycle of a band-limited wave at any pitch (Mathews 1969).
"""

from __future__ import annotations

from functools import cache
from math import isqrt, sqrt
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


# OpenBLAS multiplies on one thread up to this many products. More threads only wait for each
# other here, and the sum's order, hence its last bit, must not depend on their number.
_SINGLE_THREADED = 200_000


def ring(frequency_hz: Sound, decay_s: Sound, *, amplitude: Sound, num_samples: int) -> Sound:
    """Sum a exp(-t / decay) sin(2 pi f t) over modes.

    The powers of each mode's pole are split into whole blocks and positions in a block, so that
    the sum is one matrix product instead of an exponential per mode and sample.

    Args:
        frequency_hz: Frequencies, shape (modes,).
        decay_s: Times to fall to 1/e, shape (modes,).
        amplitude: Linear amplitudes, shape (modes,).
        num_samples: Length of the sound.

    Returns:
        The sound, shape (num_samples,).

    >>> one = np.ones(1)
    >>> ring(11_025.0 * one, 1e9 * one, amplitude=one, num_samples=4).round(6) + 0.0
    array([ 0.,  1.,  0., -1.])
    """
    pole = (2j * np.pi * frequency_hz - 1.0 / decay_s) / SAMPLING_RATE
    block = isqrt(num_samples) + 1
    rows = max(1, _SINGLE_THREADED // (2 * len(pole) * block))
    batches = -(-num_samples // (block * rows))
    inner = np.exp(np.outer(pole, np.arange(block)))
    outer = np.exp(np.outer(np.arange(batches * rows) * block, pole)) * amplitude
    halves = np.concatenate([outer.real, outer.imag], axis=1).reshape(batches, rows, -1)
    sound: Sound = halves @ np.concatenate([inner.imag, inner.real])
    return sound.ravel()[:num_samples]


_SIZE = 2048
HIGHEST_HZ = 18_000.0
"""No harmonic is made above this frequency."""


def harmonics(frequency_hz: float) -> Sound:
    """Return the numbers 1, 2, … of the harmonics that fit below ``HIGHEST_HZ``."""
    return np.arange(1.0, min(HIGHEST_HZ / frequency_hz, _SIZE // 2 - 1) + 1.0)


def cycle(amplitude: Sound) -> Sound:
    """Return one cycle of sines with these amplitudes, shape (2049,), its end its beginning."""
    spectrum = np.zeros(_SIZE // 2 + 1, dtype=np.complex128)
    spectrum[1 : len(amplitude) + 1] = -0.5j * _SIZE * amplitude
    wave = np.fft.irfft(spectrum)
    return np.append(wave, wave[0])


def band_limited(wave: Sound, *, highest: int) -> Sound:
    """Return a sampled cycle, shape (2048,), with the harmonics above ``highest`` removed."""
    spectrum = np.fft.rfft(wave)
    spectrum[highest + 1 :] = 0.0
    spectrum[0] = 0.0
    limited = np.fft.irfft(spectrum)
    return np.append(limited, limited[0])


def phase(frequency_hz: Sound) -> Sound:
    """Integrate a frequency curve in Hz, shape (time,), to cycles."""
    cycles: Sound = np.cumsum(frequency_hz) / SAMPLING_RATE
    return cycles


def turn(wave: Sound, cycles: Sound) -> Sound:
    """Read a closed cycle at a phase curve in cycles, shape (time,), interpolating linearly."""
    position = (cycles - np.floor(cycles)) * _SIZE
    index = position.astype(np.intp)
    return wave[index] + (position - index) * (wave[index + 1] - wave[index])
