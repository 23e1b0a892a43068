"""Compose what is played: tunes, melodies, chords and runs, as notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mn_dataset.seeds import Stream

SECONDS = 10.0
"""Length of every clip in seconds."""

MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)
PENTATONIC = (0, 2, 4, 7, 9)

PROGRESSIONS = ((0, 4, 5, 3), (0, 5, 3, 4), (0, 3, 4, 0), (5, 3, 0, 4), (0, 5, 1, 4), (0, 2, 3, 4))
"""Scale degrees of the chords of four bars."""


@dataclass(frozen=True)
class Note:
    """One note.

    Attributes:
        start_s: When it begins.
        duration_s: How long it is held.
        midi: Pitch as a MIDI note number; 69 is 440 Hz, fractions are allowed.
        velocity: How strongly it is played, in (0, 1].
    """

    start_s: float
    duration_s: float
    midi: float
    velocity: float

    @property
    def frequency_hz(self) -> float:
        """The fundamental.

        >>> Note(0.0, 1.0, 57, 1.0).frequency_hz
        220.0
        """
        return float(440.0 * 2.0 ** ((self.midi - 69.0) / 12.0))


@dataclass(frozen=True)
class Tune:
    """The key, tempo and chords of one piece.

    Attributes:
        tonic: Pitch class of the key, 0 (C) to 11.
        scale: Semitones of the scale above the tonic.
        beat_s: Length of a beat.
        roots: Scale degrees of the chords of consecutive bars.
        beats: Beats in a bar.
    """

    tonic: int
    scale: tuple[int, ...]
    beat_s: float
    roots: tuple[int, ...]
    beats: int = 4

    @property
    def bar_s(self) -> float:
        """Length of a bar."""
        return self.beats * self.beat_s

    @property
    def bars(self) -> int:
        """Number of bars that begin within a clip."""
        return int((SECONDS - 0.3) / self.bar_s) + 1

    def midi(self, degree: int) -> int:
        """Return the pitch of a scale degree; 0 is the tonic above MIDI note 0.

        >>> Tune(0, MAJOR, 0.5, (0,)).midi(7)
        12
        """
        octave, step = divmod(degree, len(self.scale))
        return 12 * octave + self.tonic + self.scale[step]

    def degrees(self, low: int, high: int) -> range:
        """Return the scale degrees whose pitches lie in [low, high]."""
        inside = [d for d in range(80) if low <= self.midi(d) <= high]
        return range(inside[0], inside[-1] + 1)

    def chord(self, bar: int, low: int, high: int) -> list[int]:
        """Return the pitches in [low, high] of a bar's triad (of its fifth in five-note scales)."""
        size = len(self.scale)
        thirds = (0, 2, 4) if size == len(MAJOR) else (0, 2, 3)
        classes = {(self.roots[bar % len(self.roots)] + third) % size for third in thirds}
        return [self.midi(d) for d in self.degrees(low, high) if d % size in classes]


def tune(draw: Stream, *, scale: tuple[int, ...] | None = None, beat_s: float = 0.5) -> Tune:
    """Draw a tune whose beats last about ``beat_s``."""
    return Tune(
        tonic=draw.integer(12),
        scale=scale or draw.choice((MAJOR, MINOR)),
        beat_s=beat_s * draw.uniform(0.85, 1.2),
        roots=draw.choice(PROGRESSIONS),
    )


def melody(
    tune: Tune,
    draw: Stream,
    *,
    low: int,
    high: int,
    cells: Sequence[tuple[float, ...]],
    rest: float,
) -> list[Note]:
    """Walk the scale in rhythmic cells, swelling within phrases, resting between them.

    Args:
        tune: Key, tempo, chords.
        draw: Where chance comes from.
        low: Lowest pitch.
        high: Highest pitch.
        cells: Rhythms to choose from, in beats.
        rest: Chance of a rest after a cell.
    """
    degrees = tune.degrees(low, high)
    at, beat, notes = len(degrees) // 2 + draw.integer(3) - 1, 0.0, list[Note]()
    while beat * tune.beat_s < SECONDS - 0.4:
        loudness = draw.uniform(0.45, 0.8)
        for length in draw.choice(cells):
            at += draw.choice((-3, -2, -1, -1, -1, 1, 1, 1, 2, 4))
            at = abs(at) if at < len(degrees) else 2 * (len(degrees) - 1) - at
            accent = 0.15 if beat % 2 < 0.01 else 0.0
            notes.append(
                Note(
                    start_s=beat * tune.beat_s,
                    duration_s=length * tune.beat_s,
                    midi=tune.midi(degrees[at]),
                    velocity=min(1.0, loudness + accent + draw.uniform(-0.1, 0.1)),
                )
            )
            beat += length
        beat += draw.choice((0.5, 1.0)) if draw.uniform() < rest else 0.0
    return notes


def chords(tune: Tune, draw: Stream, *, low: int, high: int, beats: Sequence[float]) -> list[Note]:
    """Repeat each bar's chord on some of the beats."""
    notes = []
    for bar in range(tune.bars):
        pitches = tune.chord(bar, low, high)
        for beat in beats:
            if draw.uniform() < 0.9:
                velocity = draw.uniform(0.35, 0.6)
                start_s = bar * tune.bar_s + beat * tune.beat_s
                notes += [Note(start_s, 0.9 * tune.beat_s, pitch, velocity) for pitch in pitches]
    return notes


def arpeggios(tune: Tune, draw: Stream, *, low: int, high: int, steps: int) -> list[Note]:
    """Run through each bar's chord, up, down or both, ``steps`` notes to the beat."""
    notes = []
    step_s = tune.beat_s / steps
    for bar in range(tune.bars):
        pitches = tune.chord(bar, low + draw.integer(5), high - draw.integer(8))
        order = draw.choice((pitches, pitches[::-1], pitches + pitches[-2:0:-1]))
        loudness = draw.uniform(0.4, 0.75)
        for step in range(tune.beats * steps):
            if draw.uniform() < 0.93:
                velocity = loudness + draw.uniform(-0.1, 0.15) + (0.1 if step % steps == 0 else 0.0)
                start_s = bar * tune.bar_s + step * step_s
                notes.append(Note(start_s, 2 * step_s, order[step % len(order)], velocity))
    return notes


def glissando(tune: Tune, draw: Stream, *, low: int, high: int, start_s: float) -> list[Note]:
    """Sweep every degree of the scale from one end of a range to the other."""
    degrees = list(tune.degrees(low, high))[:: draw.choice((1, -1))]
    step_s = draw.uniform(0.03, 0.055)
    return [
        Note(start_s + i * step_s, 1.0, tune.midi(degree), 0.35 + 0.3 * i / len(degrees))
        for i, degree in enumerate(degrees)
    ]


def tremolo(notes: Sequence[Note], draw: Stream, *, rate_hz: float) -> Iterator[Note]:
    """Break long notes into quick repetitions of uneven strength."""
    for note in notes:
        count = max(1, round(note.duration_s * rate_hz)) if note.duration_s > 0.45 else 1
        for i in range(count):
            yield replace(
                note,
                start_s=note.start_s + i * note.duration_s / count,
                duration_s=note.duration_s / count,
                velocity=note.velocity * draw.uniform(0.6, 1.0) if count > 1 else note.velocity,
            )


def humanised(notes: Sequence[Note], draw: Stream, *, spread_s: float = 0.008) -> list[Note]:
    """Move every note's beginning a little, and order them by it."""
    moved = [
        replace(note, start_s=max(0.0, 0.1 + note.start_s + draw.uniform(-spread_s, spread_s)))
        for note in notes
    ]
    return sorted((n for n in moved if n.start_s < SECONDS - 0.05), key=lambda note: note.start_s)
