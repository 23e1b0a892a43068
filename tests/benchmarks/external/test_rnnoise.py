"""RNNoise does to a voice what it was made for, in time, and its absence is told with the cure."""

import importlib.util

import numpy as np
import pytest
from scipy.signal import butter, lfilter

from benchmarks.external import rnnoise
from benchmarks.harness.alignment import Alignment
from benchmarks.harness.apply import load_denoiser
from benchmarks.metrics.reference import Truth
from benchmarks.metrics.si_sdr import si_sdr
from mn_dataset.errors import MissingExtra
from mn_dataset.seeds import generator

RATE = 48_000
VOWELS = ((700, 1200, 2600), (300, 2200, 3000), (500, 900, 2500), (400, 1800, 2600))


def voice():
    """Return vowels as a throat makes them, 3 s: gliding pulses through changing formants."""
    time_s = np.arange(3 * RATE) / RATE
    phase = np.cumsum(120 * (1 + 0.15 * np.sin(2 * np.pi * 0.6 * time_s))) / RATE
    pulses = lfilter([1.0], [1.0, -0.9], np.diff(np.floor(phase), prepend=0.0))
    place, since = np.divmod(4 * time_s, 1.0)
    spoken = np.zeros(len(time_s))
    for number, formants_hz in enumerate(VOWELS):
        for order, hz in enumerate(formants_hz, start=1):
            band = butter(1, [0.9 * hz, 1.1 * hz], "band", fs=RATE)
            spoken += lfilter(*band, pulses) / order * (place % len(VOWELS) == number)
    spoken *= np.clip(3 * np.sin(np.pi * since), 0, 1)
    return (0.3 * spoken / np.abs(spoken).max()).astype(np.float32)[None, None]


def test_a_voice_is_freed_of_noise_and_in_time():
    """By 3 dB at least: the library works here; what it makes of music is another matter."""
    if importlib.util.find_spec("pyrnnoise") is None:
        pytest.skip("the extra 'rnnoise' is not installed")
    clean = voice()
    noise = generator(0, "test rnnoise").normals(clean.size).reshape(clean.shape)
    noisy = (clean + 0.56 * clean.std() * noise).astype(np.float32)

    estimate = load_denoiser("rnnoise")(noisy, RATE)

    truth = Truth(clean[0, 0], RATE)
    assert si_sdr(estimate[0, 0], truth).value > si_sdr(noisy[0, 0], truth).value + 3
    assert Alignment(clean[0]).of(estimate[0]).lag == pytest.approx(0.0, abs=0.5)


def test_a_missing_library_is_told_with_the_command(monkeypatch):
    """The message is the command that installs it."""
    rnnoise._library.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(MissingExtra, match=r"pip install 'mn-dataset\[rnnoise\]'"):
        rnnoise.RnNoise()(np.ones((1, 1, 10), np.float32), RATE)
