"""Bow a cello: Helmholtz motion, bow noise, vibrato, body.

The bowed string moves as a sawtooth (Helmholtz 1863); the bridge's force drives the many narrow
resonances of the body (Mathews and Kohut 1973).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import Stream
from mn_dataset.synthetic import synthesis
from mn_dataset.synthetic.composition import SECONDS, Note
from mn_dataset.synthetic.synthesis import Sound

_BODY = (
    (98.0, 9.0, 1.6),
    (176.0, 12.0, 1.8),
    (230.0, 12.0, 1.2),
    (410.0, 10.0, 1.4),
    (640.0, 8.0, 1.0),
    (1100.0, 6.0, 0.8),
    (2100.0, 4.0, 0.7),
)


def play(notes: Sequence[Note], *, draw: Stream) -> Sound:
    """Play notes legato, sliding from one to the next.

    Returns:
        The sound, shape (441000,).
    """
    track = np.zeros(synthesis.samples(SECONDS))
    before = None
    for note in notes:
        joined = before is not None and note.start_s - before.start_s < before.duration_s + 0.1
        glide = before.midi - note.midi if before is not None and joined else 0.0
        synthesis.place(track, _note(note, glide, draw), start_s=note.start_s)
        before = note
    return synthesis.band(synthesis.resonate(track, _BODY), 50.0, 5000.0)


def _note(note: Note, glide: float, draw: Stream) -> Sound:
    """Play one note; ``glide`` is the distance in semitones the left hand comes from."""
    release_s = 0.12
    t = np.arange(synthesis.samples(note.duration_s + release_s)) / SAMPLING_RATE
    vibrato = (
        0.22
        * np.clip((t - 0.15) / 0.3, 0.0, 1.0)
        * np.sin(2.0 * np.pi * draw.uniform(5.0, 6.2) * t)
    )
    semitones = glide * np.exp(-t / 0.03) + vibrato
    unsteady = 0.06 * (synthesis.wander(draw, len(t), rate_hz=12.0) - 0.5)
    cycles = synthesis.phase(note.frequency_hz * 2.0 ** ((semitones + unsteady) / 12.0))
    n = synthesis.harmonics(note.frequency_hz * 1.06)
    contact = 1.0 / (1.0 + (n * note.frequency_hz / (2500.0 + 3500.0 * note.velocity)) ** 2)
    string = synthesis.turn(synthesis.cycle(contact / n), cycles)
    slip = np.exp(-8.0 * (cycles % 1.0))
    bow = synthesis.band(synthesis.white(draw, len(t)) * (0.15 + slip), 400.0, 6000.0)
    attack_s = draw.uniform(0.05, 0.11)
    swell = 0.75 + 0.25 * np.sin(np.pi * np.clip(t / note.duration_s, 0.0, 1.0))
    envelope = np.clip(t / attack_s, 0.0, 1.0) * swell
    envelope *= np.clip((note.duration_s + release_s - t) / release_s, 0.0, 1.0) ** 2
    scratch = 0.05 + 0.2 * np.exp(-t / 0.04)
    return note.velocity * envelope * (string + scratch * bow)
