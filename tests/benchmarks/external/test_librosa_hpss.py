"""What is neither harmonic nor percussive is left away."""

import sys

import numpy as np
import pytest

from benchmarks.external.librosa_hpss import LibrosaHpss
from benchmarks.metrics.reference import Truth
from benchmarks.metrics.si_sdr import si_sdr
from mn_dataset.errors import MissingExtra

RATE = 44_100


def test_white_noise_is_reduced(melody, hiss):
    """By 2 dB at least: notes are lines, noise is neither line nor click."""
    pytest.importorskip("librosa", reason="the extra 'baselines' is not installed")

    estimate = LibrosaHpss()(melody + hiss, RATE)

    truth = Truth(melody[0, 0], RATE)
    assert si_sdr(estimate[0, 0], truth).value > si_sdr((melody + hiss)[0, 0], truth).value + 2


def test_a_missing_library_is_told_with_the_command(monkeypatch):
    """The message is the command that installs it."""
    monkeypatch.setitem(sys.modules, "librosa.decompose", None)

    with pytest.raises(MissingExtra, match=r"pip install 'mn-dataset\[baselines\]'"):
        LibrosaHpss()(np.zeros((1, 1, 10), np.float32), RATE)
