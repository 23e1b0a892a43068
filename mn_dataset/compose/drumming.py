"""Drum: grooves in three and four, with ghost strokes, fills, crashes and swing."""

from __future__ import annotations

from collections.abc import Iterator

from mn_dataset.seeds import Stream
from mn_dataset.synthetic.composition import Note, Tune

# Chance of a stroke on each quarter of a beat, in ninths, by drum.
_GROOVES: dict[int, tuple[dict[str, str], ...]] = {
    4: (
        {"kick": "9000001090200100", "snare": "0000901000019010", "hat": "9292929292929293"},
        {"kick": "9001000900900010", "snare": "0000900100009001", "hat": "9090909290909095"},
        {"kick": "9000900090009000", "snare": "0000900000009002", "open": "0090009000900090"},
        {"kick": "9010002000901000", "snare": "0010000190000120", "hat": "9395939593959395"},
        {"kick": "9000003000100020", "pedal": "0000900000009000", "ride": "9000900490009004"},
        {"kick": "9009900090099000", "stick": "9009009000900900", "hat": "9090909090909090"},
        {"kick": "9000000090900000", "low": "9020503090205030", "high": "0030003000300930"},
        {"kick": "9000000090000000", "snare": "3030903030309039", "ride": "9030903090309030"},
    ),
    3: (
        {"kick": "900000000010", "snare": "000090009000", "hat": "909090909090"},
        {"kick": "900000200000", "pedal": "000090009000", "ride": "900090049000"},
        {"kick": "900100900010", "snare": "000090010090", "hat": "939593959395"},
        {"kick": "900000000000", "stick": "000090009030", "ride": "909090909090"},
    ),
}
_FILL = "9365958697769899"
# Keys of General MIDI's percussion map.
_KEYS = {"kick": 36, "snare": 38, "stick": 37, "hat": 42, "pedal": 44, "open": 46, "ride": 51}
_KEYS |= {"low": 43, "high": 48}
_TOMS = (50, 48, 45, 41)
_CRASHES = (49, 57)
_STROKE_S = 0.4


def drumming(tune: Tune, draw: Stream) -> list[Note]:
    """Play one groove, with a fill every two to four bars and a crash after most fills.

    Returns:
        Notes whose pitches are keys of General MIDI's percussion map.
    """
    groove = draw.choice(_GROOVES[tune.beats])
    every, swing = 2 + draw.integer(3), draw.choice((0.0, 0.0, 0.33))
    strength = draw.uniform(0.6, 1.0)
    notes = []
    for bar in range(tune.bars):
        fills = bar % every == every - 1
        strokes = [*_strokes(groove, draw, steps=4 * tune.beats, fills=fills)]
        if bar % every == 0 and draw.uniform() < 0.7:
            strokes.append((draw.choice(_CRASHES), 0, 0.9))
        for key, step, accent in strokes:
            swung_step = step + swing if step % 4 == 2 else step
            start_s = bar * tune.bar_s + swung_step * tune.beat_s / 4.0
            velocity = strength * (0.3 + 0.7 * accent) * draw.uniform(0.75, 1.0)
            notes.append(Note(start_s, _STROKE_S, key, velocity))
    return notes


def _strokes(
    groove: dict[str, str], draw: Stream, *, steps: int, fills: bool
) -> Iterator[tuple[int, int, float]]:
    """Draw the strokes of a bar: key, quarter of a beat, accent in (0, 1]; a fill ends it."""
    filled = steps - 4 * (1 + draw.integer(2)) if fills else steps
    for drum, chances in groove.items():
        for step, chance in enumerate(map(int, chances)):
            if (step < filled or drum == "kick") and draw.uniform() * 9.0 < chance:
                yield _KEYS[drum], step, chance / 9.0
    for step in range(filled, steps):
        chance = int(_FILL[step - steps])
        if draw.uniform() * 9.0 < chance:
            tom = _TOMS[len(_TOMS) * (step - filled) // (steps - filled)]
            yield (_KEYS["snare"] if draw.uniform() < 0.3 else tom), step, chance / 9.0
