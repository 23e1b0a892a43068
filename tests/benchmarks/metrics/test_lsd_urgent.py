from __future__ import annotations

import numpy as np
import pytest

from benchmarks.metrics.lsd_urgent import lsd_urgent
from benchmarks.metrics.reference import Truth

RATE = 44_100


def in_one_loop(clean, heard):
    """Return the distance frame by frame, with frames of 1411 samples every 705."""
    heard = heard * np.sum(clean * heard) / (np.sum(heard**2) + 1e-8)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1411) / 1411)
    frames = []
    for middle in range(0, len(clean), 705):
        indices = middle - 705 + np.arange(1411)
        inside = (indices >= 0) & (indices < len(clean))
        spectra = []
        for signal in (clean, heard):
            piece = np.where(inside, signal[np.clip(indices, 0, len(clean) - 1)], 0.0)
            spectra.append(np.abs(np.fft.rfft(window * piece)))
        ratio = spectra[0] ** 2 / (spectra[1] + 1e-8) ** 2
        frames.append(np.sqrt(np.mean(np.log(ratio + 1e-8) ** 2)))
    return np.mean(frames)


@pytest.mark.parametrize("count", [1, 1410, 1411, 20_000, 88_200])
def test_it_is_what_the_formula_gives(count, music, noisy):
    """For signals shorter than a window, too."""
    clean, heard = music[:count], 0.3 * noisy[:count]
    if count == 1:
        clean, heard = np.array([0.5]), np.array([0.25])

    expected = in_one_loop(clean, heard)

    assert lsd_urgent(heard, Truth(clean, RATE)).value == pytest.approx(expected, abs=1e-9)


def test_it_is_that_of_librosa_s_transform(music, noisy):
    """Which the challenge's script calls."""
    librosa = pytest.importorskip("librosa", reason="librosa is not installed")
    gain = (music @ noisy) / (noisy @ noisy + 1e-8)
    clean, heard = (
        np.abs(librosa.stft(signal, n_fft=1411, hop_length=705)) for signal in (music, gain * noisy)
    )

    expected = np.log(clean**2 / (heard + 1e-8) ** 2 + 1e-8)

    assert lsd_urgent(noisy, Truth(music, RATE)).value == pytest.approx(
        np.sqrt(np.square(expected).mean(axis=0)).mean(), abs=1e-9
    )


def test_a_gain_and_the_polarity_are_forgiven(music, noisy):
    """The estimate is scaled to the clean signal first."""
    truth = Truth(music, RATE)

    assert lsd_urgent(-3.0 * noisy, truth).value == pytest.approx(
        lsd_urgent(noisy, truth).value, abs=1e-6
    )


def test_digital_silence_costs_where_the_clean_signal_is_not_silent(music):
    """A gate that cuts what lies 60 dB down is far away here and close in lsd."""
    gated = np.where(np.abs(music) > 0.01, music, 0.0)

    assert lsd_urgent(gated, Truth(music, RATE)).value > 1.0
