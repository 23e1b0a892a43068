"""Make noises of many short events: clicks, crackle, thumps, discharges, applause, rain.

Each is a shower of grains: a bank of short sounds of its own, strewn at random times and heights.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import Stream
from mn_dataset.synthetic import spectra, synthesis
from mn_dataset.synthetic.synthesis import Sound

HALF_RATE = SAMPLING_RATE / 2
_MOST_GRAINS_HZ = 1500.0
"""Grains a second that are strewn one by one; what is denser is heard as hiss."""


def clicks(draw: Stream, num_samples: int) -> Sound:
    """Scratches of a disc or bad contacts: bare, short, of all heights, little between them."""
    bank = [_click(draw) for _ in range(1 + draw.integer(6))]
    rate_hz = synthesis.octave(draw, -0.5, 6.0)
    out = shower(draw, num_samples, bank, rate_hz=rate_hz, tail=draw.uniform(0.1, 0.9))
    return _over_hiss(draw, out, lowest_db=-80.0, highest_db=-25.0)


def crackle(draw: Stream, num_samples: int) -> Sound:
    """Tens to hundreds of small clicks in a second, in clouds: vinyl, fire, a loose connection."""
    bank = [_click(draw) for _ in range(4 + draw.integer(8))]
    rate_hz = synthesis.octave(draw, 4.5, 10.0)
    clouds = synthesis.wander(draw, num_samples, rate_hz=draw.uniform(0.5, 10.0))
    clouds **= draw.uniform(0.0, 4.0)
    tail = draw.uniform(0.3, 1.2)
    out = shower(draw, num_samples, bank, rate_hz=rate_hz, tail=tail, density=clouds)
    if draw.uniform() < 0.3:  # a few large ones among the small
        rate_hz = draw.uniform(0.5, 8.0)
        big = shower(draw, num_samples, bank[:2], rate_hz=rate_hz, tail=0.6)
        out += draw.uniform(2.0, 8.0) * big
    return _over_hiss(draw, out, lowest_db=-55.0, highest_db=-8.0)


def thumps(draw: Stream, num_samples: int) -> Sound:
    """Low blows, once a turn of a warped disc, in steps, or at random, each ringing out."""
    length = synthesis.samples(0.5)
    bank = []
    for _ in range(1 + draw.integer(4)):
        count = 1 + draw.integer(3)
        frequency_hz = 2.0 ** (draw.uniform(4.6, 7.5) + 1.5 * draw.uniforms(count))
        decay_s = draw.uniform(0.01, 0.12) * (0.3 + draw.uniforms(count))
        blow = synthesis.ring(
            frequency_hz, decay_s, amplitude=0.2 + draw.uniforms(count), num_samples=length
        )
        blow += draw.uniform(0.0, 0.3) * _burst(draw, 200.0, 3000.0, length=length)
        bank.append(blow / float(np.abs(blow).max()))
    if draw.uniform() < 0.5:
        rate_hz = draw.choice((33.3, 45.0, 78.3)) / 60.0 * draw.choice((1.0, 2.0, 3.0))
        count = int(num_samples / SAMPLING_RATE * rate_hz) + 1
        at = (np.arange(count) + draw.uniform() + 0.1 * draw.uniforms(count)) / count * num_samples
        which, height = draw.uniforms(count), 0.5 + draw.uniforms(count)
        out = strew(num_samples, bank, which=which, at=at, height=height)
    else:
        rate_hz = synthesis.octave(draw, 0.0, 3.5)
        out = shower(draw, num_samples, bank, rate_hz=rate_hz, tail=0.5)
    return _over_hiss(draw, out, lowest_db=-55.0, highest_db=-20.0)


def discharges(draw: Stream, num_samples: int) -> Sound:
    """Sparks and static: bursts of impulses in trains, with the hiss of an arc while they last."""
    bank = [_click(draw) for _ in range(3 + draw.integer(6))]
    on = synthesis.wander(draw, num_samples, rate_hz=draw.uniform(0.7, 12.0))
    on = np.clip((on - draw.uniform(0.0, 0.6)) * draw.uniform(2.0, 20.0), 0.0, 1.0)
    on += 0.02
    rate_hz = synthesis.octave(draw, 5.0, 10.4)
    out = shower(draw, num_samples, bank, rate_hz=rate_hz, tail=draw.uniform(0.2, 1.0), density=on)
    if draw.uniform() < 0.5:  # as the mains go through zero
        base_hz = draw.choice((100.0, 120.0)) * draw.choice((1.0, 0.5))
        count = int(num_samples / SAMPLING_RATE * base_hz)
        at = (np.arange(count) + draw.uniform(0.0, 0.4) * draw.uniforms(count)) / count
        height = draw.uniforms(count) * on[(at * num_samples).astype(np.intp)]
        which, at = draw.uniforms(count), at * num_samples
        out += strew(num_samples, bank, which=which, at=at, height=height)
    arc = synthesis.band(synthesis.white(draw, num_samples), draw.uniform(300.0, 3000.0), HALF_RATE)
    arc *= 0.05 + on
    return out / float(out.std() + 1e-9) + synthesis.decade(draw, -2.0, 0.3) * arc


def applause(draw: Stream, num_samples: int) -> Sound:
    """Hands of many people, each with its own pace and its own hollow of the palms."""
    seconds = num_samples / SAMPLING_RATE
    people = round(synthesis.octave(draw, 1.5, 8.0))
    bank = [_clap(draw) for _ in range(min(people, 24))]
    claps = int(6.0 * seconds) + 2  # of the quickest
    pace_hz = 2.2 + 3.8 * draw.uniforms(people)[:, np.newaxis]
    at = np.arange(claps) + draw.uniforms(people)[:, np.newaxis]
    at = (at + 0.4 * draw.uniforms(people * claps).reshape(people, claps)) / pace_hz
    height = 0.4 + draw.uniforms(people * claps).reshape(people, claps)
    height *= 0.02 + draw.uniforms(people)[:, np.newaxis] ** 2
    which = np.repeat(draw.uniforms(people), claps)
    at, height = at.ravel() * SAMPLING_RATE, height.ravel()
    out = strew(num_samples, bank, which=which, at=at, height=height)
    out *= draw.uniform(0.2, 1.0) + synthesis.wander(draw, num_samples, rate_hz=0.4)
    return out


def rain(draw: Stream, num_samples: int) -> Sound:
    """Drops on leaves, on a roof or on water, from single ones to a shower; running water."""
    bank = []
    low_hz, octaves = synthesis.octave(draw, 7.0, 11.5), draw.uniform(0.3, 2.5)
    for _ in range(16):
        centre_hz = min(low_hz * synthesis.octave(draw, 0.0, octaves), 15_000.0)
        decay_s = synthesis.octave(draw, -11.5, -6.5)
        if draw.uniform() < 0.5:
            drop = _burst(draw, centre_hz / 1.5, 2.0 * centre_hz, decay_s=decay_s)
        else:  # a bubble, whose pitch rises a little
            t = np.arange(1323) / SAMPLING_RATE
            cycles = centre_hz * t * (1.0 + draw.uniform(0.0, 8.0) * t)
            drop = np.sin(2.0 * np.pi * cycles) * np.exp(-t / (2.0 * decay_s))
        bank.append(drop / float(np.abs(drop).max()))
    rate_hz = synthesis.octave(draw, 2.0, 10.5)
    swell = draw.uniform(0.1, 1.0) + synthesis.wander(draw, num_samples, rate_hz=0.5)
    out = shower(draw, num_samples, bank, rate_hz=rate_hz, tail=draw.uniform(0.1, 0.8))
    hiss = spectra.noise(draw, num_samples, slope_db=(-6.0, 3.0))
    return (out / float(out.std()) + synthesis.decade(draw, -0.7, 1.3) * hiss) * swell


def shower(
    draw: Stream,
    num_samples: int,
    bank: Sequence[Sound],
    *,
    rate_hz: float,
    tail: float,
    density: Sound | None = None,
) -> Sound:
    """Strew grains at random times with random signs.

    Args:
        draw: Where chance comes from.
        num_samples: Length of the sound.
        bank: The grains, each of shape (time,); one is chosen every time.
        rate_hz: Grains a second, no more than 1500 of which are strewn; one at the least.
        tail: Of the heights, 1 to 30 (Pareto): the more, the more unlike.
        density: Factor on the heights over time, shape (num_samples,).
    """
    count = max(1, int(num_samples / SAMPLING_RATE * min(rate_hz, _MOST_GRAINS_HZ)))
    at = draw.uniforms(count) * num_samples
    height = np.minimum((1.0 - draw.uniforms(count)) ** -tail, 30.0)
    height *= np.sign(draw.uniforms(count) - 0.5)
    if density is not None:
        height *= density[at.astype(np.intp)]
    return strew(num_samples, bank, which=draw.uniforms(count), at=at, height=height)


def strew(
    num_samples: int, bank: Sequence[Sound], *, which: Sound, at: Sound, height: Sound
) -> Sound:
    """Add up grains.

    Args:
        num_samples: Length of the sound; what hangs over the end is cut.
        bank: The grains, each of shape (time,).
        which: Place in the bank of each that is strewn, from 0 to 1, shape (grains,).
        at: Where it begins, in samples, shape (grains,).
        height: Its factor, shape (grains,).
    """
    out = np.zeros(num_samples + max(map(len, bank)))
    numbers = (which * len(bank)).astype(np.intp).tolist()
    places = at.astype(np.intp).tolist()
    for number, start, factor in zip(numbers, places, height.tolist(), strict=True):
        if start < num_samples:
            grain = bank[number]
            out[start : start + len(grain)] += factor * grain
    return out[:num_samples]


def _click(draw: Stream) -> Sound:
    """One click: a bare pulse, a damped ringing, or a short burst of noise, maybe low-passed."""
    length = synthesis.samples(0.02)
    kind = draw.integer(3)
    if kind == 0:
        click = np.zeros(length)
        click[: 1 + draw.integer(16)] = 1.0
        if draw.uniform() < 0.4:  # there and back
            click -= np.roll(click, 1 + draw.integer(30))
    elif kind == 1:
        frequency_hz = np.array([synthesis.octave(draw, 8.6, 13.5)])
        decay_s = np.array([synthesis.octave(draw, -14.0, -8.5)])
        click = synthesis.ring(frequency_hz, decay_s, amplitude=np.ones(1), num_samples=length)
    else:
        click = synthesis.white(draw, length)
        click *= synthesis.fall(length, synthesis.octave(draw, -13.0, -8.0))
    if draw.uniform() < 0.5:
        click = synthesis.band(click, 0.0, synthesis.octave(draw, 10.5, 14.0))
    return click / float(np.abs(click).max())


def _clap(draw: Stream) -> Sound:
    low_hz = synthesis.octave(draw, 8.3, 10.3)
    high_hz = low_hz * synthesis.octave(draw, 1.0, 3.0)
    return _burst(draw, low_hz, high_hz, decay_s=synthesis.octave(draw, -9.0, -6.0))


def _burst(
    draw: Stream, low_hz: float, high_hz: float, *, decay_s: float = 0.004, length: int = 1764
) -> Sound:
    """A burst of noise in a band."""
    noise = synthesis.white(draw, length) * synthesis.fall(length, decay_s)
    burst = synthesis.band(noise, low_hz, min(high_hz, 0.95 * HALF_RATE))
    return burst / float(np.abs(burst).max())


def _over_hiss(draw: Stream, sound: Sound, *, lowest_db: float, highest_db: float) -> Sound:
    """Add a faint hiss, so many dB below the peak."""
    peak = float(np.abs(sound).max())
    low_hz = synthesis.octave(draw, 4.5, 11.5)
    hiss = synthesis.band(synthesis.white(draw, len(sound)), low_hz, HALF_RATE)
    return sound + peak * synthesis.decade(draw, lowest_db / 20.0, highest_db / 20.0) * hiss
