"""Make noises of single events: clicks, crackle, thumps, applause and rain as showers of grains."""

from __future__ import annotations

import numpy as np
from scipy import signal

from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import Stream
from mn_dataset.synthetic import synthesis
from mn_dataset.synthetic.synthesis import Sound

_HALF_RATE = SAMPLING_RATE / 2


def clicks(draw: Stream, num_samples: int) -> Sound:
    """Scratches of a disc or of a bad contact: bare, short, of all heights; nothing between them."""
    out = np.zeros(num_samples)
    rate_hz = 2.0 ** draw.uniform(-0.5, 5.5)  # one in a second to forty
    for _ in range(1 + draw.integer(3)):
        impulses = synthesis.scatter(draw, num_samples, rate_hz=rate_hz, tail=draw.uniform(0.1, 0.7))
        out += signal.oaconvolve(impulses, _click(draw))[:num_samples]
        rate_hz *= draw.uniform(0.3, 1.5)
    return _with_floor(draw, out, lowest_db=-70.0, highest_db=-35.0)


def crackle(draw: Stream, num_samples: int) -> Sound:
    """Hundreds of small clicks in a second, in clouds, on a faint hiss."""
    impulses = synthesis.scatter(draw, num_samples, rate_hz=draw.uniform(60.0, 600.0), tail=0.6)
    impulses *= synthesis.wander(draw, num_samples, rate_hz=draw.uniform(0.5, 8.0)) ** 2
    out = signal.oaconvolve(impulses, _click(draw))[:num_samples]
    return _with_floor(draw, out, lowest_db=-45.0, highest_db=-20.0)


def thumps(draw: Stream, num_samples: int) -> Sound:
    """Low blows, once a turn of a warped disc or at random, each ringing out."""
    length = synthesis.samples(0.4)
    decay_s = np.array([draw.uniform(0.02, 0.12)])
    blow = synthesis.ring(
        np.array([draw.uniform(25.0, 140.0)]), decay_s, amplitude=np.ones(1), num_samples=length
    )
    impulses = np.zeros(num_samples)
    if draw.uniform() < 0.5:
        period = round(60.0 / draw.choice((33.3, 45.0, 78.3)) * SAMPLING_RATE)
        impulses[draw.integer(period) :: period] = 1.0
    else:
        impulses = synthesis.scatter(draw, num_samples, rate_hz=draw.uniform(1.0, 6.0), tail=0.4)
    out = signal.oaconvolve(impulses, blow)[:num_samples]
    return _with_floor(draw, out, lowest_db=-50.0, highest_db=-25.0)


def applause(draw: Stream, num_samples: int) -> Sound:
    """Hands of many people, each with its own pace and its own hollow of the palms."""
    out = np.zeros(num_samples)
    people = round(2.0 ** draw.uniform(3.0, 6.5))
    for _ in range(people):
        period = SAMPLING_RATE / draw.uniform(2.5, 5.5)
        count = int(num_samples / period) + 1
        at = (np.arange(count) + 0.35 * draw.uniforms(count)) * period + draw.uniform(0, period)
        places = at[at < num_samples - 1].astype(np.intp)
        impulses = np.zeros(num_samples)
        impulses[places] = 0.4 + draw.uniforms(len(places))
        clap = _burst(draw, low_hz=draw.uniform(500.0, 1100.0), decay_s=draw.uniform(0.003, 0.012))
        out += draw.uniform(0.2, 1.0) * signal.oaconvolve(impulses, clap)[:num_samples]
    swell = 0.3 + synthesis.wander(draw, num_samples, rate_hz=0.3)
    return np.asarray(out * swell, dtype=np.float64)


def rain(draw: Stream, num_samples: int) -> Sound:
    """Drops on leaves, on a roof or on water, from single ones to a shower."""
    out = np.zeros(num_samples)
    rate_hz = 2.0 ** draw.uniform(3.0, 11.0)
    for _ in range(8):
        impulses = synthesis.scatter(draw, num_samples, rate_hz=rate_hz / 8.0, tail=0.5)
        low_hz = draw.uniform(400.0, 5000.0)
        drop = _burst(draw, low_hz=low_hz, decay_s=draw.uniform(0.0005, 0.006))
        out += signal.oaconvolve(impulses, drop)[:num_samples]
    return _with_floor(draw, out, lowest_db=-25.0, highest_db=-5.0)


def _click(draw: Stream) -> Sound:
    """One click: an impulse, a damped ringing, or a short burst of noise, sometimes low-passed."""
    length = synthesis.samples(0.02)
    kind = draw.integer(3)
    if kind == 0:
        click = np.zeros(length)
        click[: 1 + draw.integer(12)] = 1.0
    elif kind == 1:
        frequency_hz, decay_s = np.array([draw.uniform(800.0, 9000.0)]), np.array([draw.uniform(1e-4, 2e-3)])
        click = synthesis.ring(frequency_hz, decay_s, amplitude=np.ones(1), num_samples=length)
    else:
        click = synthesis.white(draw, length) * synthesis.fall(length, draw.uniform(2e-4, 3e-3))
    if draw.uniform() < 0.5:
        click = synthesis.band(click, 0.0, draw.uniform(3000.0, 16_000.0))
    return click / float(np.abs(click).max())


def _burst(draw: Stream, *, low_hz: float, decay_s: float) -> Sound:
    """A burst of noise in a band of one to three octaves."""
    length = synthesis.samples(0.04)
    high_hz = min(low_hz * 2.0 ** draw.uniform(1.0, 3.0), 0.95 * _HALF_RATE)
    return synthesis.band(
        synthesis.white(draw, length) * synthesis.fall(length, decay_s), low_hz, high_hz
    )


def _with_floor(draw: Stream, sound: Sound, *, lowest_db: float, highest_db: float) -> Sound:
    """Add a faint hiss, so many dB below the peak."""
    peak = float(np.abs(sound).max()) or 1.0
    hiss = synthesis.band(synthesis.white(draw, len(sound)), draw.uniform(20.0, 2000.0), _HALF_RATE)
    return sound + peak * 10.0 ** (draw.uniform(lowest_db, highest_db) / 20.0) * hiss
