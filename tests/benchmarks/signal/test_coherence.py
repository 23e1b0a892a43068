"""What one microphone explains of another is what was mixed into it."""

import numpy as np
import pytest

from benchmarks.signal.coherence import Coherence
from mn_dataset.seeds import generator

RATE = 44_100


def noise(count, seconds=20):
    draws = generator(0, "test", "coherence").normals(count * seconds * RATE)
    return draws.astype(np.float32).reshape(count, -1)


def explained(signal, sampling_rate=RATE, block=50_000):
    coherence = Coherence(len(signal), sampling_rate)
    for first in range(0, signal.shape[-1], block):
        coherence.add(signal[:, first : first + block])
    return coherence.explained()


@pytest.mark.parametrize("gain", [0.1, 0.5, 1.0])
def test_bleed_of_a_gain_explains_its_part_of_the_power(gain):
    """a² / (1 + a²) of white noises of one power, both ways."""
    first, second = noise(2)

    part = explained(np.stack([first + np.float32(gain) * second, second]))

    expected = gain**2 / (1 + gain**2)
    np.testing.assert_allclose(part[[0, 1], [1, 0]], expected, atol=0.01)
    np.testing.assert_allclose(part.diagonal(), 1, rtol=1e-9)


def test_a_filter_and_a_delay_explain_all_that_they_make():
    """5 ms of a window of 93 ms, and a low-pass of two samples; its power decides, not the other's.

    The windows share all but 5 % of the signal, which loses as much coherence at most.
    """
    (source,) = noise(1)
    filtered = np.roll(source, 220) + np.roll(source, 221)

    assert explained(np.stack([source, filtered])).min() > 0.95


def test_a_loud_band_counts_by_its_power():
    """A tone that both hear, 20 dB over the noise that each has alone."""
    alone = noise(2)
    tone = 10 * np.sqrt(2) * np.sin(2 * np.pi * 1000 / RATE * np.arange(alone.shape[-1]))

    part = explained((alone + tone).astype(np.float32))

    np.testing.assert_allclose(part[0, 1], 100 / 101, atol=0.005)


def test_strangers_explain_one_over_the_number_of_frames():
    """430 of 93 ms in 20 s, half of them independent."""
    part = explained(noise(3))

    off_diagonal = part[~np.eye(3, dtype=bool)]
    assert off_diagonal.max() < 2 / 430


def test_the_size_of_blocks_makes_no_difference():
    """One sample, less than a window, or all at once."""
    signal = noise(2, seconds=1)

    expected = explained(signal, block=RATE)

    for block in (999, 4096, 5000):
        np.testing.assert_allclose(explained(signal, block=block), expected, rtol=1e-5)


def test_silence_is_not_known():
    """Nor is what is shorter than a window; nothing is infinite."""
    signal = noise(2, seconds=1)
    signal[1] = 0

    part = explained(signal)

    assert np.isnan(part).tolist() == [[False, True], [True, True]]
    assert np.isnan(explained(noise(2, seconds=1)[:, :100])).all()
