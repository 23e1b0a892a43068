from __future__ import annotations

import numpy as np
import pytest

from mn_dataset.audio.clipping import clipped_samples
from mn_dataset.seeds import generator


def wave(hertz: float, amplitude: float) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hertz * np.arange(44_100) / 44_100)


@pytest.mark.parametrize("hertz", [20.0, 50.0, 100.0, 440.0, 5_000.0])
def test_the_crest_of_a_loud_tone_is_not_clipping(hertz):
    """A hum's crest is flat for many samples once it is rounded."""
    assert clipped_samples(np.rint(wave(hertz, 32_000)).astype(np.int16)) == 0


@pytest.mark.parametrize("hertz", [50.0, 440.0])
@pytest.mark.parametrize("gain", [1.0, 0.3])
def test_a_tone_cut_off_is_clipping_at_any_level(hertz, gain):
    """Every sample beyond the limit is counted, also after the level was lowered."""
    tone = np.rint(wave(hertz, 40_000))
    cut = np.rint(np.clip(tone, -32_768, 32_767) * gain).astype(np.int16)
    # One sample of a crest may be missed where its run is shorter than three.
    expected = int(((tone >= 32_767) | (tone <= -32_768)).sum())

    assert 0.95 * expected <= clipped_samples(cut) <= expected


def test_one_side_is_enough():
    """A recorder may clip one polarity alone."""
    cut = np.minimum(np.rint(wave(440.0, 20_000)), 12_000).astype(np.int16)

    assert clipped_samples(cut) == int((cut == 12_000).sum())


def test_noise_silence_and_nothing_are_not_clipping():
    """Plateaus of quiet rounding, zeros and empty recordings are none."""
    noise = np.rint(4_000 * generator(0, "clipping").normals(44_100)).astype(np.int16)

    assert clipped_samples(noise) == 0
    assert clipped_samples((noise // 4_000).astype(np.int16)) == 0
    assert clipped_samples(np.zeros(100, np.int16)) == 0
    assert clipped_samples(np.zeros(0, np.int16)) == 0
