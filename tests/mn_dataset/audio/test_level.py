"""Energies are exact, loudness is BS.1770's, and clipping is seen at any level."""

from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mn_dataset.audio import level
from mn_dataset.audio.io import Pcm
from mn_dataset.records import SAMPLING_RATE as RATE
from mn_dataset.seeds import generator


def noise(num_samples: int, peak: int = 20_000, name: str = "") -> Pcm:
    numbers = generator(0, "test audio", name).uniforms(num_samples)
    return np.rint((2 * numbers - 1) * peak).astype(np.int16)


def test_energies_are_exact_integers():
    """Full-scale samples sum as Python's integers do."""
    samples = np.full(100_000, -32_768, np.int16)
    found = level.measure(samples)

    assert found.energy == 100_000 * 32_768**2
    assert found.total == -100_000 * 32_768
    assert found.variance_energy == 0
    assert found.peak == 32_768


@given(st.lists(st.integers(-32_768, 32_767), min_size=1, max_size=3000))
@settings(max_examples=50, deadline=None)
def test_a_level_is_what_python_counts(values):
    """Energy, sum, variance and peak by plain integer arithmetic."""
    found = level.measure(np.array(values, np.int16))
    energy, total = sum(v * v for v in values), sum(values)

    assert (found.energy, found.total) == (energy, total)
    assert found.peak == max(abs(v) for v in values)
    assert found.variance_energy == pytest.approx(energy - total**2 / len(values), abs=1e-3)


def test_active_power_leaves_silence_out():
    """Half a second of noise and nine of silence have the noise's active power."""
    loud = noise(22 * level.BLOCK)
    padded = np.concatenate([loud, np.zeros(400 * level.BLOCK, np.int16)])

    assert level.measure(padded).active_power == level.measure(loud).active_power


@pytest.mark.parametrize("num_samples", [17_640, 17_641, 30_000, 100_000, 441_000])
def test_loudness_is_pyloudnorm_s(num_samples):
    """BS.1770 against an independent implementation, to 1e-6 LU."""
    envelope = np.interp(np.arange(num_samples), [0, num_samples], [0.01, 1.0])
    samples = np.rint(noise(num_samples) * envelope).astype(np.int16)
    expected = pyloudnorm.Meter(RATE).integrated_loudness(samples / 32_768)

    assert level.lufs(samples, sampling_rate=RATE) == pytest.approx(expected, abs=1e-6)


def test_loudness_is_undefined_below_a_block_and_below_the_gate():
    """NaN, not minus infinity and not a crash."""
    assert np.isnan(level.lufs(noise(17_000), sampling_rate=RATE))
    assert np.isnan(level.lufs(np.zeros(RATE, np.int16), sampling_rate=RATE))


def wave(hertz: float, amplitude: float) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hertz * np.arange(44_100) / 44_100)


@pytest.mark.parametrize("hertz", [20.0, 50.0, 100.0, 440.0, 5_000.0])
def test_the_crest_of_a_loud_tone_is_not_clipping(hertz):
    """A hum's crest is flat for many samples once it is rounded."""
    assert level.clipped_samples(np.rint(wave(hertz, 32_000)).astype(np.int16)) == 0


@pytest.mark.parametrize("hertz", [50.0, 440.0])
@pytest.mark.parametrize("gain", [1.0, 0.3])
def test_a_tone_cut_off_is_clipping_at_any_level(hertz, gain):
    """Every sample beyond the limit is counted, also after the level was lowered."""
    tone = np.rint(wave(hertz, 40_000))
    cut = np.rint(np.clip(tone, -32_768, 32_767) * gain).astype(np.int16)
    # One sample of a crest may be missed where its run is shorter than three.
    expected = int(((tone >= 32_767) | (tone <= -32_768)).sum())

    assert 0.95 * expected <= level.clipped_samples(cut) <= expected


def test_one_side_is_enough():
    """A recorder may clip one polarity alone."""
    cut = np.minimum(np.rint(wave(440.0, 20_000)), 12_000).astype(np.int16)

    assert level.clipped_samples(cut) == int((cut == 12_000).sum())


def test_noise_silence_and_nothing_are_not_clipping():
    """Plateaus of quiet rounding, zeros and empty recordings are none."""
    hiss = np.rint(4_000 * generator(0, "clipping").normals(44_100)).astype(np.int16)

    assert level.clipped_samples(hiss) == 0
    assert level.clipped_samples((hiss // 4_000).astype(np.int16)) == 0
    assert level.clipped_samples(np.zeros(100, np.int16)) == 0
    assert level.clipped_samples(np.zeros(0, np.int16)) == 0
