"""Write a piece of every music category: who plays, and what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from mn_dataset.compose import phrases
from mn_dataset.compose.drumming import drumming
from mn_dataset.compose.instruments import Instrument
from mn_dataset.seeds import Stream
from mn_dataset.synthetic import composition
from mn_dataset.synthetic.composition import SECONDS, Note, Tune

Players = Mapping[str, Sequence[Instrument]]
"""Instruments at hand, by what they are for, as in ``instruments.INSTRUMENTS``."""


@dataclass(frozen=True)
class Part:
    """What one player plays.

    Attributes:
        instrument: On what.
        notes: In the order of their beginnings, none before its own pitch has ended.
    """

    instrument: Instrument
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Score:
    """A piece of ten seconds.

    Attributes:
        parts: What everybody plays.
        manner: How the first of them plays, in words.
        bpm: Beats in a minute.
    """

    parts: tuple[Part, ...]
    manner: str
    bpm: float


def score(category: str, players: Players, draw: Stream) -> Score:
    """Compose a piece.

    Args:
        category: Its music category; ``instruments.PARTS`` says which players it needs.
        players: Instruments to choose from.
        draw: Where chance comes from.
    """
    tune = phrases.tune(draw, phrases.EASTERN if category in _EASTERN else phrases.WESTERN)
    if category in _LEADS:
        parts, manner = _ensemble(_LEADS[category], tune, players, draw)
    else:
        instrument = draw.choice(players[category])
        notes, manner = _SOLOS[category](tune, instrument, draw)
        parts = [(instrument, notes)]
    finished = tuple(Part(instrument, _finished(notes, draw)) for instrument, notes in parts)
    return Score(finished, manner, round(60.0 / tune.beat_s, 1))


Solo = tuple[list[Note], str]


def _plucked(tune: Tune, instrument: Instrument, draw: Stream) -> Solo:
    """Play one voice or chords, as all who pluck strings do."""
    low, high = phrases.span(draw, instrument.low, instrument.high, semitones=26)
    manner = draw.choice(("melody", "tremolo", "held", "held", "strummed", "arpeggios", "swept"))
    cells = (*phrases.QUICK, *phrases.BROAD)
    if manner == "held":
        return phrases.held(tune, draw, low=low, high=high), "held notes"
    if manner == "strummed":
        return phrases.ringing(phrases.strummed(tune, draw, low=low, high=high), draw), "strums"
    if manner == "arpeggios":
        return _arpeggios(tune, draw, low, high), "arpeggios"
    notes = composition.melody(tune, draw, low=low, high=high, cells=cells, rest=0.2)
    if manner == "tremolo":
        rate_hz = draw.uniform(8.0, 14.0)
        return [*composition.tremolo(notes, draw, rate_hz=rate_hz)], "melody with tremolo"
    notes = [*phrases.ornamented(notes, draw, chance=0.15)]
    notes += _octaves(notes, draw)
    if manner == "swept":
        notes += _sweeps(tune, draw, low, high)
    return phrases.ringing(notes, draw), "melody with sweeps" if manner == "swept" else "melody"


def _piano(tune: Tune, instrument: Instrument, draw: Stream) -> Solo:
    """Play a melody, chords or arpeggios over a left hand; one piece in five holds its notes."""
    low, high = phrases.span(draw, 48, instrument.high, semitones=28)
    if draw.uniform() < 0.2:
        notes = phrases.held(tune, draw, low=instrument.low + 7, high=high)
        return notes, "held notes"
    if draw.uniform() < 0.4:
        right, manner = _arpeggios(tune, draw, low, high), "arpeggios over a bass"
    else:
        cells = (*phrases.QUICK, *phrases.BROAD)
        melody = composition.melody(tune, draw, low=low, high=high, cells=cells, rest=0.2)
        right, manner = [*phrases.ornamented(melody, draw, chance=0.08)], "melody over chords"
    left_low, left_high = instrument.low, low - 1
    beats = draw.choice(((0.0,), (0.0, 2.0), (0.0, 1.0, 2.0)))
    left = [
        *phrases.bass_line(tune, draw, low=left_low, high=left_low + 20),
        *composition.chords(tune, draw, low=max(40, left_high - 14), high=left_high, beats=beats),
    ]
    return phrases.ringing(right + left, draw), manner


def _harp(tune: Tune, instrument: Instrument, draw: Stream) -> Solo:
    low, high = phrases.span(draw, instrument.low, instrument.high, semitones=40)
    if draw.uniform() < 0.25:
        return phrases.held(tune, draw, low=low, high=high), "held notes"
    if draw.uniform() < 0.4:
        melody = composition.melody(
            tune, draw, low=high - 24, high=high, cells=phrases.BROAD, rest=0.15
        )
        notes = melody + _arpeggios(tune, draw, low, low + 26)
        return phrases.ringing(notes, draw), "melody over arpeggios"
    notes = _arpeggios(tune, draw, low, high) + _sweeps(tune, draw, low, high)
    return phrases.ringing(notes, draw), "arpeggios with sweeps"


def _sustained(tune: Tune, instrument: Instrument, draw: Stream) -> Solo:
    """Play a melody, as all who bow, blow or sing do."""
    low, high = phrases.span(draw, instrument.low, instrument.high, semitones=20)
    broad = draw.uniform() < 0.5
    cells = phrases.BROAD if broad else (*phrases.QUICK, *phrases.BROAD)
    notes = composition.melody(tune, draw, low=low, high=high, cells=cells, rest=0.2)
    held = draw.choice((0.5, 0.95, 1.02))
    notes = [replace(note, duration_s=held * note.duration_s) for note in notes]
    manner = "long notes" if broad else "melody"
    return [*phrases.ornamented(notes, draw, chance=0.1)], manner


def _choir(tune: Tune, instrument: Instrument, draw: Stream) -> Solo:
    """Sing a melody, two in five in three-part chords."""
    notes, manner = _sustained(tune, instrument, draw)
    if draw.uniform() >= 0.4:
        return notes, manner
    low, high = phrases.span(draw, instrument.low, instrument.high, semitones=16)
    chords = [
        Note(bar * tune.bar_s, 0.95 * tune.bar_s, pitch, draw.uniform(0.5, 0.8))
        for bar in range(tune.bars)
        for pitch in tune.chord(bar, low, high)[-3:]
    ]
    return chords, "chords"


def _drum_kit(tune: Tune, instrument: Instrument, draw: Stream) -> Solo:  # noqa: ARG001 - a solo
    return drumming(tune, draw), "groove with fills"


_EASTERN = ("chinese_lute", "chinese_zither")
_LEADS = {"multi_instrument": "lead", "song": "voice"}
_SOLOS: dict[str, Callable[[Tune, Instrument, Stream], Solo]] = {
    "piano": _piano,
    "drum_kit": _drum_kit,
    "harp": _harp,
    "cello": _sustained,
    "chinese_lute": _plucked,
    "trumpet": _sustained,
    "chinese_zither": _plucked,
    "lead": _sustained,
    "voice": _choir,
}


def _ensemble(
    lead: str, tune: Tune, players: Players, draw: Stream
) -> tuple[list[tuple[Instrument, list[Note]]], str]:
    """Let one or two lead over chords and a bass, three in five times with drums."""
    parts, manners = [], []
    for instrument in draw.shuffled(players[lead])[: draw.choice((1, 1, 2))]:
        notes, manner = _SOLOS[lead](tune, instrument, draw)
        parts.append((instrument, notes))
        manners.append(manner)
    chordal, bass = draw.choice(players["chords"]), draw.choice(players["bass"])
    low, high = phrases.span(draw, max(45, chordal.low), min(84, chordal.high), semitones=24)
    comping = draw.choice((_arpeggios, _chords, _strums))(tune, draw, low, high)
    parts.append((chordal, _softer(comping, draw)))
    parts.append((bass, phrases.bass_line(tune, draw, low=bass.low, high=bass.high)))
    if players.get("drum_kit") and draw.uniform() < 0.6:
        parts.append((draw.choice(players["drum_kit"]), _softer(drumming(tune, draw), draw)))
    return parts, f"{manners[0]} over an accompaniment"


def _arpeggios(tune: Tune, draw: Stream, low: int, high: int) -> list[Note]:
    return composition.arpeggios(tune, draw, low=low, high=high, steps=phrases.steps(tune, draw))


def _chords(tune: Tune, draw: Stream, low: int, high: int) -> list[Note]:
    beats = draw.choice(((0.0,), (0.0, 2.0), (1.0, 2.0), (0.0, 1.5, 2.5)))
    return composition.chords(tune, draw, low=low, high=min(high, low + 14), beats=beats)


def _strums(tune: Tune, draw: Stream, low: int, high: int) -> list[Note]:
    return phrases.strummed(tune, draw, low=low, high=high)


def _sweeps(tune: Tune, draw: Stream, low: int, high: int) -> list[Note]:
    starts_s = [draw.uniform(0.5, SECONDS - 1.5) for _ in range(1 + draw.integer(2))]
    return [
        note
        for start_s in starts_s
        for note in composition.glissando(tune, draw, low=low, high=high, start_s=start_s)
    ]


def _octaves(notes: Sequence[Note], draw: Stream) -> list[Note]:
    """Double some notes an octave below, or none at all."""
    if draw.uniform() < 0.5:
        return []
    return [replace(note, midi=note.midi - 12) for note in notes[:: draw.choice((2, 3, 4))]]


def _softer(notes: Sequence[Note], draw: Stream) -> list[Note]:
    factor = draw.uniform(0.5, 0.9)
    return [replace(note, velocity=factor * note.velocity) for note in notes]


def _finished(notes: Sequence[Note], draw: Stream) -> tuple[Note, ...]:
    """Give notes their dynamics and their small irregularities."""
    spread_s = draw.uniform(0.002, 0.015)
    moved = composition.humanised(phrases.phrased(notes, draw), draw, spread_s=spread_s)
    return tuple(phrases.playable(moved))
