"""sox is told the noise, and answers in time."""

import shutil

import numpy as np
import pytest

from benchmarks.harness.alignment import Alignment
from benchmarks.harness.apply import load_denoiser
from benchmarks.metrics.reference import Truth
from benchmarks.metrics.si_sdr import si_sdr

RATE = 44_100
pytestmark = pytest.mark.skipif(shutil.which("sox") is None, reason="sox is not installed")


def test_noise_that_it_was_told_is_reduced(melody, hiss):
    """By 4 dB at least, in time; it is ranked among the informed."""
    denoiser = load_denoiser("sox_noisered")
    side = {"noise_profile": np.roll(hiss, 1000)[..., :RATE]}

    estimate = denoiser(melody + hiss, RATE, side=side)

    truth = Truth(melody[0, 0], RATE)
    before = si_sdr((melody + hiss)[0, 0], truth).value
    assert si_sdr(estimate[0, 0], truth).value > before + 4
    assert Alignment(melody[0]).of(estimate[0]).lag == pytest.approx(0.0, abs=0.05)
    assert denoiser.spec.rank_group == "informed"
    assert "sox-" in denoiser.revision


def test_nothing_to_take_away_leaves_the_mixture(melody):
    """A silent profile says that there is no noise."""
    estimate = load_denoiser("sox_noisered")(
        melody, RATE, side={"noise_profile": np.zeros_like(melody)}
    )

    np.testing.assert_array_equal(estimate, melody)
