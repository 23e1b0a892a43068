"""Blow a trumpet: the louder, the brighter.

The spectrum spreads upwards as the lips are driven harder, during every attack and with every
crescendo (Risset and Mathews 1969; Beauchamp 1975), under the fixed formant of the bell.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import Stream
from mn_dataset.synthetic import synthesis
from mn_dataset.synthetic.composition import SECONDS, Note
from mn_dataset.synthetic.synthesis import Sound


def play(notes: Sequence[Note], *, draw: Stream) -> Sound:
    """Play notes one after another, each tongued.

    Returns:
        The sound, shape (441000,).
    """
    track = np.zeros(synthesis.samples(SECONDS))
    for note in notes:
        synthesis.mix_in(track, _note(note, draw), start_s=note.start_s)
    return track


def _note(note: Note, draw: Stream) -> Sound:
    release_s = 0.05
    note_s = note.duration_s * draw.uniform(0.82, 0.95)
    t = np.arange(synthesis.samples(note_s + release_s)) / SAMPLING_RATE
    vibrato = (
        0.14
        * np.clip((t - 0.25) / 0.3, 0.0, 1.0)
        * np.sin(2.0 * np.pi * draw.uniform(4.8, 5.8) * t)
    )
    scoop = draw.uniform(-0.7, 0.2) * np.exp(-t / 0.025)
    unsteady = 0.08 * (synthesis.wander(draw, len(t), rate_hz=15.0) - 0.5)
    cycles = synthesis.phase(note.frequency_hz * 2.0 ** ((vibrato + scoop + unsteady) / 12.0))
    pressure = np.clip(t / draw.uniform(0.03, 0.06), 0.0, 1.0) ** 1.5
    pressure *= 0.8 + 0.35 * np.exp(-t / 0.06) + 0.1 * synthesis.wander(draw, len(t), rate_hz=3.0)
    pressure *= np.clip((note_s + release_s - t) / release_s, 0.0, 1.0)
    drive = np.clip(pressure * (0.35 + 0.65 * note.velocity), 0.0, 1.0)
    mild, brassy = _waves(note.frequency_hz)
    tone = (1.0 - drive) * synthesis.turn(mild, cycles) + drive * synthesis.turn(brassy, cycles)
    breath = synthesis.band(synthesis.white(draw, len(t)), 900.0, 5000.0)
    return note.velocity * pressure * (tone + (0.006 + 0.12 * np.exp(-t / 0.012)) * breath)


def _waves(frequency_hz: float) -> tuple[Sound, Sound]:
    """Return one cycle played softly and one played with full force, of like loudness."""
    f = synthesis.harmonics(frequency_hz * 1.04) * frequency_hz
    formant = 1.0 + 2.5 * np.exp(-(((f - 1300.0) / 700.0) ** 2))
    mild = formant / (1.0 + (f / 900.0) ** 4)
    brassy = formant / (1.0 + (f / 3000.0) ** 2.5)
    return (
        synthesis.cycle(mild / np.sqrt(np.sum(mild**2))),
        synthesis.cycle(brassy / np.sqrt(np.sum(brassy**2))),
    )
