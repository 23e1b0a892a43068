"""Make what the validation split has no recording of: clicks, hum, plain hiss, held plucked notes.

They validate and teach nothing, so they are made in other ways than the noises and the music that
networks learn from (`mn_dataset/synthetic`), with what the two have in common being how sound is
filtered and mastered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy import signal

from mn_dataset.audio.io import Pcm
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import Stream, generator
from mn_dataset.synthetic import synthesis
from mn_dataset.synthetic.synthesis import Sound

SECONDS = 10
_LENGTH = SECONDS * SAMPLING_RATE
_DISC_S = 60.0 / (100.0 / 3.0)  # a turn at 33 1/3 rpm


def make(name: str, kind: str) -> Pcm:
    """Make the recording of a name, int16 (time,); it depends on nothing else."""
    draw = generator(0, "validation", name)
    return synthesis.master({kind: KINDS[kind](draw)})[kind]


def disc(draw: Stream) -> Sound:
    """Clicks of a record: single ones at random, and a scratch that comes back with every turn."""
    scratch_s = draw.uniform(0.0, _DISC_S) + _DISC_S * np.arange(int(SECONDS / _DISC_S))
    single_s = SECONDS * draw.uniforms(round(SECONDS * draw.uniform(8.0, 30.0)))
    heights = np.exp(0.6 * draw.normals(len(scratch_s) + len(single_s)))
    sound = np.zeros(_LENGTH)
    for start_s, height in zip(np.concatenate([scratch_s, single_s]), heights, strict=True):
        synthesis.mix_in(sound, height * _pulse(draw), start_s=start_s)
    return _with_floor(draw, sound)


def contact(draw: Stream) -> Sound:
    """A loose plug: clusters of steps, each of which sinks back within milliseconds."""
    sound = np.zeros(_LENGTH)
    for cluster_s in SECONDS * draw.uniforms(6 + draw.integer(10)):
        for _ in range(3 + draw.integer(12)):
            step = synthesis.fall(synthesis.samples(0.02), draw.uniform(5e-4, 3e-3))
            height = draw.uniform(-1.0, 1.0)
            synthesis.mix_in(sound, height * step, start_s=cluster_s + draw.uniform(0.0, 0.08))
    return _with_floor(draw, sound)


def dropouts(draw: Stream) -> Sound:
    """Faults of a digital line: up to twenty wrong samples at a time."""
    sound = np.zeros(_LENGTH)
    for start_s in SECONDS * draw.uniforms(round(SECONDS * draw.uniform(8.0, 40.0))):
        wrong = 2.0 * draw.uniforms(1 + draw.integer(20)) - 1.0
        synthesis.mix_in(sound, wrong, start_s=start_s)
    return sound


def ground_loop(draw: Stream) -> Sound:
    """Mains hum as a loop in the cabling picks it up: steady, a dozen harmonics."""
    n = np.arange(1.0, 13.0)
    return _mains(draw, (0.2 + draw.uniforms(12)) / n ** draw.uniform(1.0, 2.0), unsteady=0.0)


def transformer(draw: Stream) -> Sound:
    """The hum of an iron core: even harmonics, louder and softer with the load."""
    n = np.arange(1.0, 25.0)
    even = np.where(n % 2 == 0, 1.0, 0.05)
    return _mains(draw, even * (0.3 + draw.uniforms(24)) / n**0.8, unsteady=0.4)


def dimmer(draw: Stream) -> Sound:
    """The buzz of a dimmer that cuts the mains' phase: harmonics up to some 10 kHz."""
    n = np.arange(1.0, 201.0)
    angle = draw.uniform(0.2, 0.8) * np.pi
    return _mains(draw, np.abs(np.sin(n * angle)) / n, unsteady=0.2)


def hiss(draw: Stream) -> Sound:
    """Broadband noise of one slope, as of a tape, a tube or a room."""
    f = np.fft.rfftfreq(_LENGTH, 1.0 / SAMPLING_RATE)
    shape = np.maximum(f, 30.0) ** draw.uniform(-0.7, 0.3)
    noise: Sound = np.fft.irfft(np.fft.rfft(draw.normals(_LENGTH)) * shape, _LENGTH)
    return noise


def harp(draw: Stream) -> Sound:
    """Single notes of a harp, left to ring for seconds."""
    return _held(draw, lowest_hz=98.0, ring_s=(4.0, 7.0), bright_hz=5000.0)


def lute(draw: Stream) -> Sound:
    """Single notes of a lute, left to ring."""
    return _held(draw, lowest_hz=110.0, ring_s=(2.0, 4.0), bright_hz=7000.0)


def zither(draw: Stream) -> Sound:
    """Single notes of a zither, left to ring."""
    return _held(draw, lowest_hz=147.0, ring_s=(3.0, 6.0), bright_hz=9000.0)


KINDS: Mapping[str, Callable[[Stream], Sound]] = {
    "disc": disc,
    "contact": contact,
    "dropouts": dropouts,
    "ground_loop": ground_loop,
    "transformer": transformer,
    "dimmer": dimmer,
    "hiss": hiss,
    "harp": harp,
    "lute": lute,
    "zither": zither,
}
"""What makes a recording, by kind."""


def _pulse(draw: Stream) -> Sound:
    """One click of a needle: it swings back after it was thrown (Vaseghi 2008, chapter 13)."""
    length = synthesis.samples(0.02)
    quick, slow = draw.uniform(1e-4, 4e-4), draw.uniform(6e-4, 3e-3)
    swing = synthesis.fall(length, quick) - quick / slow * synthesis.fall(length, slow)
    return float(draw.choice((-1.0, 1.0))) * swing


def _with_floor(draw: Stream, sound: Sound) -> Sound:
    """Add the hiss that a groove or an input has, 50 to 65 dB below the peak."""
    floor = 10.0 ** (draw.uniform(-65.0, -50.0) / 20.0) * float(np.abs(sound).max())
    return sound + floor * synthesis.white(draw, len(sound))


def _mains(draw: Stream, amplitude: Sound, *, unsteady: float) -> Sound:
    """Sum harmonics of 50 or 60 Hz at random phases, over a faint hiss."""
    mains_hz = draw.choice((50.0, 60.0)) * (1.0 + draw.uniform(-5e-4, 5e-4))
    cycles = synthesis.phase(np.full(_LENGTH, mains_hz))
    sound = np.zeros(_LENGTH)
    for number, height in enumerate(amplitude, start=1):
        sound += height * np.sin(2.0 * np.pi * (number * cycles + draw.uniform()))
    load = 1.0 - unsteady * synthesis.wander(draw, _LENGTH, rate_hz=0.8)
    floor = 10.0 ** (draw.uniform(-40.0, -25.0) / 20.0)
    return synthesis.unit(sound) * load + floor * synthesis.white(draw, _LENGTH)


def _held(
    draw: Stream, *, lowest_hz: float, ring_s: tuple[float, float], bright_hz: float
) -> Sound:
    """Pluck notes of a pentatonic scale, some two in three seconds, over three octaves."""
    sound = np.zeros(_LENGTH)
    start_s = draw.uniform(0.0, 0.3)
    while start_s < SECONDS - 1.0:
        step = 12 * draw.integer(3) + draw.choice((0, 2, 4, 7, 9))
        note = _pluck(draw, lowest_hz * 2.0 ** (step / 12.0), draw.uniform(*ring_s), bright_hz)
        synthesis.mix_in(sound, draw.uniform(0.5, 1.0) * note, start_s=start_s)
        start_s += draw.choice((0.0, 0.7, 1.4, 2.1))
    return sound


def _pluck(draw: Stream, pitch_hz: float, ring_s: float, bright_hz: float) -> Sound:
    """Pluck one string that falls by 60 dB in a time (Jaffe and Smith 1983).

    A loop of one period's delay loses a little, and more of what is high; the weights of two
    neighbours tune it between whole samples, and the string is plucked at a part of its length.
    """
    period = SAMPLING_RATE / pitch_hz - 1.0  # the damping delays by one sample
    whole = int(period)
    tuning = np.array([1.0 - (period - whole), period - whole])
    damping = np.array([0.02, 0.96, 0.02])
    loop = np.zeros(whole + 4)
    loop[0] = 1.0
    loop[whole:] = -(10.0 ** (-3.0 / (pitch_hz * ring_s))) * np.convolve(tuning, damping)
    burst = np.zeros(synthesis.samples(min(ring_s, 5.0)))
    burst[:whole] = synthesis.white(draw, whole)
    burst = synthesis.band(burst, 0.0, bright_hz)
    place = 1 + int(draw.uniform(0.1, 0.35) * whole)
    burst[place:] -= burst[:-place].copy()
    return np.asarray(signal.lfilter([1.0], loop, burst), dtype=np.float64)
