"""Drum: a kit of kick, snare, hats, toms and cymbals, and its grooves.

Membranes are damped modes and falling sines, wires and cymbals are coloured noise with
exponential falls (Moore 1990, "Elements of Computer Music", and common practice since the
analogue drum machines of 1980).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import Stream
from mn_dataset.synthetic import synthesis
from mn_dataset.synthetic.composition import SECONDS, Tune
from mn_dataset.synthetic.synthesis import Sound

# Chance of a stroke on each sixteenth of a bar, in ninths: kick, snare, hat.
_GROOVES = (
    ("9000001090200100", "0000901000019010", "9292929292929293"),
    ("9001000900900010", "0000900100009001", "9090909290909095"),
    ("9000900090009000", "0000900000009002", "2090209220902092"),
    ("9010002000901000", "0010000190000120", "9395939593959395"),
)
_FILL = "9365958697769899"
_CYMBAL_HZ = np.array([3140.0, 3937.0, 4511.0, 5423.0, 6117.0, 7350.0, 8230.0])


def play(tune: Tune, *, draw: Stream) -> Sound:
    """Play a groove with ghost strokes, fills and crashes.

    Returns:
        The sound, shape (441000,).
    """
    track = np.zeros(synthesis.samples(SECONDS))
    groove = draw.choice(_GROOVES)
    fill_bar = draw.integer(2) + 1
    for bar in range(tune.bars):
        bar_start_s = 0.1 + bar * tune.bar_s
        for drum, step, accent in _strokes(groove, draw, fills=bar % 3 == fill_bar):
            start_s = bar_start_s + step * tune.beat_s / 4.0 + draw.uniform(0.0, 0.012)
            strength = (0.35 + 0.65 * accent) * draw.uniform(0.7, 1.0)
            synthesis.mix_in(track, _stroke(drum, strength, step, draw), start_s=start_s)
        if bar % 3 == (fill_bar + 1) % 3:
            synthesis.mix_in(track, _cymbal(0.7, 0.7, draw), start_s=bar_start_s)
    return track


def _strokes(
    groove: tuple[str, ...], draw: Stream, *, fills: bool
) -> Iterator[tuple[str, int, float]]:
    """Draw the strokes of a bar: drum, sixteenth, accent in (0, 1]; a fill ends it."""
    for drum, chances in zip("ksht", (*groove, _FILL), strict=True):
        for step, chance in enumerate(chances):
            in_fill = fills and step >= 8
            is_due = drum == "k" or in_fill == (drum == "t")
            if is_due and draw.uniform() * 9.0 < int(chance):
                yield drum, step, int(chance) / 9.0


def _stroke(drum: str, strength: float, step: int, draw: Stream) -> Sound:
    if drum == "k":
        return strength * _kick(draw)
    if drum == "s":
        return strength * _snare(draw)
    if drum == "t":
        return strength * _tom((190.0, 150.0, 120.0, 90.0)[(step - 8) // 2], draw)
    return _cymbal(0.35 * strength, 0.16 if draw.uniform() < 0.1 else 0.03, draw)


def _kick(draw: Stream) -> Sound:
    num_samples = synthesis.samples(0.35)
    frequency_hz = 48.0 + 110.0 * synthesis.fall(num_samples, 0.025)
    body = np.sin(2.0 * np.pi * synthesis.phase(frequency_hz)) * synthesis.fall(num_samples, 0.09)
    click = synthesis.white(draw, num_samples) * synthesis.fall(num_samples, 0.003)
    return 1.2 * body + 0.4 * synthesis.band(click, 1200.0, 6000.0)


def _snare(draw: Stream) -> Sound:
    num_samples = synthesis.samples(0.4)
    shell = synthesis.ring(
        np.array([185.0, 287.0, 331.0, 476.0]) * draw.uniform(0.98, 1.02),
        np.array([0.06, 0.05, 0.05, 0.03]),
        amplitude=np.array([0.6, 0.25, 0.4, 0.2]),
        num_samples=num_samples,
    )
    wires = synthesis.white(draw, num_samples) * synthesis.fall(num_samples, 0.07)
    return 0.8 * shell + 0.45 * synthesis.band(wires, 1000.0, 9000.0)


def _tom(frequency_hz: float, draw: Stream) -> Sound:
    num_samples = synthesis.samples(0.6)
    falling_hz = frequency_hz * (1.0 + 0.35 * synthesis.fall(num_samples, 0.05))
    cycles = synthesis.phase(falling_hz)
    skin = np.sin(2.0 * np.pi * cycles) + 0.35 * np.sin(2.0 * np.pi * 1.59 * cycles)
    stick = synthesis.white(draw, num_samples) * synthesis.fall(num_samples, 0.008)
    return skin * synthesis.fall(num_samples, 0.13) + 0.25 * synthesis.band(stick, 300.0, 5000.0)


def _cymbal(strength: float, fall_s: float, draw: Stream) -> Sound:
    """Strike a hat (short fall) or crash (long fall): dense noise over a few clear modes."""
    num_samples = synthesis.samples(4.0 * fall_s + 0.02)
    hiss = synthesis.band(synthesis.white(draw, num_samples), 5000.0, SAMPLING_RATE / 2)
    modes = synthesis.ring(
        _CYMBAL_HZ * draw.uniform(0.97, 1.03),
        np.full(len(_CYMBAL_HZ), fall_s),
        amplitude=np.full(len(_CYMBAL_HZ), 0.12),
        num_samples=num_samples,
    )
    return strength * (0.6 * hiss * synthesis.fall(num_samples, fall_s) + modes)
