from __future__ import annotations

import numpy as np
import pytest

from benchmarks.metrics.lsd import high_band_error, lsd
from benchmarks.metrics.reference import Truth


@pytest.mark.parametrize("gain_db", [-20.0, -3.0, 0.0, 6.0])
def test_a_pure_gain_is_as_far_as_its_decibels(gain_db, white):
    """Every bin of every frame is off by the gain; white noise has none near the floor."""
    value = lsd(10 ** (gain_db / 20) * white, Truth(white, 44_100)).value

    assert value == pytest.approx(abs(gain_db), abs=1e-9)  # rounding of logarithms


def test_one_frame_is_what_the_formula_gives(white, noisy):
    """Written out for one window of 2048 samples."""
    clean, heard = white[:2048], noisy[:2048]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(2048) / 2048)
    levels = [20 * np.log10(np.abs(np.fft.rfft(window * x))) for x in (clean, heard)]

    expected = np.sqrt(np.mean((levels[0] - levels[1]) ** 2))

    assert lsd(heard, Truth(clean, 44_100)).value == pytest.approx(expected, abs=1e-9)


def test_what_is_100_db_under_the_loudest_bin_does_not_count(music):
    """Silence between notes and the last bit of noise are below the floor of both."""
    gated = music.copy()
    gated[30_000:60_000] = 0.0
    faint = gated + 1e-9 * np.sin(np.arange(len(music)))

    assert lsd(faint, Truth(gated, 44_100)).value < 0.01  # only the notes' bins near the floor


def test_more_noise_is_farther_away(music, white):
    """Lower is better."""
    truth = Truth(music, 44_100)
    values = [lsd(music + gain * white, truth).value for gain in (0.0, 0.01, 0.1, 1.0)]

    assert values[0] == 0.0
    assert values == sorted(values)


def test_a_reference_heard_in_no_frame_is_silent(white):
    """Energy only where each window is zero gives no spectrum to compare with."""
    reference = np.eye(1, 2048, 0)[0]

    assert lsd(white[:2048], Truth(reference, 44_100)).reason == "silent_reference"


def test_the_top_of_the_band_is_missed_where_it_is_lost(music):
    """Less energy and more count alike; without any there is nothing to say."""
    time_s = np.arange(len(music)) / 44_100
    low, high = np.sin(2 * np.pi * 500 * time_s), 0.1 * np.sin(2 * np.pi * 12_000 * time_s)
    truth = Truth(low + high, 44_100)

    for factor in (0.25, 4.0):
        found = high_band_error(low + factor * high, truth).value
        # The low tone leaks through the window, 60 dB down.
        assert found == pytest.approx(20 * np.log10(4.0), abs=0.05)
    assert high_band_error(low, Truth(low, 44_100)).reason == "no_high_band"
    assert high_band_error(truth.signal, truth).value == 0.0
