"""Let people talk, laugh and cheer at once: syllables of synthetic voices as grains."""

from __future__ import annotations

import numpy as np

from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import Stream
from mn_dataset.synthetic import grains, synthesis, voice
from mn_dataset.synthetic.synthesis import Sound

_SYLLABLES = 24
"""That are made for a recording; each is said several times."""

_FRICATIVES_HZ = tuple(
    (low_hz, low_hz * wide)
    for low_hz in (1500.0, 2200.0, 3200.0, 4500.0, 6000.0)
    for wide in (1.4, 1.9, 2.6)
)


def babble(draw: Stream, num_samples: int) -> Sound:
    """Voices of men, women and children, from two to a hall full of them."""
    seconds = num_samples / SAMPLING_RATE
    people = round(synthesis.octave(draw, 1.0, 6.3))
    own = max(1, _SYLLABLES // people)
    lively = draw.uniform()
    speakers = [_speaker(draw, lively) for _ in range(min(people, _SYLLABLES))]
    bank = [_syllable(draw, *speaker) for speaker in speakers for _ in range(own)]
    which, at, height = [], [], []
    for person in range(people):
        rate_hz = draw.uniform(2.5, 6.5)
        count = int(seconds * rate_hz) + 1
        begins = np.arange(count) + draw.uniform() + 0.5 * draw.uniforms(count)
        turns = synthesis.wander(draw, count, rate_hz=SAMPLING_RATE / (2.0 + 6.0 * rate_hz))
        loud = draw.uniform(0.15, 1.0) * (0.3 + draw.uniforms(count)) * (turns > 0.35)
        first = (person % len(speakers)) * own
        which.append((first + own * draw.uniforms(count)) / len(bank))
        at.append(begins / rate_hz * SAMPLING_RATE)
        height.append(loud)
    height[0] += 0.05  # nobody ever pauses all the time
    out = grains.strew(
        num_samples,
        bank,
        which=np.concatenate(which),
        at=np.concatenate(at),
        height=np.concatenate(height),
    )
    if draw.uniform() < 0.3:  # dishes and doors
        clatter = [_clatter(draw) for _ in range(6)]
        rate_hz = draw.uniform(0.5, 6.0)
        blows = grains.shower(draw, num_samples, clatter, rate_hz=rate_hz, tail=0.5)
        out += synthesis.decade(draw, -1.0, 0.0) * float(np.abs(out).max()) / 8.0 * blows
    return out


def _speaker(draw: Stream, lively: float) -> tuple[float, float, float]:
    """Return pitch in Hz, formants relative to a man's, and how much the pitch moves."""
    tract = draw.uniform(0.95, 1.4)
    base_hz = draw.uniform(85.0, 140.0) * 2.0 ** (3.0 * (tract - 0.95))
    cheers = draw.uniform() < 0.6 * lively**2
    return base_hz * (draw.uniform(1.3, 2.2) if cheers else 1.0), tract, draw.uniform(0.02, 0.35)


def _syllable(draw: Stream, base_hz: float, tract: float, moves: float) -> Sound:
    """Return a vowel between two consonants, of a tenth to four tenths of a second."""
    chance = draw.uniforms(12).tolist()  # one call: a call costs as much as a filter
    length = synthesis.samples(2.0 ** (-3.5 + 2.1 * chance[0]))
    x = np.arange(length) / length
    bend = moves * (2.0 * chance[1] - 1.0 + 2.0 * (chance[2] - chance[1]) * x)
    pitch_hz = base_hz * 2.0 ** (0.9 * (chance[3] - 0.5) + bend)
    white = synthesis.white(draw, length)
    source = voice.glottis(pitch_hz) + (0.01 + 0.4 * chance[4]) * white
    source += 15.0 * chance[5] * np.diff(source, prepend=0.0)  # the more, the louder spoken
    first, second = (np.array(draw.choice(voice.VOWELS_HZ)) for _ in range(2))
    vowel = voice.say(
        source, (first + chance[6] * (second - first)).tolist(), tract=tract, singer=False
    )
    vowel *= np.minimum(1.0, x / (0.05 + 0.35 * chance[7])) * (1.0 - x) ** (0.3 + 1.7 * chance[8])
    vowel /= float(np.abs(vowel).max())
    if chance[9] < 0.6:
        fricative = synthesis.band(white, *draw.choice(_FRICATIVES_HZ))
        fricative *= np.exp(-x / (0.05 + 0.35 * chance[11]))
        vowel += 10.0 ** (-1.7 + 1.5 * chance[10]) * fricative
    return vowel


def _clatter(draw: Stream) -> Sound:
    """Return a blow on china, wood or metal: some modes that decay."""
    count = 3 + draw.integer(5)
    frequency_hz = 2.0 ** (draw.uniform(8.5, 12.0) + 1.5 * draw.uniforms(count))
    decay_s = synthesis.octave(draw, -8.0, -4.0) * (0.3 + draw.uniforms(count))
    ringing = synthesis.ring(
        frequency_hz, decay_s, amplitude=0.1 + draw.uniforms(count), num_samples=11_025
    )
    return ringing / float(np.abs(ringing).max())
