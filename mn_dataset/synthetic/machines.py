"""Make noises of machines: hum and buzz that drift, hiss of any slope, fans, engines, rails."""

from __future__ import annotations

import numpy as np

from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import Stream
from mn_dataset.synthetic import synthesis
from mn_dataset.synthetic.synthesis import Sound


def hum(draw: Stream, num_samples: int) -> Sound:
    """Mains hum or buzz: harmonics of 50 or 60 Hz, or of a converter, that drift and breathe."""
    converter = draw.uniform() < 0.25
    base_hz = draw.uniform(90.0, 900.0) if converter else draw.choice((50.0, 60.0))
    drift = draw.uniform(0.0, 0.02 if converter else 0.002)
    curve = 1.0 + drift * (synthesis.wander(draw, num_samples, rate_hz=0.5) - 0.5)
    n = np.arange(1.0, min(17_000.0 / base_hz, 300.0))
    slope = draw.uniform(0.3, 1.8)
    amplitude = (0.1 + draw.uniforms(len(n))) / n**slope
    if draw.uniform() < 0.5:
        amplitude[1::2] *= draw.uniform(0.0, 0.5)
    tone = synthesis.unit(synthesis.turn(synthesis.cycle(amplitude), synthesis.phase(base_hz * curve)))
    tone *= 1.0 - draw.uniform(0.0, 0.7) * synthesis.wander(draw, num_samples, rate_hz=1.0)
    return tone + draw.uniform(0.0, 0.5) * hiss(draw, num_samples)


def hiss(draw: Stream, num_samples: int) -> Sound:
    """Gaussian noise whose power falls or rises by any slope, with an edge and some resonances."""
    f = np.fft.rfftfreq(num_samples, 1.0 / SAMPLING_RATE)
    safe = np.maximum(f, 20.0)
    shape = safe ** draw.uniform(-1.2, 0.5)
    shape *= 1.0 / np.hypot(1.0, safe / draw.uniform(2000.0, 30_000.0)) ** draw.integer(3)
    shape *= 1.0 / np.hypot(1.0, draw.uniform(1.0, 300.0) / safe) ** draw.integer(3)
    for _ in range(draw.integer(5)):
        centre_hz = 2.0 ** draw.uniform(6.5, 13.0)
        width_hz = centre_hz * 2.0 ** draw.uniform(-6.0, -1.0)
        lift = 10.0 ** (draw.uniform(0.0, 30.0) / 20.0)
        shape *= 1.0 + (lift - 1.0) * np.exp(-0.5 * ((f - centre_hz) / width_hz) ** 2)
    spectrum = np.fft.rfft(draw.normals(num_samples))
    noise: Sound = np.fft.irfft(spectrum * shape, num_samples)
    return synthesis.unit(noise)


def fan(draw: Stream, num_samples: int) -> Sound:
    """Moving air with the tone of the blades, whose number of turns drifts."""
    turns_hz = draw.uniform(15.0, 180.0)
    curve = 1.0 + draw.uniform(0.0, 0.03) * (synthesis.wander(draw, num_samples, rate_hz=0.3) - 0.5)
    n = np.arange(1.0, 25.0)
    blades = synthesis.turn(
        synthesis.cycle((0.05 + draw.uniforms(24)) / n ** draw.uniform(0.5, 1.5)),
        synthesis.phase(turns_hz * curve),
    )
    pulse = 1.0 + draw.uniform(0.0, 0.5) * synthesis.unit(blades)
    return hiss(draw, num_samples) * pulse + draw.uniform(0.0, 0.8) * synthesis.unit(blades)


def engine(draw: Stream, num_samples: int) -> Sound:
    """An engine that speeds up and slows down: orders of its firing, load, exhaust noise."""
    lowest_hz, highest_hz = draw.uniform(12.0, 60.0), draw.uniform(60.0, 200.0)
    speed = synthesis.wander(draw, num_samples, rate_hz=draw.uniform(0.1, 0.6))
    if draw.uniform() < 0.3:
        speed = np.full(num_samples, draw.uniform())
    firing_hz = lowest_hz + (highest_hz - lowest_hz) * speed
    n = np.arange(1.0, 61.0)
    orders = (0.1 + draw.uniforms(60)) / n ** draw.uniform(0.4, 1.4)
    tone = synthesis.turn(synthesis.cycle(orders), synthesis.phase(firing_hz))
    load = 0.4 + 0.6 * synthesis.wander(draw, num_samples, rate_hz=0.7)
    exhaust = synthesis.band(synthesis.white(draw, num_samples), 60.0, draw.uniform(400.0, 4000.0))
    body = tuple(
        (draw.uniform(60.0, 1500.0), draw.uniform(1.0, 6.0), draw.uniform(0.0, 3.0))
        for _ in range(3)
    )
    sound = synthesis.resonate(synthesis.unit(tone) + draw.uniform(0.1, 1.0) * exhaust, body)
    return load * synthesis.unit(sound)


def rails(draw: Stream, num_samples: int) -> Sound:
    """A train: rolling noise, joints in pairs, now and then a squeal of the wheels."""
    roll = synthesis.band(synthesis.white(draw, num_samples), 40.0, draw.uniform(300.0, 2500.0))
    out = synthesis.unit(roll) * (0.5 + synthesis.wander(draw, num_samples, rate_hz=0.4))
    period, gap = synthesis.samples(draw.uniform(0.5, 1.6)), synthesis.samples(draw.uniform(0.08, 0.2))
    joints = np.zeros(num_samples)
    for first in (draw.integer(period), draw.integer(period) + gap):
        joints[first::period] = 1.0
    length = synthesis.samples(0.12)
    blow = synthesis.white(draw, length) * synthesis.fall(length, 0.02)
    out += draw.uniform(0.5, 3.0) * np.convolve(joints, synthesis.band(blow, 60.0, 1500.0))[:num_samples]
    if draw.uniform() < 0.5:
        pitch_hz = draw.uniform(900.0, 5000.0) * (
            1.0 + 0.05 * (synthesis.wander(draw, num_samples, rate_hz=1.5) - 0.5)
        )
        squeal = synthesis.turn(synthesis.cycle(np.array([1.0, 0.4, 0.2])), synthesis.phase(pitch_hz))
        out += draw.uniform(0.2, 1.0) * squeal * synthesis.wander(draw, num_samples, rate_hz=0.4) ** 4
    return out
