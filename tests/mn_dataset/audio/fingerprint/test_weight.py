from __future__ import annotations

import numpy as np
import pytest

from mn_dataset.audio.fingerprint.weight import correlation
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import generator


def noise(name: str, seconds: float = 8.0) -> np.ndarray:
    """Sound below 2 kHz, where a fingerprint looks."""
    rough = generator(0, "weight", name).normals(round(seconds * SAMPLING_RATE))
    return np.convolve(rough, np.hanning(32), mode="same")


def pcm(sound: np.ndarray) -> np.ndarray:
    return np.rint(3_000 * sound / sound.std()).astype(np.int16)


@pytest.mark.parametrize("shift_s", [0.0, 2.5, -3.0])
def test_one_take_correlates_at_its_shift(shift_s):
    """Whichever begins earlier, and at any gain and polarity."""
    take = noise("take")
    start = round(abs(shift_s) * SAMPLING_RATE)
    first, second = (take, take[start:]) if shift_s >= 0 else (take[start:], take)

    # A shift that is no multiple of the thinning costs up to half a slow sample: 10 % here.
    assert correlation(pcm(first), pcm(-0.2 * second), shift_s=shift_s) > 0.85


def test_a_background_counts_by_its_share_of_the_power():
    """Two sounds over one background 20 dB below: a hundredth of the power is common."""
    rain = noise("rain")
    first, second = (noise(name) + 0.1 * rain for name in ("one", "two"))

    # Chance correlation of 8 s below 2 kHz is about 0.005; the largest of 660 lags three times it.
    assert correlation(pcm(first), pcm(second), shift_s=0.0) == pytest.approx(0.01, abs=0.02)
    assert correlation(pcm(rain), pcm(rain), shift_s=0.0) == pytest.approx(1.0)


def test_silence_and_no_common_time_correlate_with_nothing():
    """Nothing is in common."""
    sound = pcm(noise("sound"))

    assert correlation(sound, np.zeros_like(sound), shift_s=0.0) == 0.0
    assert correlation(sound, sound, shift_s=60.0) == 0.0
