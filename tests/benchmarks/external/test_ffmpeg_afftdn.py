"""ffmpeg's filter is told the level of the noise, and answers in time."""

import shutil

import pytest

from benchmarks.external import ffmpeg_afftdn
from benchmarks.harness.alignment import Alignment
from benchmarks.harness.apply import load_denoiser
from benchmarks.metrics.reference import Truth
from benchmarks.metrics.si_sdr import si_sdr

RATE = 44_100
pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


def test_the_noise_is_estimated_at_its_power(melody, hiss):
    """Under a melody that rests half of the time, within 1 dB."""
    found = ffmpeg_afftdn._noise_power((melody + hiss)[0, 0], RATE)

    assert found == pytest.approx(float((hiss**2).mean()), rel=0.25)


def test_white_noise_is_reduced_and_the_melody_is_in_time(melody, hiss):
    """By 5 dB at least; the filter's delay is taken out."""
    estimate = load_denoiser("ffmpeg_afftdn")(melody + hiss, RATE)

    truth = Truth(melody[0, 0], RATE)
    before = si_sdr((melody + hiss)[0, 0], truth).value
    assert si_sdr(estimate[0, 0], truth).value > before + 5
    assert Alignment(melody[0]).of(estimate[0]).lag == pytest.approx(0.0, abs=0.05)


def test_the_program_s_version_is_part_of_the_revision():
    """Another ffmpeg is another denoiser."""
    assert "ffmpeg-" in load_denoiser("ffmpeg_afftdn").revision
