from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.metrics.reference import Truth
from benchmarks.metrics.si_sdr import si_sdr
from benchmarks.metrics.snr import snr
from mn_dataset.seeds import generator

CLEAN = generator(0, "test", "si_sdr clean").normals(1000)
NOISY = CLEAN + 0.5 * generator(0, "test", "si_sdr noise").normals(1000)


def test_si_sdr_follows_from_the_cosine_of_the_angle(music, noisy):
    """With c = cos² of the angle between the signals it is 10·log10(c / (1 − c))."""
    c = (music @ noisy) ** 2 / ((music @ music) * (noisy @ noisy))

    value = si_sdr(noisy, Truth(music, 44_100)).value

    # 1 − c ≈ 1e-2 has lost two of sixteen digits
    assert value == pytest.approx(10 * np.log10(c / (1 - c)), abs=1e-9)


@given(st.floats(1e-4, 1e4), st.sampled_from([-1.0, 1.0]))
def test_si_sdr_does_not_see_gain_or_polarity(gain, sign):
    """Any gain of the estimate leaves the score alone."""
    expected = si_sdr(NOISY, Truth(CLEAN, 44_100)).value

    # rounding of one product per sample
    assert si_sdr(sign * gain * NOISY, Truth(CLEAN, 44_100)).value == pytest.approx(
        expected, abs=1e-9
    )


def test_si_sdr_sees_a_constant_offset(music):
    """An offset is an error, as in the signal; removing means would report a perfect estimate."""
    truth = Truth(music, 44_100)
    offset = 0.1 * np.ones_like(music)
    cosine = (music @ offset) / np.sqrt((music @ music) * (offset @ offset))

    value = si_sdr(music + offset, truth).value

    # nearly a right angle between music and constant, so the level difference is the score
    assert abs(cosine) < 0.01
    assert value == pytest.approx(snr(music + offset, truth).value, abs=0.1)


def test_an_unrelated_estimate_is_saturated_at_minus_100_db():
    """A right angle is −∞ dB, reported as −100 dB."""
    truth = Truth(np.array([1.0, 0.0]), 44_100)

    assert si_sdr(np.array([0.0, 1.0]), truth) == (-100.0, "saturated")


def test_si_sdr_and_snr_are_those_of_torchmetrics(music, noisy):
    """The widespread implementation gives the same numbers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its imports warn of their own dependencies
        audio = pytest.importorskip(
            "torchmetrics.functional.audio", reason="torchmetrics is not installed"
        )
        torch = pytest.importorskip("torch", reason="torch is not installed")
    clean, mixture = torch.from_numpy(music), torch.from_numpy(noisy)
    truth = Truth(music, 44_100)

    # it adds an epsilon of 2e-16 to energies of 1e3: 1e-12 dB and rounding
    assert si_sdr(noisy, truth).value == pytest.approx(
        float(audio.scale_invariant_signal_distortion_ratio(mixture, clean)), abs=1e-9
    )
    assert snr(noisy, truth).value == pytest.approx(
        float(audio.signal_noise_ratio(mixture, clean)), abs=1e-9
    )
