"""Turn one cycle of a band-limited wave at any pitch (Mathews 1969)."""

from __future__ import annotations

import numpy as np

from mn_dataset.catalogue.synthetic.filters import Sound
from mn_dataset.records import SAMPLING_RATE

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
