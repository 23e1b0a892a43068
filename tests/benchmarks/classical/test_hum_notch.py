"""Hum goes, music on its frequencies stays, and what has no hum is left alone."""

import numpy as np
import pytest

from benchmarks.classical.hum_notch import HumNotch
from mn_dataset.seeds import generator

RATE = 44_100


def hum(mains_hz, *, seconds=8.0, harmonics=30, level=0.02):
    time_s = np.arange(round(seconds * RATE)) / RATE
    phases = 2 * np.pi * generator(0, "test", "hum").uniforms(harmonics)
    return level * sum(
        np.sin(2 * np.pi * mains_hz * n * time_s + phases[n - 1]) / n**0.5
        for n in range(1, harmonics + 1)
    )


def tune(seconds=8.0):
    """Notes of a third of a second, some of them on harmonics of 50 Hz."""
    time_s = np.arange(round(seconds * RATE)) / RATE
    pitches = np.array([200.0, 250.0, 311.1, 400.0, 187.0, 300.0])[(3 * time_s).astype(int) % 6]
    since = time_s % (1 / 3)
    return 0.3 * np.sin(2 * np.pi * pitches * since) * np.exp(-6 * since)


def snr_db(clean, estimate):
    return 10 * np.log10(np.square(clean).sum() / np.square(estimate - clean).sum())


def without(signal):
    return HumNotch()(signal.astype(np.float32)[None, None], RATE)[0, 0]


@pytest.mark.parametrize(
    ("mains_hz", "gain_db"), [(50.0, 4.0), (49.93, 4.0), (60.0, 8.0), (60.11, 8.0)]
)
def test_hum_under_a_tune_is_taken_out(mains_hz, gain_db):
    """Also where the network or the tape drifts; less where the tune returns to its harmonics."""
    clean = tune()
    noisy = clean + hum(mains_hz)

    assert snr_db(clean, without(noisy)) > snr_db(clean, noisy) + gain_db


def test_hum_alone_is_nearly_gone():
    """From the first sample to the last."""
    noise = hum(50.0)

    left = without(noise)

    assert 10 * np.log10(np.square(noise).sum() / np.square(left).sum()) > 20.0


@pytest.mark.parametrize("signal", ["tune", "noise", "short", "silence"])
def test_what_has_no_hum_is_left_alone(signal):
    """Not a sample is touched."""
    made = {
        "tune": tune(),
        "noise": 0.1 * generator(0, "test", "white").normals(4 * RATE),
        "short": hum(50.0, seconds=0.3),
        "silence": np.zeros(3 * RATE),
    }[signal].astype(np.float32)

    np.testing.assert_array_equal(without(made), made)


def test_a_tone_that_comes_and_goes_on_a_harmonic_stays():
    """A bass note of 100 Hz for half the time is music."""
    time_s = np.arange(8 * RATE) / RATE
    note = 0.2 * np.sin(2 * np.pi * 100 * time_s) * (time_s % 4 < 2)
    noisy = note + hum(50.0)

    assert snr_db(note, without(noisy)) > snr_db(note, noisy) + 6.0
