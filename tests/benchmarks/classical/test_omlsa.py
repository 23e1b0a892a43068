"""Where music is sure, the log-spectral gain is taken; where it is not, the floor."""

import numpy as np
import pytest

from benchmarks.classical.mmse_lsa import MmseLsa, lsa_gain
from benchmarks.classical.omlsa import Omlsa

NOISE = np.ones((1, 64), np.float32)


def powers(level, *, frames=60):
    return np.full((frames, 64), level, np.float32)


def test_loud_music_gets_the_log_spectral_gain():
    """30 dB above the noise there is no doubt: p = 1 to three digits."""
    gain = Omlsa().gain(powers(1000.0), NOISE)[-1]

    # A steady level of 1000 has the a priori SNR ξ = 0.92 G² γ + 0.08 (γ − 1), about 998.
    expected = lsa_gain(np.full(64, 998.0, np.float32), np.full(64, 1000.0, np.float32))
    np.testing.assert_allclose(gain, expected, rtol=2e-3)


def test_noise_alone_gets_the_floor():
    """At the level of the noise the probability is that of the largest absence: almost G_min."""
    quiet = Omlsa(gain_floor_db=-25.0).gain(powers(0.3), NOISE)[-1]

    assert 20 * np.log10(quiet).max() < -22.0


def test_the_floor_is_never_passed():
    """However improbable music is, noise keeps its colour."""
    rng = np.random.default_rng(0)
    power = rng.exponential(size=(200, 64)).astype(np.float32)

    gain = Omlsa(gain_floor_db=-20.0).gain(power, NOISE)

    # The log-spectral gain itself may lie below it where the presence is near one.
    assert np.median(20 * np.log10(gain[50:])) == pytest.approx(-20.0, abs=3.0)


def test_it_attenuates_noise_between_notes_more_than_the_log_spectral_gain_alone():
    """What it was made for."""
    rng = np.random.default_rng(1)
    power = rng.exponential(size=(300, 64)).astype(np.float32)
    power[100:150, 20:24] *= 1000

    ours, plain = Omlsa().gain(power, NOISE), MmseLsa().gain(power, NOISE)

    rest = np.r_[60:95, 200:290]
    assert (ours[rest] ** 2 * power[rest]).mean() < (plain[rest] ** 2 * power[rest]).mean()
    np.testing.assert_allclose(ours[110:150, 20:24].mean(), 1.0, atol=0.05)
