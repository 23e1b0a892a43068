"""A font plays what is asked: in time, in tune, and no louder than full scale."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from mn_dataset.compose import sound_fonts
from mn_dataset.compose.instruments import HARP, NYLON, PIANO
from mn_dataset.compose.scores import Part
from mn_dataset.errors import InputError, MissingExtra
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.synthetic.composition import Note


def played(font, *notes, instrument=HARP, cents=0.0, room=None):
    return sound_fonts.play(font, [Part(instrument, notes)], cents=cents, room=room)


def loudest_hz(sound):
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 4 * len(sound)))
    return np.argmax(spectrum) * SAMPLING_RATE / (4 * len(sound))


def level(sound, start_s, end_s):
    return np.sqrt(
        np.mean(sound[round(start_s * SAMPLING_RATE) : round(end_s * SAMPLING_RATE)] ** 2)
    )


def test_the_presets_of_a_font_are_found_by_number(write_font):
    font = write_font((0, 0), (0, 46))

    assert sound_fonts.presets(font) == {PIANO: "Tone 0 0", HARP: "Tone 0 46"}


def test_a_note_sounds_when_and_as_high_as_it_is_written(write_font):
    font = write_font((0, 46))

    sound = played(font, Note(2.0, 3.0, 69, 0.8))

    assert sound.shape == (441_000,)
    assert level(sound, 0.0, 1.98) < 1e-3 * level(sound, 2.1, 4.9)
    assert level(sound, 6.0, 10.0) < 1e-2 * level(sound, 2.1, 4.9)
    assert loudest_hz(sound) == pytest.approx(440.0, rel=0.004)


def test_cents_move_the_pitch_and_hardly_the_tempo(write_font):
    font = write_font((0, 46))
    low, high = (played(font, Note(2.0, 3.0, 69, 0.8), cents=cents) for cents in (-30.0, 30.0))

    ratio = loudest_hz(high) / loudest_hz(low)

    assert 1200.0 * np.log2(ratio) == pytest.approx(60.0, abs=1.0)
    assert level(high, 0.0, 1.9) < 1e-3 * level(high, 2.1, 4.9)


def test_a_room_reverberates_after_the_last_note(write_font):
    font = write_font((0, 46))
    note = Note(1.0, 1.0, 69, 0.8)

    dry = played(font, note)
    wet = played(font, note, room=sound_fonts.Room(0.7, 0.1, 0.8))

    assert level(wet, 2.5, 3.5) > 30.0 * level(dry, 2.5, 3.5)


def test_what_would_clip_is_played_softer(write_font):
    """Thirty loud notes at once."""
    font = write_font((0, 46))

    sound = played(font, *(Note(1.0, 5.0, pitch, 1.0) for pitch in range(40, 70)))

    peak = np.abs(sound).max()
    assert 0.2 < peak < 1.0
    assert np.mean(np.abs(sound) > 0.999 * peak) < 0.001


def test_what_is_no_sound_font_is_refused(tmp_path, write_font):
    write_font((0, 0))
    wrong = tmp_path / "wrong.sf2"
    wrong.write_bytes(b"RIFF")

    with pytest.raises(InputError, match=r"wrong\.sf2: FluidSynth [\d.]+ cannot read it"):
        sound_fonts.presets(wrong)
    with pytest.raises(InputError, match=r"none\.sf2: no such file; expected a sound font"):
        sound_fonts.presets(tmp_path / "none.sf2")


def test_a_silent_clip_is_refused(write_font):
    font = write_font((0, 46))

    with pytest.raises(InputError, match=r"programmes 0:24 are silent"):
        sound_fonts.play(font, [Part(NYLON, ())], cents=0.0, room=None)


def test_what_is_missing_is_named(monkeypatch, tmp_path):
    """The package, with the command that installs it."""
    (tmp_path / "font.sf2").touch()
    sound_fonts._library.cache_clear()
    monkeypatch.setitem(sys.modules, "fluidsynth", None)

    with pytest.raises(MissingExtra, match=r"pip install 'mn-dataset\[soundfont\]'"):
        sound_fonts.presets(tmp_path / "font.sf2")
