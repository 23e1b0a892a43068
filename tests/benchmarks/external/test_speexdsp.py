"""SpeexDSP answers in time, at any level, and its absence is told with the cure."""

import sys

import numpy as np
import pytest

from benchmarks.external.speexdsp import SpeexDsp
from benchmarks.harness.alignment import Alignment
from benchmarks.harness.apply import load_denoiser
from benchmarks.metrics.reference import Truth
from benchmarks.metrics.si_sdr import si_sdr
from mn_dataset.errors import MissingExtra

RATE = 44_100


def test_white_noise_is_reduced_and_the_melody_is_in_time(melody, hiss):
    """By 1 dB at least: it learns the noise while it runs."""
    pytest.importorskip("speexdsp_ns", reason="the extra 'speexdsp' is not installed")

    estimate = load_denoiser("speexdsp")(melody + hiss, RATE)

    truth = Truth(melody[0, 0], RATE)
    assert si_sdr(estimate[0, 0], truth).value > si_sdr((melody + hiss)[0, 0], truth).value + 1
    assert Alignment(melody[0]).of(estimate[0]).lag == pytest.approx(0.0, abs=0.05)


def test_a_missing_library_is_told_with_the_command(monkeypatch):
    """The message is the command that installs it."""
    monkeypatch.setitem(sys.modules, "speexdsp_ns", None)

    with pytest.raises(MissingExtra, match=r"pip install 'mn-dataset\[speexdsp\]'"):
        SpeexDsp()(np.ones((1, 1, 10), np.float32), RATE)
