"""Make noises of the open: wind, thunder, a road."""

from __future__ import annotations

import numpy as np

from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import Stream
from mn_dataset.synthetic import machines, synthesis
from mn_dataset.synthetic.synthesis import Sound


def wind(draw: Stream, num_samples: int) -> Sound:
    """Gusts: the stronger, the higher; a howl that rises with them, and blows on a microphone."""
    rate_hz = synthesis.octave(draw, -2.0, 1.5)
    gust = synthesis.wander(draw, num_samples, rate_hz=rate_hz) ** draw.uniform(0.5, 3.0)
    middle_hz = synthesis.octave(draw, 6.5, 10.0)
    low = synthesis.band(
        synthesis.white(draw, num_samples), synthesis.octave(draw, 4.4, 6.0), middle_hz
    )
    high = synthesis.band(
        synthesis.white(draw, num_samples), middle_hz, middle_hz * synthesis.octave(draw, 0.5, 4.0)
    )
    out = synthesis.unit(low) * (draw.uniform(0.05, 1.5) + gust)
    out += synthesis.decade(draw, -1.0, 0.3) * synthesis.unit(high) * gust**1.5
    if draw.uniform() < 0.4:
        slow = synthesis.band(
            synthesis.white(draw, num_samples), 0.0, synthesis.octave(draw, 2.5, 6.0)
        )
        centre_hz = draw.uniform(150.0, 900.0) * (1.0 + draw.uniform(0.2, 1.5) * gust)
        howl = synthesis.unit(slow) * np.sin(2.0 * np.pi * synthesis.phase(centre_hz))
        out += draw.uniform(0.2, 1.5) * howl * gust
    return out


def thunder(draw: Stream, num_samples: int) -> Sound:
    """Cracks and the roll that follows them, over rain or wind."""
    out = np.zeros(num_samples)
    for _ in range(1 + draw.integer(3)):
        start = draw.integer(num_samples)
        length = num_samples - start
        t = np.arange(length) / SAMPLING_RATE
        roll = synthesis.band(synthesis.white(draw, length), 22.0, synthesis.octave(draw, 6.0, 9.0))
        crack = synthesis.band(
            synthesis.white(draw, length), 80.0, synthesis.octave(draw, 9.5, 13.0)
        )
        uneven = 0.1 + synthesis.wander(draw, length, rate_hz=synthesis.octave(draw, 0.5, 4.0))
        rise = np.minimum(1.0, t / draw.uniform(0.003, 0.5))
        blow = synthesis.fall(length, draw.uniform(0.4, 3.0)) * uneven * roll
        blow += draw.uniform(0.0, 1.0) * synthesis.fall(length, draw.uniform(0.03, 0.5)) * crack
        out[start:] += draw.uniform(0.3, 1.0) * rise * blow
    background = machines.hiss(draw, num_samples)
    return out / (float(out.std()) + 1e-9) + synthesis.decade(draw, -1.5, 0.5) * background


def road(draw: Stream, num_samples: int) -> Sound:
    """Vehicles that pass with Doppler shift and swell, over the rumble of a city."""
    rumble = synthesis.band(
        synthesis.white(draw, num_samples), 25.0, synthesis.octave(draw, 6.5, 10.5)
    )
    out = synthesis.decade(draw, -1.5, 0.3) * synthesis.unit(rumble)
    for _ in range(1 + draw.integer(2)):
        out += draw.uniform(0.3, 1.5) * _vehicle(draw, num_samples)
    return out


def _vehicle(draw: Stream, num_samples: int) -> Sound:
    """Drive past at constant speed: engine orders and tyres, 1 / distance, Doppler."""
    t = np.arange(num_samples) / SAMPLING_RATE
    t -= draw.uniform(-0.3, 1.3) * num_samples / SAMPLING_RATE
    speed_m_s, nearest_m = draw.uniform(3.0, 35.0), synthesis.octave(draw, 1.0, 5.0)
    distance_m = np.sqrt(nearest_m**2 + (speed_m_s * t) ** 2)
    doppler = 1.0 / (1.0 + speed_m_s**2 * t / distance_m / 343.0)
    low_hz = synthesis.octave(draw, 6.5, 9.5)
    tyres = synthesis.band(
        synthesis.white(draw, num_samples), low_hz, low_hz * synthesis.octave(draw, 0.7, 3.5)
    )
    passing = nearest_m / distance_m
    if draw.uniform() < 0.3:
        return passing * synthesis.unit(tyres)
    n = np.arange(1.0, 41.0)
    orders = (0.1 + draw.uniforms(40)) / n ** draw.uniform(0.5, 1.5)
    firing = synthesis.phase(synthesis.octave(draw, 4.3, 6.8) * doppler)
    tone = synthesis.unit(synthesis.turn(synthesis.cycle(orders), firing))
    return passing * (
        draw.uniform(0.0, 1.0) * tone + draw.uniform(0.1, 1.3) * synthesis.unit(tyres)
    )
