"""Sing and speak: a glottal source, vowels as formants, consonants as noise.

The source is the derivative of Rosenberg's glottal pulse (Rosenberg 1971), the vocal tract a
cascade of resonators (Klatt 1980) at the formants of Peterson and Barney (1952), with the
clustered third to fifth formants of trained singers (Sundberg 1974).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy  # its parts are imported when they are first used

from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import Stream
from mn_dataset.synthetic import synthesis
from mn_dataset.synthetic.composition import SECONDS, Note
from mn_dataset.synthetic.synthesis import Sound

VOWELS_HZ = (
    (730.0, 1090.0, 2440.0),
    (530.0, 1840.0, 2480.0),
    (300.0, 2240.0, 2900.0),
    (520.0, 880.0, 2500.0),
    (320.0, 870.0, 2300.0),
)
"""First three formants of a, e, i, o, u of men; women's lie about a sixth higher."""

_BANDWIDTHS_HZ = (80.0, 100.0, 140.0, 200.0, 250.0)


def sing(notes: Sequence[Note], *, tract: float, draw: Stream) -> Sound:
    """Sing one syllable to a note, gliding between pitches, with vibrato on long notes.

    Args:
        notes: The melody, in order of time.
        tract: Formants relative to a man's.
        draw: Where chance comes from.

    Returns:
        The sound, shape (441000,).
    """
    t = np.arange(synthesis.samples(SECONDS)) / SAMPLING_RATE
    pitch, loudness, depth = _curves(notes, t, draw)
    vibrato = depth * np.sin(2.0 * np.pi * draw.uniform(5.2, 6.2) * t)
    unsteady = 0.15 * (synthesis.wander(draw, len(t), rate_hz=20.0) - 0.5)
    frequency_hz = 440.0 * 2.0 ** ((pitch + vibrato + unsteady - 69.0) / 12.0)
    source = glottis(frequency_hz)
    breath = 0.03 * synthesis.white(draw, len(t))
    out = np.zeros(len(t))
    vowel_of = [draw.integer(len(VOWELS_HZ)) for _ in notes]
    for vowel, formants_hz in enumerate(VOWELS_HZ):
        shares = [float(v == vowel) for v in vowel_of]
        share = np.interp(t, *_steps(notes, shares, glide_s=0.07))
        out += say((source + breath) * loudness * share, formants_hz, tract=tract, singer=True)
    for note in notes:
        if draw.uniform() < 0.5:
            sound = _consonant(draw)
            synthesis.mix_in(out, note.velocity * sound, start_s=max(0.0, note.start_s - 0.05))
    return out


def glottis(frequency_hz: Sound) -> Sound:
    """Return the glottal source at a pitch curve in Hz, shape (time,), of about unit variance."""
    x = np.arange(2048) / 2048
    opening, closing = 0.4, 0.16
    wave = np.where(x < opening, 0.5 * np.pi / opening * np.sin(np.pi * x / opening), 0.0)
    falling = (x >= opening) & (x < opening + closing)
    wave -= np.where(
        falling, 0.5 * np.pi / closing * np.sin(0.5 * np.pi * (x - opening) / closing), 0.0
    )
    highest = int(synthesis.HIGHEST_HZ / float(frequency_hz.max()))
    closed = synthesis.band_limited(wave / wave.std(), highest=highest)
    return synthesis.turn(closed, synthesis.phase(frequency_hz))


def say(source: Sound, formants_hz: Sequence[float], *, tract: float, singer: bool) -> Sound:
    """Pass a source through the resonators of one vowel."""
    upper_hz = (2900.0, 3500.0) if singer else (3400.0, 4300.0)
    centre_hz = np.array([*formants_hz, *upper_hz]) * tract
    radius = np.exp(-np.pi * np.array(_BANDWIDTHS_HZ) / SAMPLING_RATE)
    a1 = -2.0 * radius * np.cos(2.0 * np.pi * centre_hz / SAMPLING_RATE)
    a2 = radius**2
    zero, one = np.zeros(len(radius)), np.ones(len(radius))
    sos = np.stack([1.0 + a1 + a2, zero, zero, one, a1, a2], axis=1)
    return np.asarray(scipy.signal.sosfilt(sos, source), dtype=np.float64)


def _curves(notes: Sequence[Note], t: Sound, draw: Stream) -> tuple[Sound, Sound, Sound]:
    """Return pitch in MIDI numbers, loudness, and depth of vibrato in semitones over time."""
    scooped = [note.midi - draw.choice((0.0, 0.0, 0.3)) for note in notes]
    pitch = np.interp(t, *_steps(notes, scooped, glide_s=0.09))
    loudness, depth = np.zeros(len(t)), np.zeros(len(t))
    for note in notes:
        end_s = note.start_s + note.duration_s
        span = slice(synthesis.samples(note.start_s), synthesis.samples(end_s))
        local = t[span] - note.start_s
        rise = np.clip(local / 0.06, 0.0, 1.0) * np.clip((end_s - t[span]) / 0.08, 0.0, 1.0)
        loudness[span] = note.velocity * np.sin(0.5 * np.pi * rise) ** 2
        depth[span] = 0.45 * np.clip((local - 0.2) / 0.3, 0.0, 1.0)
    return pitch, loudness, depth


def _steps(
    notes: Sequence[Note], values: Sequence[float], *, glide_s: float
) -> tuple[Sound, Sound]:
    """Return break points of a curve that holds a value over each note and glides to the next."""
    starts = np.array([note.start_s for note in notes])
    levels = np.array(values, dtype=np.float64)
    times = np.stack([starts[1:] - glide_s / 2, starts[1:] + glide_s / 2], axis=1).ravel()
    return times, np.stack([levels[:-1], levels[1:]], axis=1).ravel()


def _consonant(draw: Stream) -> Sound:
    """Return a fricative or the burst of a plosive."""
    low_hz, high_hz, seconds, level = draw.choice(
        ((4500.0, 9500.0, 0.09, 0.25), (2000.0, 5500.0, 0.08, 0.25), (1000.0, 4000.0, 0.02, 0.4))
    )
    num_samples = synthesis.samples(seconds)
    noise = synthesis.band(synthesis.white(draw, num_samples), low_hz, high_hz)
    return level * noise * np.hanning(num_samples)
