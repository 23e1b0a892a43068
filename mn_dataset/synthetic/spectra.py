"""Shape sound by smooth spectra that are drawn: noise of any slope, and what recording does to it.

A spectrum is drawn in dB on 1024 points from 16 Hz to 22.05 kHz, evenly in octaves.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import Stream
from mn_dataset.synthetic import synthesis
from mn_dataset.synthetic.synthesis import Sound

Spectrum = NDArray[np.complex128]

_LOWEST = 4.0  # octaves above 1 Hz
_OCTAVES = np.linspace(_LOWEST, np.log2(SAMPLING_RATE / 2), 1024)
_HALL_S = 1.0  # what is longer of a hall is cut


def noise(draw: Stream, num_samples: int, *, slope_db: tuple[float, float] = (-8.0, 3.0)) -> Sound:
    """Draw Gaussian noise of a drawn spectrum, of unit variance.

    Args:
        draw: Where chance comes from.
        num_samples: Its length.
        slope_db: Range of its slope in dB per octave.
    """
    size = synthesis.fast_length(num_samples)
    spectrum = _white(draw, size) * _response(_drawn(draw, slope_db), size)
    sound: Sound = fft.irfft(spectrum, size)[:num_samples]
    return synthesis.unit(sound)


def recorded(draw: Stream, sound: Sound, *, room: float) -> Sound:
    """Pass a sound through what recordings of one thing differ by.

    Of four, three have a tilt, edges and resonances; some a hall, exponentially falling noise
    (Moorer 1979), a background of up to −4 dB, and a level that swells by up to 50 dB.

    Args:
        draw: Where chance comes from.
        sound: The sound, shape (time,).
        room: How probable a hall is.
    """
    size = synthesis.fast_length(len(sound) + synthesis.samples(_HALL_S))
    spectrum = fft.rfft(sound, size)
    if draw.uniform() < 0.75:
        spectrum *= _response(_drawn(draw, (-4.0, 4.0), lift_db=15.0), size)
    if draw.uniform() < room:
        spectrum *= _hall(draw, size)
    if draw.uniform() < 0.5:
        background = _white(draw, size) * _response(_drawn(draw, (-9.0, 1.0)), size)
        level = 10.0 ** (draw.uniform(-45.0, -4.0) / 20.0)
        background *= level * _norm(spectrum) / _norm(background)
        background *= np.sqrt(size / len(sound))  # it sounds after the sound's end too
        spectrum += background
    out: Sound = fft.irfft(spectrum, size)[: len(sound)]
    if draw.uniform() < 0.6:
        depth = 50.0 * draw.uniform() ** 1.5 / 20.0 * np.log(10.0)
        rate_hz = synthesis.octave(draw, -3.0, 2.0)
        out *= np.exp(-depth * synthesis.wander(draw, len(out), rate_hz=rate_hz))
    return out


def _drawn(draw: Stream, slope_db: tuple[float, float], *, lift_db: float = 30.0) -> Sound:
    """Return a spectrum in dB: a slope around 1 kHz, two edges, up to six resonances."""
    db = draw.uniform(*slope_db) * (_OCTAVES - 10.0)
    low, high = draw.uniform(2.5, 9.0), draw.uniform(9.5, 15.0)
    db -= 3.0 * draw.integer(5) * np.log2(1.0 + 4.0 ** (low - _OCTAVES))
    db -= 3.0 * draw.integer(5) * np.log2(1.0 + 4.0 ** (_OCTAVES - high))
    for _ in range(draw.integer(7)):
        centre, octaves = draw.uniform(5.5, 13.3), synthesis.octave(draw, -5.0, 0.5)
        lift = draw.uniform(-0.4, 1.0) * lift_db
        db += lift * np.exp(-0.5 * ((_OCTAVES - centre) / octaves) ** 2)
    return np.maximum(db - float(db.max()), -120.0)


def _response(db: Sound, size: int) -> Sound:
    """Return the amplitude per bin of a spectrum in dB, for a transform of some length."""
    index, part = _places(size)
    each: Sound = np.exp((db[index] + part * (db[index + 1] - db[index])) * (np.log(10.0) / 20.0))
    return each


@lru_cache(8)
def _places(size: int) -> tuple[NDArray[np.intp], Sound]:
    """Return where in a drawn spectrum each bin of a transform lies."""
    octave = np.log2(np.maximum(fft.rfftfreq(size, 1.0 / SAMPLING_RATE), 2.0**_LOWEST))
    place = (octave - _LOWEST) / (_OCTAVES[1] - _LOWEST)
    index = np.minimum(place.astype(np.intp), len(_OCTAVES) - 2)
    return index, place - index


def _white(draw: Stream, size: int) -> Spectrum:
    """Return the spectrum of white noise; so many bins add up to Gaussian samples."""
    bins = size // 2 + 1
    parts = draw.uniforms(2 * bins) - 0.5
    return parts[:bins] + 1j * parts[bins:]


def _hall(draw: Stream, size: int) -> Spectrum:
    """Return the response of a hall beside the sound itself."""
    reverberation_s = synthesis.octave(draw, -2.5, 1.0)
    length = synthesis.samples(min(_HALL_S, 0.8 * reverberation_s))
    tail = synthesis.white(draw, length) * synthesis.fall(length, reverberation_s / 6.9)
    tail /= float(np.sqrt(np.sum(tail**2)))
    share = draw.uniform(0.1, 1.0)
    response: Spectrum = share * fft.rfft(tail, size)
    response += 1.0 - share
    return response


def _norm(spectrum: Spectrum) -> float:
    return float(np.sqrt(np.mean(spectrum.real**2 + spectrum.imag**2)))
