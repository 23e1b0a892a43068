"""Synthesise sound: noise and filters, decaying modes, wavetables, reverberation, mastering.

A string, bar or membrane left to itself sounds as a sum of exponentially decaying sinusoids
(Adrien 1991, "The missing link: modal synthesis"); what is bowed, blown or sung is one cycle of a
band-limited wave, read at any pitch (Mathews 1969).
"""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache
from math import isqrt, sqrt
from typing import TypeAlias

import numpy as np
import scipy  # its parts are imported when they are first used
from numpy.typing import NDArray

from mn_dataset.audio.io import Pcm
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import Stream

Sound: TypeAlias = NDArray[np.float64]
"""Mono sound or a curve beside it, shape (time,)."""

HIGHEST_HZ = 18_000.0
"""Harmonics end here; the last may lie above by less than the fundamental."""

PEAK_DBFS = -3.0
"""Where the loudest of a recording's stems and their sum peaks."""

_SMOOTH: list[int] = sorted(
    2**twos * 3**threes * 5**fives
    for twos in range(31)
    for threes in range(20)
    for fives in range(14)
)
_CYCLE = 2048  # samples of a wavetable
_EDGE_S = 0.01

# OpenBLAS multiplies on one thread up to this many products. More threads only wait for each
# other here, and the sum's order, hence its last bit, must not depend on their number.
_SINGLE_THREADED = 200_000


def samples(seconds: float) -> int:
    """Return a duration in whole samples."""
    return round(seconds * SAMPLING_RATE)


def octave(draw: Stream, low: float, high: float) -> float:
    """Draw 2 to the power of a uniform number."""
    return float(2.0 ** draw.uniform(low, high))


def decade(draw: Stream, low: float, high: float) -> float:
    """Draw 10 to the power of a uniform number."""
    return float(10.0 ** draw.uniform(low, high))


def white(draw: Stream, num_samples: int) -> Sound:
    """Draw white noise of unit variance (uniform: whatever filters it makes it Gaussian)."""
    return (draw.uniforms(num_samples) - 0.5) * sqrt(12.0)


def fast_length(num_samples: int) -> int:
    """Return the next product of twos, threes and fives, whose Fourier transform is quick.

    >>> fast_length(176_401)
    177147
    """
    return _SMOOTH[bisect_left(_SMOOTH, num_samples)]


def unit(sound: Sound) -> Sound:
    """Scale a sound to unit variance."""
    return sound / float(sound.std())


def fall(num_samples: int, decay_s: float) -> Sound:
    """Return exp(-t / decay)."""
    return np.exp(np.arange(num_samples) / (-decay_s * SAMPLING_RATE))


def band(sound: Sound, low_hz: float, high_hz: float) -> Sound:
    """Keep a band (Butterworth, 12 dB per octave); 0 or a half of the rate leaves a side open."""
    return np.asarray(scipy.signal.sosfilt(_butterworth(low_hz, high_hz), sound), dtype=np.float64)


def resonate(sound: Sound, peaks: tuple[tuple[float, float, float], ...]) -> Sound:
    """Add resonances (frequency in Hz, quality, linear gain) to a sound."""
    out = sound.copy()
    for frequency_hz, quality, gain in peaks:
        b, a = scipy.signal.iirpeak(frequency_hz, quality, fs=SAMPLING_RATE)
        out += gain * np.asarray(scipy.signal.lfilter(b, a, sound), dtype=np.float64)
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


def mix_in(track: Sound, sound: Sound, *, start_s: float) -> None:
    """Mix a sound into a track from a time on; what hangs over the end is cut."""
    start = min(samples(start_s), len(track))
    part = sound[: len(track) - start]
    track[start : start + len(part)] += part


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


def harmonics(frequency_hz: float) -> Sound:
    """Return the numbers 1, 2, … of the harmonics up to ``HIGHEST_HZ`` and the next.

    >>> harmonics(5000.0).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    return np.arange(1.0, min(HIGHEST_HZ / frequency_hz, _CYCLE // 2 - 1) + 1.0)


def cycle(amplitude: Sound) -> Sound:
    """Return one cycle of sines with these amplitudes, shape (2049,), its end its beginning."""
    spectrum = np.zeros(_CYCLE // 2 + 1, dtype=np.complex128)
    spectrum[1 : len(amplitude) + 1] = -0.5j * _CYCLE * amplitude
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
    position = (cycles - np.floor(cycles)) * _CYCLE
    index = position.astype(np.intp)
    return wave[index] + (position - index) * (wave[index + 1] - wave[index])


def reverberate(stems: dict[str, Sound], draw: Stream) -> dict[str, Sound]:
    """Reverberate stems in one small room, each cut to its own length.

    The response is exponentially falling noise (Moorer 1979).
    """
    reverberation_s = draw.uniform(0.25, 0.5)
    num_samples = samples(0.7 * reverberation_s)
    # Sound has fallen by 60 dB, 6.9 nepers, after the reverberation time.
    tail = white(draw, num_samples) * fall(num_samples, reverberation_s / 6.9)
    tail = band(tail, 150.0, 6000.0)
    tail[: samples(0.004)] = 0.0
    tail *= draw.uniform(0.2, 0.35) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return {
        name: np.asarray(scipy.signal.oaconvolve(sound, tail)[: len(sound)], dtype=np.float64)
        for name, sound in stems.items()
    }


def master(stems: dict[str, Sound]) -> dict[str, Pcm]:
    """Free stems of DC, fade their ends, scale them by one gain, and quantise each.

    The integer sum of the stems, and each of them, peaks at ``PEAK_DBFS`` at most.
    """
    clean = {name: _edged(band(sound, 25.0, 22_050.0)) for name, sound in stems.items()}
    mixture = np.sum(list(clean.values()), axis=0)
    peak = max(float(np.abs(sound).max()) for sound in (mixture, *clean.values()))
    gain = 32_767.0 * 10.0 ** (PEAK_DBFS / 20.0) / peak
    return {name: np.rint(gain * sound).astype(np.int16) for name, sound in clean.items()}


@lru_cache(256)
def _butterworth(low_hz: float, high_hz: float) -> Sound:
    nyquist_hz = SAMPLING_RATE / 2
    if low_hz <= 0.0:
        sos = scipy.signal.butter(2, high_hz, "lowpass", fs=SAMPLING_RATE, output="sos")
    elif high_hz >= nyquist_hz:
        sos = scipy.signal.butter(2, low_hz, "highpass", fs=SAMPLING_RATE, output="sos")
    else:
        sos = scipy.signal.butter(2, (low_hz, high_hz), "bandpass", fs=SAMPLING_RATE, output="sos")
    return np.asarray(sos, dtype=np.float64)


def _edged(sound: Sound) -> Sound:
    num_samples = samples(_EDGE_S)
    ramp = np.arange(num_samples) / num_samples
    sound[:num_samples] *= ramp
    sound[-num_samples:] *= ramp[::-1]
    return sound
