"""Make noises of machines: hum and buzz that drift, hiss of any slope, fans, motors, engines."""

from __future__ import annotations

import numpy as np

from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import Stream
from mn_dataset.synthetic import grains, spectra, synthesis
from mn_dataset.synthetic.synthesis import Sound


def hum(draw: Stream, num_samples: int) -> Sound:
    """Mains hum or buzz: harmonics of 50 or 60 Hz, or of a converter, that drift and breathe."""
    converter = draw.uniform() < 0.25
    base_hz = draw.uniform(90.0, 900.0) if converter else draw.choice((50.0, 60.0))
    drift = synthesis.decade(draw, -4.5, -1.5 if converter else -2.3)
    curve = 1.0 + drift * (synthesis.wander(draw, num_samples, rate_hz=0.5) - 0.5)
    tone = _orders(draw, base_hz * curve, highest_hz=17_000.0, slope=draw.uniform(0.0, 2.2))
    breath = draw.uniform(0.0, 0.8) ** 2
    tone *= 1.0 - breath * synthesis.wander(draw, num_samples, rate_hz=draw.uniform(0.3, 4.0))
    return tone + synthesis.decade(draw, -3.0, 0.0) * hiss(draw, num_samples)


def hiss(draw: Stream, num_samples: int) -> Sound:
    """Gaussian noise whose power falls or rises by any slope, with edges and some resonances."""
    return spectra.noise(draw, num_samples)


def fan(draw: Stream, num_samples: int) -> Sound:
    """Moving air with the tone of the blades and of the motor, whose speed drifts or runs up."""
    turns_hz = synthesis.octave(draw, 3.5, 8.2)
    runs_up = draw.uniform() < 0.2
    depth = draw.uniform(0.1, 0.7) if runs_up else synthesis.decade(draw, -4.0, -1.5)
    curve = 1.0 - depth * synthesis.wander(draw, num_samples, rate_hz=0.3)
    blades = _orders(draw, turns_hz * curve, highest_hz=6000.0, slope=draw.uniform(0.3, 1.6))
    air = hiss(draw, num_samples) * (1.0 + draw.uniform(0.0, 0.3) * np.clip(blades, -3.0, 3.0))
    return air + synthesis.decade(draw, -2.0, 0.2) * blades


def motor(draw: Stream, num_samples: int) -> Sound:
    """An electric motor, as of a drill, shaver or copier: whine of its gears, hiss of brushes."""
    turns_hz = synthesis.octave(draw, 4.0, 9.5)
    load = synthesis.wander(draw, num_samples, rate_hz=synthesis.octave(draw, -1.5, 2.5))
    curve = 1.0 - synthesis.decade(draw, -2.5, -0.2) * load
    if draw.uniform() < 0.4:  # starts or stops
        t = np.arange(num_samples) / SAMPLING_RATE
        rise = 1.0 - np.exp(-t / draw.uniform(0.05, 1.0))
        curve *= 0.02 + 0.98 * (rise if draw.uniform() < 0.6 else rise[::-1])
    whine = _orders(draw, turns_hz * curve, highest_hz=14_000.0, slope=draw.uniform(-0.4, 1.2))
    brushes = hiss(draw, num_samples) * curve * (0.5 + 0.5 * np.abs(whine))
    return (whine * curve + synthesis.decade(draw, -1.0, 1.0) * brushes) * (0.3 + load)


def engine(draw: Stream, num_samples: int) -> Sound:
    """An engine that speeds up and slows down: orders of its firing, load, exhaust noise."""
    lowest_hz = synthesis.octave(draw, 3.3, 6.0)
    highest_hz = lowest_hz * synthesis.octave(draw, 0.1, 2.5)
    speed = synthesis.wander(draw, num_samples, rate_hz=synthesis.octave(draw, -3.5, 0.3))
    if draw.uniform() < 0.4:
        speed = draw.uniform() + 0.03 * speed
    firing_hz = lowest_hz + (highest_hz - lowest_hz) * speed
    # Cylinders differ, so that the orders of half the firing sound as well.
    slope = draw.uniform(-0.2, 1.3)
    tone = _orders(draw, firing_hz / draw.choice((1.0, 2.0, 4.0)), highest_hz=4000.0, slope=slope)
    load = draw.uniform(0.1, 1.0) + synthesis.wander(draw, num_samples, rate_hz=0.7)
    exhaust = synthesis.band(
        synthesis.white(draw, num_samples), 40.0, synthesis.octave(draw, 8.0, 13.0)
    )
    exhaust *= 1.0 + draw.uniform(0.0, 0.4) * np.clip(tone, -2.0, 2.0)
    return load * (tone + synthesis.decade(draw, -1.3, 0.7) * exhaust)


def rails(draw: Stream, num_samples: int) -> Sound:
    """A train: rolling noise, joints in pairs, the motors' whine, now and then a squeal."""
    low_hz, high_hz = synthesis.octave(draw, 4.8, 7.5), synthesis.octave(draw, 8.0, 12.5)
    roll = synthesis.unit(synthesis.band(synthesis.white(draw, num_samples), low_hz, high_hz))
    swell = draw.uniform(0.1, 1.0) + synthesis.wander(draw, num_samples, rate_hz=0.4)
    out = roll * swell
    period, gap = draw.uniform(0.4, 1.8), draw.uniform(0.07, 0.25)
    count = int(num_samples / SAMPLING_RATE / period) + 2
    at = np.repeat((np.arange(count) - draw.uniform()) * period, 2)
    at[1::2] += gap
    at = np.maximum(at, 0.0) * SAMPLING_RATE
    length = synthesis.samples(0.15)
    bank = []
    for _ in range(3):
        blow = synthesis.white(draw, length) * synthesis.fall(length, draw.uniform(0.005, 0.05))
        blow = synthesis.band(blow, 50.0, synthesis.octave(draw, 8.5, 12.0))
        bank.append(blow / float(np.abs(blow).max()))
    which, height = draw.uniforms(2 * count), 0.3 + draw.uniforms(2 * count)
    joints = grains.strew(num_samples, bank, which=which, at=at, height=height)
    out += draw.uniform(0.0, 9.0) * joints
    if draw.uniform() < 0.4:
        pitch_hz = draw.uniform(80.0, 700.0) * (
            0.4 + synthesis.wander(draw, num_samples, rate_hz=0.3)
        )
        whine = _orders(draw, pitch_hz, highest_hz=5000.0, slope=draw.uniform(0.5, 1.5))
        out += draw.uniform(0.1, 0.8) * whine
    if draw.uniform() < 0.3:
        pitch_hz = synthesis.octave(draw, 9.8, 12.5) * (
            1.0 + draw.uniform(0.0, 0.08) * synthesis.wander(draw, num_samples, rate_hz=1.5)
        )
        squeal = _orders(draw, pitch_hz, highest_hz=14_000.0, slope=1.5)
        out += (
            draw.uniform(0.2, 2.0) * squeal * synthesis.wander(draw, num_samples, rate_hz=0.6) ** 4
        )
    return out


def _orders(draw: Stream, pitch_hz: Sound, *, highest_hz: float, slope: float) -> Sound:
    """Return harmonics of a moving pitch, of unit variance.

    Args:
        draw: Their amplitudes.
        pitch_hz: The fundamental, shape (time,).
        highest_hz: Where they end at the fundamental's highest, 300 of them at the most.
        slope: Amplitudes fall as 1 / number to this power.
    """
    n = np.arange(1.0, max(2.0, min(highest_hz / float(pitch_hz.max()), 300.0)))
    amplitude = (0.02 + draw.uniforms(len(n)) ** draw.uniform(0.5, 3.0)) / n**slope
    if draw.uniform() < 0.4:
        amplitude[1::2] *= draw.uniform(0.0, 0.5)
    if draw.uniform() < 0.4:  # a resonance
        centre, octaves = draw.uniform(1.0, len(n) + 1.0), draw.uniform(0.1, 1.0)
        lift = draw.uniform(1.0, 12.0)
        amplitude *= 1.0 + lift * np.exp(-0.5 * (np.log2(n / centre) / octaves) ** 2)
    wave = synthesis.cycle(amplitude)
    if draw.uniform() < 0.5:  # other phases, another wave of the same spectrum
        spectrum = np.fft.rfft(wave[:-1])
        spectrum[1 : len(n) + 1] *= np.exp(2j * np.pi * draw.uniforms(len(n)))
        wave = np.fft.irfft(spectrum)
        wave = np.append(wave, wave[0])
    return synthesis.unit(synthesis.turn(wave, synthesis.phase(pitch_hz)))
