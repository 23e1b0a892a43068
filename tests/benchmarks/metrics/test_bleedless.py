from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from benchmarks.metrics.bleedless import bleedless, fullness
from benchmarks.metrics.reference import Truth

RATE = 44_100


@pytest.fixture
def bleed_full():
    """The definition written out with librosa's transform, filters and decibels."""
    librosa = pytest.importorskip("librosa", reason="librosa is not installed")

    def levels(signal):
        spectrum = librosa.stft(signal, n_fft=4096, hop_length=1024, pad_mode="constant")
        mel = librosa.filters.mel(sr=RATE, n_fft=4096, n_mels=512) @ np.abs(spectrum)
        return librosa.amplitude_to_db(mel, ref=1.0, amin=1e-10, top_db=80)

    def scores(target, estimate):
        difference = levels(estimate) - levels(target)
        more, less = difference[difference > 0], -difference[difference < 0]
        return [100 / (1 + part.mean()) if part.size else 100.0 for part in (more, less)]

    return scores


def test_both_are_those_of_the_definition(music, noisy, white, bleed_full):
    """Noise that is left, a band that is lost, silence in the target, another peak."""
    gated = music * (np.arange(len(music)) > 30_000)
    dull = sosfilt(butter(6, 3_000, fs=RATE, output="sos"), music)
    for target, estimate in [
        (music, noisy),
        (music, dull),
        (music, 1.7 * dull + 0.05 * white),
        (gated, 0.6 * music),
        (white, music),
    ]:
        truth = Truth(target, RATE)

        ours = [bleedless(estimate, truth).value, fullness(estimate, truth).value]

        # librosa's filters are rounded to single precision: 1e-7 of a level, of 100 points.
        assert ours == pytest.approx(bleed_full(target, estimate), abs=1e-4)


@pytest.mark.parametrize("gain_db", [-6.0, -0.5, 0.5, 6.0])
def test_a_pure_gain_is_all_leakage_or_all_loss(gain_db, music):
    """Every cell is off by the gain, floors too: 100 / (1 + |gain|), and 100 for the other one."""
    truth = Truth(music, RATE)
    estimate = 10 ** (gain_db / 20) * music

    scores = [bleedless(estimate, truth).value, fullness(estimate, truth).value]

    expected = [100.0, 100 / (1 + abs(gain_db))]
    assert scores == pytest.approx(expected if gain_db < 0 else expected[::-1], abs=1e-9)


def test_what_leaks_and_what_is_lost_are_told_apart(music, white):
    """More of another source costs bleedless, more of a filter costs fullness."""
    truth = Truth(music, RATE)
    leaking = [bleedless(music + gain * white, truth).value for gain in (0.001, 0.01, 0.1)]
    lossy = [
        fullness(sosfilt(butter(1, hz, fs=RATE, output="sos"), music), truth).value
        for hz in (16_000, 8_000, 2_000)
    ]

    assert leaking == sorted(leaking, reverse=True)
    assert lossy == sorted(lossy, reverse=True)
    lost = sosfilt(butter(1, 2_000, fs=RATE, output="sos"), music)
    assert fullness(lost, truth).value < fullness(music + 0.1 * white, truth).value
    assert bleedless(music + 0.1 * white, truth).value < bleedless(lost, truth).value


@pytest.mark.parametrize("metric", [bleedless, fullness])
def test_silence_has_a_reason(metric, music):
    """Neither a silent target nor a silent estimate is 100, or 0."""
    silence = np.zeros_like(music)

    assert metric(music, Truth(silence, RATE)).reason == "silent_reference"
    assert metric(silence, Truth(music, RATE)).reason == "silent_estimate"
