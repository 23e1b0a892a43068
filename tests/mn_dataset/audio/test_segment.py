"""A loop has no seam that is heard, and a cut leaves no recording."""

from __future__ import annotations

import numpy as np
import pytest

from mn_dataset.audio import segment
from mn_dataset.audio.io import Pcm
from mn_dataset.seeds import generator


def noise(num_samples: int, peak: int = 20_000, name: str = "") -> Pcm:
    numbers = generator(0, "test audio", name).uniforms(num_samples)
    return np.rint((2 * numbers - 1) * peak).astype(np.int16)


def test_a_loop_keeps_the_power_across_its_seam():
    """√-weights whose squares sum to one: the seam is as loud as the rest, within 0.3 dB."""
    samples = noise(3 * segment.FADE)
    looped = segment.loop(samples, segment.FADE)
    seam = looped[: segment.FADE].astype(float)
    rest = looped[segment.FADE :].astype(float)

    assert len(looped) == 2 * segment.FADE
    assert abs(10 * np.log10(np.mean(seam**2) / np.mean(rest**2))) < 0.3  # √(2/11025) is 0.06 dB
    assert abs(int(looped[0]) - int(samples[2 * segment.FADE])) <= 1  # it goes on where it ended


def test_a_recording_too_short_for_its_fade_is_refused():
    """Two faded ends may not meet."""
    with pytest.raises(ValueError, match="cannot be looped"):
        segment.loop(noise(100), 51)


def test_a_cut_wraps_only_when_it_may():
    """A periodic cut goes round, another one is refused."""
    samples = np.arange(5, dtype=np.int16)

    assert segment.cut(samples, 4, 4, periodic=True).tolist() == [4, 0, 1, 2]
    with pytest.raises(ValueError, match="leaves"):
        segment.cut(samples, 4, 4)
