"""The voice is what is percussive in long frames and harmonic in short ones."""

import sys

import numpy as np
import pytest

from benchmarks.external.hpss_voice import HpssVoice
from mn_dataset.errors import MissingExtra

RATE = 44_100


def energy(signal):
    return np.square(signal, dtype=float).sum()


def test_a_voice_over_chords_and_drums_is_nearer_than_the_mixture(song):
    """By 3 dB and more."""
    pytest.importorskip("librosa", reason="the extra 'baselines' is not installed")
    mixture = song.sum(axis=1)

    voice = HpssVoice()(mixture, RATE)[:, 0]

    assert energy(voice - song[:, 0]) < energy(mixture - song[:, 0]) / 2


@pytest.mark.parametrize("kind", ["tone", "click"])
def test_what_holds_and_what_strikes_is_no_voice(kind):
    """A steady tone leaves at the first stage, a click at the second."""
    pytest.importorskip("librosa", reason="the extra 'baselines' is not installed")
    clip = np.zeros(3 * RATE, np.float32)
    if kind == "tone":
        clip[:] = 0.3 * np.sin(2 * np.pi * 440 * np.arange(len(clip)) / RATE)
    else:
        clip[RATE::RATE] = 1.0

    voice, accompaniment = HpssVoice()(clip[None, None], RATE)[0, :, 0]

    inside = slice(RATE // 2, -RATE // 2)
    assert energy(voice[inside]) < 0.1 * energy(accompaniment[inside])


def test_a_missing_library_is_told_with_the_command(monkeypatch):
    """The message is the command that installs it."""
    monkeypatch.setitem(sys.modules, "librosa.decompose", None)

    with pytest.raises(MissingExtra, match=r"pip install 'mn-dataset\[baselines\]'"):
        HpssVoice()(np.zeros((1, 1, 10), np.float32), RATE)
