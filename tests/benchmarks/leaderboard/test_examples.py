from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from benchmarks.leaderboard.dataset import read_dataset
from benchmarks.leaderboard.examples import choose, to_pcm


def test_examples_are_spread_over_the_classes(dataset: Path) -> None:
    """Half as many examples as mixtures take as many of each class as there are classes."""
    mixtures = read_dataset(dataset).mixtures

    picked = choose(mixtures, 4, seed=0)

    assert Counter(item.noise_class for item in picked) == {"crowd": 2, "traffic": 2}
    assert len({item.music_category for item in picked}) == 2
    assert picked == choose(mixtures, 4, seed=0)
    assert len(choose(mixtures, 40, seed=0)) == len(mixtures)


@pytest.mark.parametrize("peak", [0.0, 0.25, 32767 / 32768])
def test_what_does_not_clip_is_rounded_and_not_attenuated(peak: float) -> None:
    """Audio within 16 bits comes back to the bit."""
    audio = np.array([[peak, -peak / 2]], np.float32)

    samples, attenuated_db = to_pcm(audio)

    assert attenuated_db == 0.0
    assert samples[0] == round(peak * 32768)


@pytest.mark.parametrize("peak", [1.0, 1.5, -40.0])
def test_what_would_clip_is_attenuated_to_the_highest_sample(peak: float) -> None:
    """The peak lands on 32767, and the attenuation is told in dB."""
    samples, attenuated_db = to_pcm(np.array([[peak, 0.0]], np.float32))

    assert abs(int(samples[0])) == 32767
    # Told to two decimals.
    assert attenuated_db == pytest.approx(20 * np.log10(abs(peak) * 32768 / 32767), abs=0.006)
