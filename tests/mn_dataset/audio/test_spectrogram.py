"""Spectrograms: power of frames, decibels, and one way to draw them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

from mn_dataset.audio.spectrogram import RANGE_DB, decibels, draw, frame_power


def test_power_is_that_of_scipy():
    """Frame by frame, those that reach over either end too."""
    samples = np.random.default_rng(0).standard_normal(5000)
    taper = hann(512, sym=False)
    theirs = ShortTimeFFT(taper, 128, fs=8000)
    numbers = range(theirs.p_min, theirs.p_max(len(samples)))
    ours = frame_power(samples, starts=[128 * number - 256 for number in numbers], taper=taper)

    np.testing.assert_allclose(ours.T, theirs.spectrogram(samples), rtol=1e-9, atol=1e-9)


def test_a_sine_at_full_scale_has_no_decibels():
    """With a taper that is scaled for it; channels are apart."""
    time_s = np.arange(8000) / 8000
    sines = np.stack([np.sin(2 * np.pi * 1000 * time_s), 0.1 * np.sin(2 * np.pi * 2000 * time_s)])
    taper = hann(256, sym=False)
    power = frame_power(sines, starts=range(0, 7000, 64), taper=taper * 2 / taper.sum())

    assert power.shape == (2, 110, 129)
    # 1e-9 dB: the bins are in the middle of the sines, so only rounding is left.
    assert decibels(power[0, :, 32]) == pytest.approx(np.zeros(110), abs=1e-9)
    assert decibels(power[1, :, 64]) == pytest.approx(np.full(110, -20.0), abs=1e-9)


def test_one_range_of_decibels_spans_all_colours():
    """Seconds and kilohertz on the axes, low frequencies below."""
    figures = pytest.importorskip("matplotlib.figure", reason="matplotlib is not installed")
    axes = figures.Figure().subplots()
    picture = draw(axes, np.zeros((4, 6)), top_db=-3.0, duration_s=1.5, sampling_rate=44_100)

    assert picture.get_clim() == (-3.0 - RANGE_DB, -3.0)
    assert picture.get_extent() == [0, 1.5, 0, 22.05]
    assert picture.origin == "lower"
