"""Strings sound at their pitch, by how they are played."""

import numpy as np
import pytest

from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import generator
from mn_dataset.synthetic import strings
from mn_dataset.synthetic.composition import Note

PLUCKED = ["PIANO", "HARP", "PIPA", "GUZHENG", "GUITAR", "BASS"]


def draw(name=""):
    return generator(0, "strings", name)


def strength(sound, frequency_hz):
    """Magnitude around a frequency, ± 1.5 %: strings are stiff, fingers shake."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    f = np.fft.rfftfreq(len(sound), 1 / SAMPLING_RATE)
    return spectrum[np.abs(f - frequency_hz) < 0.015 * frequency_hz].max()


@pytest.mark.parametrize("name", PLUCKED)
def test_partials_are_multiples_of_the_pitch(name):
    """Far stronger than what lies a quarter of the fundamental beside them."""
    note = Note(0.0, 1.5, 57, 0.7)
    sound = strings.play([note], getattr(strings, name), draw=draw(name))[:66_150]

    for partial in (1, 2, 3):
        centre_hz = partial * note.frequency_hz
        assert strength(sound, centre_hz) > 5 * strength(sound, centre_hz + 0.25 * 220.0)


@pytest.mark.parametrize("name", PLUCKED)
def test_a_plucked_string_falls_and_a_damped_one_stops(name):
    """Half a second after the hand let go there is next to nothing."""
    played = getattr(strings, name)
    sound = strings.play([Note(0.0, 1.0, 57, 0.7)], played, draw=draw(name))
    begin, end = sound[:11_025].std(), sound[33_075:44_100].std()
    released = round((1.0 + 4.5 * played.damper_s) * SAMPLING_RATE)

    assert end < begin
    assert sound[released + 11_025 :].std() < 0.02 * begin


def test_a_harder_stroke_is_louder_and_brighter():
    """The hammer is stiffer, the faster it comes."""
    soft, hard = (
        strings.play([Note(0.0, 1.0, 57, velocity)], strings.PIANO, draw=draw())[:22_050]
        for velocity in (0.3, 0.9)
    )

    assert hard.std() > 3 * soft.std()
    assert strength(hard, 1760) / strength(hard, 220) > 1.5 * strength(soft, 1760) / strength(
        soft, 220
    )


def test_a_bowed_note_lasts():
    """As loud at its end as after its beginning, unlike a plucked one."""
    sound = strings.bow([Note(0.0, 3.0, 50, 0.7)], draw=draw())

    assert strength(sound[:132_300], 146.8) > 5 * strength(sound[:132_300], 183.5)
    assert sound[110_250:127_890].std() > 0.6 * sound[22_050:44_100].std()
    assert sound[round(3.5 * SAMPLING_RATE) :].std() < 0.01 * sound[22_050:44_100].std()


def test_a_bowed_note_slides_from_the_one_before():
    """After a rest it does not: the first 40 ms hold no trace of the old pitch."""
    low = Note(0.0, 1.0, 50, 0.7)
    joined = strings.bow([low, Note(1.0, 1.0, 62, 0.7)], draw=draw())
    apart = strings.bow([low, Note(1.5, 1.0, 62, 0.7)], draw=draw())

    def pitch_hz(sound, start_s):
        start = round(start_s * SAMPLING_RATE)
        part = sound[start : start + 1764] * np.hanning(1764)
        spectrum = np.abs(np.fft.rfft(part, 2**16))
        f = np.fft.rfftfreq(2**16, 1 / SAMPLING_RATE)
        return f[np.argmax(np.where(f < 330, spectrum, 0.0))]

    assert pitch_hz(apart, 1.51) == pytest.approx(293.7, rel=0.06)
    assert pitch_hz(joined, 1.01) < 0.95 * pitch_hz(apart, 1.51)
