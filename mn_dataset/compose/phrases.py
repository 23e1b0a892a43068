"""Shape what is played: tunes, held notes, strums, ornaments, dynamics, ringing strings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from mn_dataset.seeds import Stream
from mn_dataset.synthetic.composition import (
    MAJOR,
    MINOR,
    PENTATONIC,
    PROGRESSIONS,
    SECONDS,
    Note,
    Tune,
)

DORIAN = (0, 2, 3, 5, 7, 9, 10)
MINOR_PENTATONIC = (0, 3, 5, 7, 10)
IN_SEN = (0, 1, 5, 7, 10)

WESTERN = (MAJOR, MAJOR, MINOR, DORIAN, PENTATONIC)
EASTERN = (PENTATONIC, PENTATONIC, MINOR_PENTATONIC, IN_SEN, MINOR)

TEMPOS_BPM = (50.0, 180.0)

QUICK = (
    (0.5, 0.5, 0.5, 0.5),
    (1.0, 0.5, 0.5),
    (0.25, 0.25, 0.5),
    (1.5, 0.5),
    (1 / 3, 1 / 3, 1 / 3),
)
BROAD = ((1.0, 1.0), (2.0,), (1.5, 0.5), (1.0, 0.5, 0.5), (3.0,), (4.0,))

_GRACE_S = 0.06
_TRILL_HZ = 12.0
_LONGEST_TRILL_S = 1.2
_GAP_S = 0.004


def tune(draw: Stream, scales: Sequence[tuple[int, ...]]) -> Tune:
    """Draw key, scale, chords, metre (three in four pieces have four beats) and tempo."""
    slowest, quickest = map(math.log, TEMPOS_BPM)
    return Tune(
        tonic=draw.integer(12),
        scale=draw.choice(scales),
        beat_s=60.0 / math.exp(draw.uniform(slowest, quickest)),
        roots=draw.choice(PROGRESSIONS),
        beats=draw.choice((4, 4, 4, 3)),
    )


def span(draw: Stream, low: int, high: int, *, semitones: int) -> tuple[int, int]:
    """Draw where in the range [low, high] of an instrument a piece lies, if it can lie anywhere.

    >>> from mn_dataset.seeds import generator
    >>> span(generator(0, "doctest"), 60, 80, semitones=24)
    (60, 80)
    """
    lowest = low + draw.integer(max(1, high - low - semitones + 1))
    return lowest, min(high, lowest + semitones)


def steps(tune: Tune, draw: Stream) -> int:
    """Draw into how many notes a beat is divided, none shorter than a tenth of a second."""
    return draw.choice([n for n in (1, 2, 3, 4) if tune.beat_s / n >= 0.1])


def held(tune: Tune, draw: Stream, *, low: int, high: int) -> list[Note]:
    """Play one to three notes of a chord, let them sound for one to six seconds, and rest."""
    notes, start_s = list[Note](), draw.uniform(0.0, 0.5)
    while start_s < SECONDS - 1.0:
        pitches = draw.shuffled(tune.chord(int(start_s / tune.bar_s), low, high))
        duration_s, velocity = draw.uniform(1.0, 6.0), draw.uniform(0.4, 0.95)
        apart_s = draw.choice((0.0, 0.03, 0.25))
        for number, pitch in enumerate(sorted(pitches[: 1 + draw.integer(3)])):
            notes.append(Note(start_s + number * apart_s, duration_s, pitch, velocity))
        start_s += min(3.0, duration_s * draw.uniform(0.4, 1.1))
    return notes


def strummed(tune: Tune, draw: Stream, *, low: int, high: int) -> list[Note]:
    """Strum each bar's chord in one rhythm, down on the beat and up between beats."""
    halves = [n / 2.0 for n in range(2 * tune.beats)]
    rhythm = [0.0, *(half for half in halves[1:] if draw.uniform() < 0.55)]
    apart_s = draw.uniform(0.006, 0.03)
    notes = []
    for bar in range(tune.bars):
        pitches = tune.chord(bar, low, high)[-6:]
        for beat in rhythm:
            order = pitches if beat % 1.0 == 0.0 else pitches[:0:-1]
            velocity = draw.uniform(0.4, 0.6) + (0.25 if beat == 0.0 else 0.0)
            start_s = bar * tune.bar_s + beat * tune.beat_s
            for number, pitch in enumerate(order):
                notes.append(Note(start_s + number * apart_s, tune.beat_s, pitch, velocity))
    return notes


def bass_line(tune: Tune, draw: Stream, *, low: int, high: int) -> list[Note]:
    """Play notes of the chords, one or several in a bar."""
    divisions = draw.choice((1, 1, 2, tune.beats))
    notes = []
    for bar in range(tune.bars):
        pitches = tune.chord(bar, low, high)
        for number in range(divisions):
            beat = number * tune.beats / divisions
            pitch = pitches[0] if number == 0 else draw.choice(pitches)
            start_s = bar * tune.bar_s + beat * tune.beat_s
            length_s = draw.uniform(0.6, 1.0) * tune.bar_s / divisions
            notes.append(Note(start_s, length_s, pitch, draw.uniform(0.55, 0.85)))
    return notes


def ornamented(notes: Sequence[Note], draw: Stream, *, chance: float) -> Iterator[Note]:
    """Lead into some notes by a grace note, and trill some that last a little longer."""
    for note in notes:
        if draw.uniform() >= chance or note.duration_s < 0.25:
            yield note
            continue
        neighbour = note.midi + draw.choice((-2, -1, 1, 2))
        if 0.5 < note.duration_s < _LONGEST_TRILL_S and draw.uniform() < 0.4:
            count = round(note.duration_s * _TRILL_HZ)
            for i in range(count):
                yield replace(
                    note,
                    start_s=note.start_s + i * note.duration_s / count,
                    duration_s=note.duration_s / count,
                    midi=neighbour if i % 2 else note.midi,
                )
        else:
            yield replace(note, duration_s=_GRACE_S, midi=neighbour)
            yield replace(
                note, start_s=note.start_s + _GRACE_S, duration_s=note.duration_s - _GRACE_S
            )


def phrased(notes: Sequence[Note], draw: Stream) -> list[Note]:
    """Let the strength swell and fall over the piece, from soft to loud."""
    corners = [draw.uniform(0.35, 1.0) for _ in range(5)]
    times = np.linspace(0.0, SECONDS, len(corners))
    return [
        replace(note, velocity=note.velocity * float(np.interp(note.start_s, times, corners)))
        for note in notes
    ]


def ringing(notes: Sequence[Note], draw: Stream) -> list[Note]:
    """Damp all plucked strings early, or let them ring: for up to three seconds more."""
    if draw.uniform() < 0.2:
        factor = draw.uniform(0.35, 0.7)
        return [replace(note, duration_s=factor * note.duration_s) for note in notes]
    longest_s = draw.uniform(0.1, 3.0)
    return [
        replace(note, duration_s=note.duration_s + draw.uniform(0.5, 1.0) * longest_s)
        for note in notes
    ]


def playable(notes: Sequence[Note]) -> list[Note]:
    """Order notes by their beginning, and end each before its own pitch is played again.

    One that would have no time to sound is left out.
    """
    following: dict[int, float] = {}
    kept = []
    for note in sorted(notes, key=lambda note: note.start_s, reverse=True):
        pitch = round(note.midi)
        free_s = following.get(pitch, math.inf) - _GAP_S - note.start_s
        if free_s > _GAP_S:
            following[pitch] = note.start_s
            kept.append(replace(note, duration_s=min(note.duration_s, free_s)))
    return kept[::-1]
