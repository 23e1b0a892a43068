from __future__ import annotations

import numpy as np
import pytest

from benchmarks.metrics.truth import Truth
from benchmarks.metrics.waveform import snr


def test_snr_is_the_level_of_the_added_noise(music, white):
    """A mixture made at 7 dB scores 7 dB."""
    gain = np.sqrt((music @ music) / (white @ white)) * 10 ** (-7 / 20)

    # double precision sums of 88 200 squares agree to 1e-12; the decibels to 1e-11
    assert snr(music + gain * white, Truth(music, 44_100)).value == pytest.approx(7.0, abs=1e-10)


def test_snr_forgives_neither_gain_nor_polarity(music):
    """Half the level is 6.02 dB, the opposite sign −6.02 dB, by hand."""
    truth = Truth(music, 44_100)
    half = 20 * np.log10(2)

    assert snr(0.5 * music, truth).value == pytest.approx(half, abs=1e-10)
    assert snr(-music, truth).value == pytest.approx(-half, abs=1e-10)


def test_snr_of_both_signals_scaled_alike_is_the_same(music, noisy):
    """A level of the pair is no property of the denoiser."""
    quiet = snr(1e-4 * noisy, Truth(1e-4 * music, 44_100)).value

    assert quiet == pytest.approx(snr(noisy, Truth(music, 44_100)).value, abs=1e-10)
