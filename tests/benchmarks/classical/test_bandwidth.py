"""Losing the top of the band explains what a narrow model gains."""

import numpy as np
import pytest

from benchmarks.harness.apply import load_denoiser
from mn_dataset.seeds import generator

RATE = 44_100


def tones(*pitches_hz, seconds=1.0):
    time_s = np.arange(round(seconds * RATE)) / RATE
    return sum(np.sin(2 * np.pi * hz * time_s) for hz in pitches_hz).astype(np.float32)


def level_db(signal, like):
    return 10 * np.log10(np.square(signal).mean() / np.square(like).mean())


@pytest.mark.parametrize("name", ["resample_16k", "lowpass_8k"])
def test_what_is_low_passes_and_what_is_high_does_not(name):
    """In time: a note at 1 kHz is not delayed by a sample."""
    low, high = tones(1000.0), tones(12_000.0)
    denoiser = load_denoiser(name)

    estimate = denoiser((low + high)[None, None], RATE)[0, 0]

    inside = slice(2000, -2000)
    assert level_db((estimate - low)[inside], low) < -35
    assert denoiser.spec.rank_group == "reference"


def test_a_narrow_band_alone_seems_to_denoise_white_noise():
    """By 4.5 dB, which is why the row is there."""
    noise = generator(0, "test", "white").normals(4 * RATE).astype(np.float32)

    left = load_denoiser("resample_16k")(noise[None, None], RATE)[0, 0]

    # 7.6 of 22.05 kHz are left.
    assert level_db(left, noise) == pytest.approx(10 * np.log10(7.6 / 22.05), abs=0.3)


def test_low_rates_have_nothing_to_lose():
    """A recording at 8 kHz is handed back."""
    clip = tones(440.0)[None, None]

    np.testing.assert_array_equal(load_denoiser("lowpass_8k")(clip, 8_000), clip)


def test_at_16_khz_the_true_targets_lose_their_top():
    """The harness hands them over at that rate; below 7 kHz they are themselves, in time."""
    low, high = tones(1000.0), tones(12_000.0)
    targets = np.stack([low + high, 0.5 * low])[None, :, None]
    oracle = load_denoiser("oracle_16k")

    voice = oracle(targets.sum(axis=1), RATE, side={"clean": targets}, num_targets=2)[0, 0, 0]

    inside = slice(2000, -2000)
    assert level_db((voice - low)[inside], low) < -35
    assert oracle.spec.remainder == "accompaniment"
    assert oracle.spec.rank_group == "reference"
