"""A voice has the pitch of its glottis and the formants of its vowel."""

import numpy as np
import pytest

from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import generator
from mn_dataset.synthetic import synthesis, voice
from mn_dataset.synthetic.composition import Note

VOWELS = dict(zip("aeiou", voice.VOWELS_HZ, strict=True))


@pytest.mark.parametrize("vowel", VOWELS)
def test_a_vowel_is_heard_by_its_first_two_formants(vowel):
    """Of noise that is passed through it, a peak of the envelope lies at each."""
    noise = synthesis.white(generator(0, "voice"), 20 * SAMPLING_RATE)
    spoken = voice.say(noise, VOWELS[vowel], tract=1.0, singer=False)
    frames = spoken[: len(spoken) // 4096 * 4096].reshape(-1, 4096) * np.hanning(4096)
    envelope = (np.abs(np.fft.rfft(frames, axis=1)) ** 2).mean(axis=0)
    f = np.fft.rfftfreq(4096, 1 / SAMPLING_RATE)

    for formant_hz in VOWELS[vowel][:2]:
        near = np.abs(f - formant_hz) < 150.0
        assert abs(f[near][envelope[near].argmax()] - formant_hz) < 60.0


def test_the_glottis_has_a_pitch_and_little_above_the_highest():
    """Its harmonics fall, and stop where they would fold back."""
    source = voice.glottis(np.full(SAMPLING_RATE, 220.0))
    spectrum = np.abs(np.fft.rfft(source))

    assert spectrum[220] > 5 * spectrum[110]
    assert spectrum[220] > spectrum[2200] > spectrum[11_000]
    assert spectrum[18_200:].max() < 1e-2 * spectrum[220]
    assert source.std() == pytest.approx(1.0, abs=0.05)


def test_a_song_follows_its_notes_and_rests():
    """Between two notes there is breath at most, and each is at its pitch."""
    notes = [Note(0.5, 1.0, 57, 0.7), Note(3.0, 1.0, 64, 0.7)]
    sung = voice.sing(notes, tract=1.0, draw=generator(0, "voice"))
    first, rest, second = (
        sung[round(start_s * SAMPLING_RATE) : round((start_s + 0.7) * SAMPLING_RATE)]
        for start_s in (0.7, 1.9, 3.2)
    )

    assert rest.std() < 0.02 * min(first.std(), second.std())
    for part, pitch_hz in ((first, 220.0), (second, 329.6)):
        spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 2**17))
        f = np.fft.rfftfreq(2**17, 1 / SAMPLING_RATE)
        near = (pitch_hz / 1.3 < f) & (f < pitch_hz * 1.3)
        assert f[near][spectrum[near].argmax()] == pytest.approx(pitch_hz, rel=0.03)
