"""Make the noises of things that run: mains, fans, converters.

Electrical noise is mains hum with harmonics, rectifier buzz, hiss and discharges; stationary
noise is Gaussian noise of a fixed spectrum (Voss and Clarke 1978 for the power laws).
"""

from __future__ import annotations

import numpy as np

from mn_dataset.catalogue.synthetic import filters, wavetable
from mn_dataset.catalogue.synthetic.filters import Sound
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import Stream

_COLOURS = ("white", "pink", "brown", "band", "fan", "air")


def electrical(draw: Stream, num_samples: int) -> Sound:
    """Hum at 50 or 60 Hz with harmonics, buzz at twice that, hiss and crackle."""
    mains_hz = draw.choice((50.0, 60.0))
    unsteady = filters.wander(draw, num_samples, rate_hz=0.7) - 0.5
    cycles = wavetable.phase(mains_hz * (1.0 + 0.002 * unsteady))
    n = np.arange(1.0, 13.0)
    odd = np.where(n % 2 == 1, 1.0, 0.5)
    hum = wavetable.turn(wavetable.cycle(odd * draw.uniforms(12) / n**0.7), cycles)
    h = np.arange(2.0, 241.0, 2.0)
    spikes = np.zeros(240)
    spikes[1::2] = (0.4 + 0.6 * draw.uniforms(120)) / (1.0 + (h * mains_hz / 2500.0) ** 2)
    buzz = wavetable.turn(wavetable.cycle(spikes), cycles)
    load = 0.6 + 0.4 * filters.wander(draw, num_samples, rate_hz=1.5)
    hiss = filters.band(filters.white(draw, num_samples), 1500.0, SAMPLING_RATE / 2)
    discharges = filters.scatter(draw, num_samples, rate_hz=draw.uniform(8.0, 20.0), tail=0.4)
    return (
        filters.unit(hum)
        + draw.uniform(0.4, 0.9) * load * filters.unit(buzz)
        + draw.uniform(0.3, 0.45) * hiss
        + draw.uniform(2.5, 3.5) * filters.band(discharges, 800.0, 12_000.0)
    )


def stationary(draw: Stream, num_samples: int, *, kind: int) -> Sound:
    """Draw Gaussian noise: white, pink, brown, one band, a fan, or moving air, by ``kind``."""
    f = np.fft.rfftfreq(num_samples, 1.0 / SAMPLING_RATE)
    safe = np.maximum(f, 20.0)
    centre_hz = draw.uniform(500.0, 1200.0)
    shape = {
        "white": np.ones(len(f)),
        "pink": safe**-0.5,
        "brown": 1.0 / np.hypot(safe, 80.0),
        "band": np.exp(-0.5 * (np.log(safe / centre_hz) / 0.6) ** 2) + 0.02,
        "fan": safe**-0.7 + 0.02 * np.exp(-0.5 * ((f - centre_hz / 4) / 3.0) ** 2),
        "air": 1.0 / np.hypot(safe, 400.0) + 3e-4 * np.exp(-0.5 * ((f - 4000.0) / 1500.0) ** 2),
    }[_COLOURS[kind % len(_COLOURS)]]
    spectrum = np.fft.rfft(draw.normals(num_samples))
    return np.fft.irfft(spectrum * shape, num_samples)
