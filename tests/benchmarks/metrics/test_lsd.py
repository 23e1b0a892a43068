from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from benchmarks.metrics.lsd import high_band_error, lsd, lsd_db
from benchmarks.metrics.reference import Truth


@pytest.mark.parametrize("metric", [lsd, lsd_db])
@pytest.mark.parametrize("gain_db", [-3.0, 0.0, 6.0])
def test_a_pure_gain_is_as_far_as_its_decibels(metric, gain_db, white):
    """Every bin of every frame is off by the gain; one frame of noise has none near the floor."""
    clean = white[:2048]
    value = metric(10 ** (gain_db / 20) * clean, Truth(clean, 44_100)).value

    assert value == pytest.approx(abs(gain_db), abs=1e-9)  # rounding of logarithms


@pytest.mark.parametrize(("metric", "share"), [(lsd, 1e-6), (lsd_db, 1e-10)])
def test_a_distance_is_what_the_formula_gives(metric, share, music, noisy):
    """Written out frame by frame for music, half of which lies under the higher floor."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(2048) / 2048)
    clean, heard = (
        np.array(
            [
                np.abs(np.fft.rfft(window * x[first : first + 2048])) ** 2
                for first in range(0, len(x) - 2047, 512)
            ]
        )
        for x in (music, noisy)
    )
    floor = share * clean.max()
    ratio = np.log10(np.maximum(clean, floor)) - np.log10(np.maximum(heard, floor))
    expected = np.mean([np.sqrt(np.mean((10 * frame) ** 2)) for frame in ratio])

    assert metric(noisy, Truth(music, 44_100)).value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("metric", "faintest"), [(lsd, 1e-7), (lsd_db, 1e-9)])
def test_what_is_below_the_floor_does_not_count(metric, faintest, music):
    """Silence between notes and the last bits of noise are below the floor of both."""
    gated = music.copy()
    gated[30_000:60_000] = 0.0
    faint = gated + faintest * np.sin(np.arange(len(music)))

    assert metric(faint, Truth(gated, 44_100)).value < 0.01  # only the notes' bins near the floor


def test_silence_above_the_music_is_as_good_as_what_is_80_db_down(white):
    """An estimate that halves the music is the worse one, however digital its silence is."""
    music = sosfilt(butter(12, 4_000, fs=44_100, output="sos"), white)
    halved, faint_hiss = 0.5 * music, music + 3e-4 * white
    truth = Truth(music, 44_100)

    assert lsd(faint_hiss, truth).value < lsd(halved, truth).value
    assert lsd_db(faint_hiss, truth).value > lsd_db(halved, truth).value


def test_a_lost_top_octave_still_counts(white):
    """Where the music has one."""
    lost = sosfilt(butter(12, 8_000, fs=44_100, output="sos"), white)

    assert lsd(lost, Truth(white, 44_100)).value > 20.0


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
