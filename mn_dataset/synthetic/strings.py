"""Strike, pluck and bow strings: piano, harp, pipa, guzheng, guitar, bass, cello.

Partials lie at n f0 sqrt(1 + B n²) (Fletcher 1964) and are excited as sin(pi n p) / n for a
string struck or plucked at the fraction p of its length, softened by the width of the hammer,
nail or finger. A partial at f falls as 1 / decay = b1 + b3 f² (Chaigne and Askenfelt 1994),
first quickly, then slowly, because coupled strings exchange energy (Weinreich 1977).

The bowed string moves as a sawtooth (Helmholtz 1863); the bridge's force drives the many narrow
resonances of the body (Mathews and Kohut 1973).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import Stream
from mn_dataset.synthetic import synthesis
from mn_dataset.synthetic.composition import SECONDS, Note
from mn_dataset.synthetic.synthesis import Sound


@dataclass(frozen=True)
class Strings:
    """What tells one family of strings from another.

    Attributes:
        stiffness: Inharmonicity B at middle C; it grows with the square of the pitch.
        position: Where the string is excited, as a fraction of its length.
        softness_hz: Partials above fall as the excitation is no point (at velocity 0.5).
        slope: How steeply they fall, as a power of frequency.
        ring_s: Decay of the fundamental at middle C, to 1/e.
        loss: b3 in 1 / (s Hz²): how much faster high partials fall.
        damper_s: Decay after the key, finger or hand lets go.
        detune: Relative mistuning of the strings of one note; 0 for a single string.
        knock_hz: Band of the noise of the excitation itself.
        knock: Its level, relative to the string.
        knock_s: Its decay.
        body: Resonances of the body: (frequency in Hz, quality, linear gain).
        bends: Chance that the left hand bends or shakes the pitch of a longer note.
    """

    stiffness: float
    position: float
    softness_hz: float
    slope: float
    ring_s: float
    loss: float
    damper_s: float
    detune: float
    knock_hz: tuple[float, float]
    knock: float
    knock_s: float
    body: tuple[tuple[float, float, float], ...]
    bends: float = 0.0


PIANO = Strings(
    stiffness=3.5e-4, position=0.12, softness_hz=1300.0, slope=2.0, ring_s=1.6, loss=1.2e-7,
    damper_s=0.06, detune=3.5e-4, knock_hz=(70.0, 500.0), knock=0.5, knock_s=0.02,
    body=((95.0, 3.0, 0.4), (210.0, 3.0, 0.3)),
)  # fmt: skip
HARP = Strings(
    stiffness=2e-5, position=0.42, softness_hz=900.0, slope=2.6, ring_s=0.75, loss=9e-7,
    damper_s=0.5, detune=0.0, knock_hz=(150.0, 900.0), knock=0.08, knock_s=0.012,
    body=((170.0, 4.0, 0.7), (330.0, 5.0, 0.5)),
)  # fmt: skip
PIPA = Strings(
    stiffness=5e-5, position=0.09, softness_hz=5200.0, slope=2.0, ring_s=0.33, loss=1.2e-7,
    damper_s=0.05, detune=0.0, knock_hz=(2200.0, 7000.0), knock=1.2, knock_s=0.005,
    body=((480.0, 4.0, 1.5), (850.0, 4.0, 1.2), (1700.0, 3.0, 0.8)), bends=0.5,
)  # fmt: skip
GUZHENG = Strings(
    stiffness=9e-5, position=0.16, softness_hz=4000.0, slope=1.6, ring_s=1.5, loss=3e-8,
    damper_s=0.4, detune=0.0, knock_hz=(900.0, 4000.0), knock=0.3, knock_s=0.006,
    body=((120.0, 4.0, 0.8), (280.0, 5.0, 0.8), (560.0, 5.0, 0.5)), bends=0.55,
)  # fmt: skip
GUITAR = Strings(
    stiffness=6e-5, position=0.2, softness_hz=2200.0, slope=2.0, ring_s=0.8, loss=1.5e-7,
    damper_s=0.08, detune=0.0, knock_hz=(300.0, 2500.0), knock=0.15, knock_s=0.008,
    body=((105.0, 8.0, 1.0), (205.0, 8.0, 0.8), (400.0, 6.0, 0.5)),
)  # fmt: skip
BASS = Strings(
    stiffness=8e-5, position=0.25, softness_hz=700.0, slope=2.0, ring_s=0.9, loss=6e-7,
    damper_s=0.06, detune=0.0, knock_hz=(100.0, 800.0), knock=0.05, knock_s=0.01,
    body=((90.0, 3.0, 0.5),),
)  # fmt: skip

_CELLO_BODY = (
    (98.0, 9.0, 1.6),
    (176.0, 12.0, 1.8),
    (230.0, 12.0, 1.2),
    (410.0, 10.0, 1.4),
    (640.0, 8.0, 1.0),
    (1100.0, 6.0, 0.8),
    (2100.0, 4.0, 0.7),
)


def play(notes: Sequence[Note], strings: Strings, *, draw: Stream) -> Sound:
    """Strike or pluck notes, each on a string of its own, through the body.

    Returns:
        The sound, shape (441000,).
    """
    track = np.zeros(synthesis.samples(SECONDS))
    for note in notes:
        synthesis.mix_in(track, _plucked(note, strings, draw), start_s=note.start_s)
    return synthesis.resonate(track, strings.body)


def bow(notes: Sequence[Note], *, draw: Stream) -> Sound:
    """Bow notes on a cello, legato, sliding from one to the next.

    Returns:
        The sound, shape (441000,).
    """
    track = np.zeros(synthesis.samples(SECONDS))
    previous = None
    for note in notes:
        glide = 0.0
        if previous is not None and note.start_s - previous.start_s < previous.duration_s + 0.1:
            glide = previous.midi - note.midi
        synthesis.mix_in(track, _bowed(note, glide, draw), start_s=note.start_s)
        previous = note
    return synthesis.band(synthesis.resonate(track, _CELLO_BODY), 50.0, 5000.0)


def _plucked(note: Note, strings: Strings, draw: Stream) -> Sound:
    sounding = synthesis.samples(note.duration_s)
    released = synthesis.samples(4.0 * strings.damper_s)
    num_samples = min(sounding + released, synthesis.samples(SECONDS - note.start_s) + 1)
    frequency_hz, decay_s, amplitude = _partials(note, strings, draw)
    sound = synthesis.ring(frequency_hz, decay_s, amplitude=amplitude, num_samples=num_samples)
    if strings.bends and note.duration_s > 0.25 and draw.uniform() < strings.bends:
        sound = _bent(sound, draw)
    sound[sounding:] *= synthesis.fall(len(sound[sounding:]), strings.damper_s)
    knock_samples = min(num_samples, synthesis.samples(6 * strings.knock_s))
    knock = synthesis.white(draw, knock_samples) * synthesis.fall(knock_samples, strings.knock_s)
    sound[:knock_samples] += strings.knock * synthesis.band(knock, *strings.knock_hz)
    return sound * float(note.velocity**1.5)


def _partials(note: Note, strings: Strings, draw: Stream) -> tuple[Sound, Sound, Sound]:
    """Return frequencies, decays and amplitudes, prompt sound first, after-sound second."""
    pitch = note.frequency_hz / 261.6
    n = np.arange(1.0, min(60.0, synthesis.HIGHEST_HZ / note.frequency_hz) + 1.0)
    frequency_hz = n * note.frequency_hz * np.sqrt(1.0 + strings.stiffness * (pitch * n) ** 2)
    position = strings.position * draw.uniform(0.9, 1.1)
    softness_hz = strings.softness_hz * (0.6 + 0.8 * note.velocity) * pitch**0.25
    amplitude = np.sin(np.pi * n * position) / n
    amplitude /= 1.0 + (frequency_hz / softness_hz) ** strings.slope
    decay_s = 1.0 / (pitch**0.6 / strings.ring_s + strings.loss * frequency_hz**2)
    audible = np.abs(amplitude) > 1e-3 * np.abs(amplitude).max()
    keep = audible & (frequency_hz < synthesis.HIGHEST_HZ)
    frequency_hz, decay_s, amplitude = frequency_hz[keep], decay_s[keep], amplitude[keep]
    amplitude /= np.sqrt(np.sum(amplitude**2))
    if not strings.detune:
        return frequency_hz, decay_s, amplitude
    detuned_hz = frequency_hz * (1.0 + strings.detune * draw.uniform(0.5, 1.5))
    return (
        np.concatenate([frequency_hz, detuned_hz]),
        np.concatenate([decay_s, 3.0 * decay_s]),
        np.concatenate([amplitude, 0.3 * amplitude]),
    )


def _bent(sound: Sound, draw: Stream) -> Sound:
    """Warp time as the left hand presses the string: a slide up into the note, or a shake."""
    t = np.arange(len(sound)) / SAMPLING_RATE
    semitones = np.log(2.0) / 12.0
    if draw.uniform() < 0.5:
        depth = -draw.choice((1.0, 2.0, 2.0)) * semitones
        bend = depth / (1.0 + np.exp((t - draw.uniform(0.08, 0.18)) / 0.02))
    else:
        rise = np.clip((t - 0.15) / 0.2, 0.0, 1.0)
        bend = 0.35 * semitones * rise * np.sin(2.0 * np.pi * draw.uniform(4.5, 6.0) * t)
    position = np.cumsum(np.exp(bend)) - 1.0
    return np.interp(position, np.arange(len(sound)), sound)


def _bowed(note: Note, glide: float, draw: Stream) -> Sound:
    """Bow one note; ``glide`` is the distance in semitones the left hand comes from."""
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
