"""What is written for whom: playable, in range, varied, and the same for the same seed."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from mn_dataset.compose import phrases
from mn_dataset.compose.drumming import drumming
from mn_dataset.compose.instruments import INSTRUMENTS, KITS, PARTS
from mn_dataset.compose.scores import score
from mn_dataset.records import MUSIC_CATEGORIES
from mn_dataset.seeds import generator
from mn_dataset.synthetic.composition import MAJOR, SECONDS, Note, Tune


def pieces(category, count=40):
    return [score(category, INSTRUMENTS, generator(n, "test", category)) for n in range(count)]


def test_every_music_category_can_be_composed():
    assert set(PARTS) == set(MUSIC_CATEGORIES)
    assert {part for parts in PARTS.values() for part in parts} <= set(INSTRUMENTS)


@pytest.mark.parametrize("category", MUSIC_CATEGORIES)
def test_a_piece_is_playable_and_the_same_for_the_same_seed(category):
    """Notes lie in the clip and on the instrument, and none sounds twice at once."""
    for number, piece in enumerate(pieces(category)):
        assert piece == score(category, INSTRUMENTS, generator(number, "test", category))
        for part in piece.parts:
            assert part.notes
            ends = Counter()
            for note in part.notes:
                assert 0.0 <= note.start_s < SECONDS
                assert note.duration_s > 0.0
                assert 0.0 < note.velocity <= 1.0
                assert part.instrument.low - 14 <= note.midi <= part.instrument.high + 2
                assert ends[round(note.midi)] <= note.start_s + 1e-9
                ends[round(note.midi)] = note.start_s + note.duration_s


@pytest.mark.parametrize("category", MUSIC_CATEGORIES)
def test_pieces_of_a_category_differ(category):
    """In tempo, in manner unless they are drummed, in loudness, in instruments and in range."""
    found = pieces(category)
    tempos = [piece.bpm for piece in found]
    lowest = [min(note.midi for note in piece.parts[0].notes) for piece in found]
    strengths = [note.velocity for piece in found for part in piece.parts for note in part.notes]

    assert min(tempos) >= 50.0
    assert max(tempos) <= 180.0
    assert max(tempos) > 2.0 * min(tempos)
    assert len({piece.manner for piece in found}) >= (1 if category == "drum_kit" else 2)
    assert len({part.instrument for piece in found for part in piece.parts}) >= min(
        3, len(INSTRUMENTS.get(category, "123"))
    )
    assert np.ptp(strengths) > 0.5
    if category != "drum_kit":
        assert np.ptp(lowest) >= 5


def test_plucked_strings_are_held_in_some_pieces():
    """For seconds, with few notes: the case that denoisers take for noise."""
    held = [piece for piece in pieces("chinese_lute") if piece.manner == "held notes"]

    assert held
    for piece in held:
        (part,) = piece.parts
        assert len(part.notes) < 40
        assert np.median([note.duration_s for note in part.notes]) > 0.7


def test_an_ensemble_has_a_lead_chords_and_a_bass_and_drums_at_times():
    found = pieces("multi_instrument")
    drummed = [any(part.instrument.bank == KITS for part in piece.parts) for piece in found]

    assert all(len(piece.parts) >= 3 for piece in found)
    assert 0 < sum(drummed) < len(found)


@pytest.mark.parametrize("beats", [3, 4])
def test_a_groove_is_drummed_in_every_bar(beats):
    """With toms in the bars that a fill ends."""
    tune = Tune(0, MAJOR, 0.4, (0, 3), beats)
    notes = [note for n in range(20) for note in drumming(tune, generator(n, "test"))]
    bars = {int((note.start_s + 1e-6) / tune.bar_s) for note in notes}

    assert bars == set(range(tune.bars))
    assert {note.midi for note in notes} >= {36, 38, 42, 48, 45}


def test_a_note_ends_before_its_pitch_is_played_again():
    once, again, other = Note(0.0, 3.0, 60, 0.5), Note(1.0, 3.0, 60, 0.5), Note(0.5, 3.0, 64, 0.5)

    first, between, second = phrases.playable([again, once, other])

    assert (first.start_s, between, second) == (0.0, other, again)
    assert 0.9 < first.duration_s < 1.0


def test_ornaments_leave_a_melody_where_it_was():
    """They begin with it, and add notes no more than two semitones away."""
    melody = [Note(0.5 * n, 0.5, 60, 0.6) for n in range(20)]

    adorned = [*phrases.ornamented(melody, generator(0, "test"), chance=0.5)]

    assert len(adorned) > len(melody)
    assert {note.start_s for note in melody} <= {note.start_s for note in adorned}
    assert {abs(note.midi - 60) for note in adorned} == {0, 1, 2}
