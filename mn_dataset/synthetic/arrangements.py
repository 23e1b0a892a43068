"""Arrange a piece of every music category: who plays, and what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mn_dataset.seeds import Stream
from mn_dataset.synthetic import composition, percussion, strings, synthesis, trumpet, voice
from mn_dataset.synthetic.composition import MAJOR, PENTATONIC, Note, Tune
from mn_dataset.synthetic.synthesis import Sound

MODELS = {
    "piano": "struck strings with hammers and dampers",
    "drum_kit": "membranes, snare wires and cymbals",
    "harp": "strings plucked by the fingertips near their middle",
    "cello": "a bowed string and its body",
    "chinese_lute": "a pipa's strings, plucked by fingernails near the bridge",
    "trumpet": "lips, brass and a spectrum that grows with the pressure",
    "chinese_zither": "a guzheng's long steel strings, plucked, pressed and swept",
    "multi_instrument": "an ensemble of modelled instruments",
    "song": "a glottal voice with formants over a modelled accompaniment",
}
"""What is modelled, in words, by music category."""

_QUICK = ((0.5, 0.5, 0.5, 0.5), (1.0, 0.5, 0.5), (0.25, 0.25, 0.5), (1.5, 0.5))
_BROAD = ((1.0, 1.0), (2.0,), (1.5, 0.5), (1.0, 0.5, 0.5), (3.0,))
_SUNG = ((1.0, 1.0), (0.5, 0.5, 1.0), (1.5, 0.5), (2.0,), (0.5, 0.5, 0.5, 0.5))


def piece(category: str, draw: Stream) -> dict[str, Sound]:
    """Compose and play a piece.

    Returns:
        The sound of every stem by name, each of shape (441000,); a solo has one.
    """
    if category == "song":
        return _song(draw)
    if category == "multi_instrument":
        return _ensemble(draw)
    scale, beat_s = (PENTATONIC, 0.7) if category in _CHINESE else (None, 0.55)
    return {category: _SOLOS[category](composition.tune(draw, scale=scale, beat_s=beat_s), draw)}


def stems_of(category: str, draw: Stream) -> tuple[str, ...]:
    """Name the stems that ``piece`` would return from the same stream, without playing anything."""
    if category == "song":
        return ("voice", "accompaniment")
    return tuple(_players(draw)[1]) if category == "multi_instrument" else (category,)


def _piano(tune: Tune, draw: Stream) -> Sound:
    right = composition.melody(tune, draw, low=62, high=84, cells=_QUICK, rest=0.15)
    octaves = [replace(note, midi=note.midi - 12) for note in right[::3]]
    beats = draw.choice(((0.0, 2.0), (0.0, 1.0, 2.0, 3.0), (0.0, 1.5, 2.5)))
    left = composition.chords(tune, draw, low=40, high=57, beats=beats)
    return strings.play(
        composition.humanised(right + octaves + left, draw), strings.PIANO, draw=draw
    )


def _harp(tune: Tune, draw: Stream) -> Sound:
    notes = composition.arpeggios(tune, draw, low=43, high=82, steps=draw.choice((2, 3)))
    for _ in range(2):
        start_s = draw.uniform(1.0, 8.0)
        notes += composition.glissando(tune, draw, low=50, high=86, start_s=start_s)
    return strings.play(composition.humanised(notes, draw), strings.HARP, draw=draw)


def _cello(tune: Tune, draw: Stream) -> Sound:
    notes = composition.melody(tune, draw, low=38, high=62, cells=_BROAD, rest=0.1)
    return strings.bow(composition.humanised(notes, draw), draw=draw)


def _pipa(tune: Tune, draw: Stream) -> Sound:
    notes = composition.melody(tune, draw, low=57, high=81, cells=(*_QUICK, *_BROAD), rest=0.1)
    trembling = [*composition.tremolo(notes, draw, rate_hz=draw.uniform(11.0, 14.0))]
    return strings.play(composition.humanised(trembling, draw), strings.PIPA, draw=draw)


def _trumpet(tune: Tune, draw: Stream) -> Sound:
    notes = composition.melody(tune, draw, low=58, high=79, cells=(*_QUICK, *_BROAD), rest=0.25)
    return trumpet.play(composition.humanised(notes, draw), draw=draw)


def _guzheng(tune: Tune, draw: Stream) -> Sound:
    upper = composition.melody(tune, draw, low=57, high=81, cells=(*_QUICK, *_BROAD), rest=0.15)
    octaves = [replace(note, midi=note.midi - 12) for note in upper[:: draw.choice((2, 3))]]
    bass = composition.chords(tune, draw, low=38, high=50, beats=(0.0,))
    notes = [replace(note, duration_s=note.duration_s + 0.8) for note in upper + octaves + bass]
    for _ in range(2):
        start_s = draw.uniform(0.5, 8.5)
        notes += composition.glissando(tune, draw, low=50, high=86, start_s=start_s)
    return strings.play(composition.humanised(notes, draw), strings.GUZHENG, draw=draw)


def _drum_kit(tune: Tune, draw: Stream) -> Sound:
    return percussion.play(tune, draw=draw)


_CHINESE = ("chinese_lute", "chinese_zither")
_SOLOS: dict[str, Callable[[Tune, Stream], Sound]] = {
    "piano": _piano,
    "drum_kit": _drum_kit,
    "harp": _harp,
    "cello": _cello,
    "chinese_lute": _pipa,
    "trumpet": _trumpet,
    "chinese_zither": _guzheng,
}


def _song(draw: Stream) -> dict[str, Sound]:
    tune = composition.tune(draw, beat_s=0.55)
    low, tract = draw.choice(((50, 1.0), (57, 1.12), (59, 1.17)))
    sung = composition.melody(tune, draw, low=low, high=low + 14, cells=_SUNG, rest=0.25)
    singing = voice.sing(composition.humanised(sung, draw), tract=tract, draw=draw)
    played = strings.GUITAR if draw.uniform() < 0.75 else strings.PIANO
    comping = composition.arpeggios(tune, draw, low=45, high=69, steps=2)
    comping += composition.chords(tune, draw, low=48, high=62, beats=(0.0, 2.5))
    accompaniment = strings.play(composition.humanised(comping, draw), played, draw=draw)
    accompaniment += 0.8 * _bass_line(tune, draw)
    if draw.uniform() < 0.5:
        accompaniment += 0.35 * percussion.play(tune, draw=draw)
    return {
        "voice": synthesis.unit(singing),
        "accompaniment": draw.uniform(0.3, 0.42) * synthesis.unit(accompaniment),
    }


def _ensemble(draw: Stream) -> dict[str, Sound]:
    """Play a lead, a chordal instrument and drums, sometimes with a second lead."""
    tune, levels = _players(draw)
    return {
        name: level * draw.uniform(0.85, 1.15) * synthesis.unit(_SOLOS[name](tune, draw))
        for name, level in levels.items()
    }


def _players(draw: Stream) -> tuple[Tune, dict[str, float]]:
    """Draw what an ensemble plays, and who plays it at which level."""
    tune = composition.tune(draw, scale=MAJOR if draw.uniform() < 0.6 else None, beat_s=0.55)
    leads = draw.shuffled(("cello", "trumpet"))[: draw.choice((1, 2, 2))]
    chordal = draw.choice(("piano", "harp", "chinese_zither"))
    return tune, dict.fromkeys(leads, 0.8) | {chordal: 0.8, "drum_kit": 0.7}


def _bass_line(tune: Tune, draw: Stream) -> Sound:
    notes = []
    for bar in range(tune.bars):
        pitches = tune.chord(bar, 28, 40)
        for beat, pitch in ((0.0, pitches[0]), (2.0, pitches[-1])):
            start_s = bar * tune.bar_s + beat * tune.beat_s
            notes.append(Note(start_s, 1.6 * tune.beat_s, pitch, draw.uniform(0.6, 0.8)))
    return strings.play(composition.humanised(notes, draw), strings.BASS, draw=draw)
