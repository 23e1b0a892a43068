"""What is composed stays in its key, its range and its clip."""

from itertools import pairwise

import pytest

from mn_dataset.seeds import generator
from mn_dataset.synthetic import composition
from mn_dataset.synthetic.composition import MAJOR, PENTATONIC, SECONDS, Note, Tune

CELLS = ((1.0, 0.5, 0.5), (2.0,))


def draw(seed):
    return generator(seed, "composition")


@pytest.mark.parametrize("scale", [MAJOR, PENTATONIC, None])
@pytest.mark.parametrize("seed", range(5))
def test_every_note_is_of_the_scale_and_in_its_range(scale, seed):
    """Melodies, chords, arpeggios and glissandi alike."""
    stream = draw(seed)
    tune = composition.tune(stream, scale=scale)
    notes = composition.melody(tune, stream, low=50, high=74, cells=CELLS, rest=0.2)
    notes += composition.chords(tune, stream, low=50, high=74, beats=(0.0, 2.0))
    notes += composition.arpeggios(tune, stream, low=50, high=74, steps=2)
    notes += composition.glissando(tune, stream, low=50, high=74, start_s=1.0)

    assert {(int(note.midi) - tune.tonic) % 12 for note in notes} <= set(tune.scale)
    assert all(50 <= note.midi <= 74 for note in notes)
    assert all(0.0 < note.velocity <= 1.0 for note in notes)


def test_a_chord_is_the_triad_of_its_bar():
    """The progression of C major begins with C, and goes to G in bar two."""
    tune = Tune(0, MAJOR, 0.5, (0, 4))

    assert [midi % 12 for midi in tune.chord(0, 60, 71)] == [0, 4, 7]
    assert {midi % 12 for midi in tune.chord(1, 60, 71)} == {7, 11, 2}
    assert tune.chord(2, 60, 71) == tune.chord(0, 60, 71)


def test_a_tremolo_takes_as_long_as_its_note():
    """Long notes are repeated, short ones are left alone."""
    long, short = Note(1.0, 1.0, 60, 0.8), Note(2.0, 0.4, 60, 0.8)
    trembling = [*composition.tremolo([long, short], draw(0), rate_hz=12.0)]

    assert trembling[-1] == short
    assert len(trembling) == 13
    assert all(b.start_s - a.start_s == pytest.approx(1 / 12) for a, b in pairwise(trembling[:-1]))
    assert sum(note.duration_s for note in trembling[:-1]) == pytest.approx(1.0)


def test_humanised_notes_are_in_order_and_within_the_clip():
    """Each begins at most a few milliseconds off; what begins too late is left out."""
    notes = [Note(start_s, 0.5, 60, 0.5) for start_s in (9.99, 3.0, 0.0)]
    moved = composition.humanised(notes, draw(1))

    assert [note.start_s for note in moved] == [
        pytest.approx(0.1, abs=0.008),
        pytest.approx(3.1, abs=0.008),
    ]
    assert all(note.start_s < SECONDS for note in moved)
