"""A corpus opens when every row and recording can be used."""

from __future__ import annotations

import numpy as np
import pytest

from mn_dataset.audio import io
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.errors import InputError, MnError
from mn_dataset.records import SAMPLING_RATE as RATE
from mn_dataset.seeds import generator


def noise(num_samples: int, peak: int = 20_000, name: str = "") -> io.Pcm:
    numbers = generator(0, "test audio", name).uniforms(num_samples)
    return np.rint((2 * numbers - 1) * peak).astype(np.int16)


def test_a_silent_clip_and_a_noise_too_short_are_refused(damaged):
    """By table, row and column, whether or not a draw would use them."""
    root = damaged("clean", 5, file="clean/silent.wav")
    io.write_wav(root / "clean/silent.wav", np.zeros(50_000, np.int16), sampling_rate=RATE)
    with pytest.raises(InputError, match=r"clean.csv:5: column 'file'.*silent"):
        open_corpus(root)

    damaged("clean", 5, file="clean/piano_train_0.wav")
    damaged("noise", 3, file="noise/short.wav")
    io.write_wav(root / "noise/short.wav", noise(9000), sampling_rate=RATE)
    with pytest.raises(MnError, match=r"noise.csv:3: column 'file'.*cross-fade"):
        open_corpus(root)
