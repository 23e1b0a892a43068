"""An excerpt is spread over a session; bleed is told where sources have several microphones."""

import numpy as np
import pytest

from mn_dataset.audio.excerpt import Excerpt, loudest_microphones, mean_power, source_bleed


@pytest.mark.parametrize(
    ("microphones", "seconds", "kept"),
    [(3, 100, 100), (3, 1000, 240), (8, 1000, 100), (64, 99, 30)],
)
@pytest.mark.parametrize("block", [7, 333, 65_536])
def test_an_excerpt_is_pieces_of_a_second_from_first_to_last(microphones, seconds, kept, block):
    """All of a short session, whatever the blocks."""
    rate = 10
    signal = np.arange(seconds * rate, dtype=np.float32)
    excerpt = Excerpt(microphones, len(signal), rate)

    for first in range(0, len(signal), block):
        excerpt.add(np.tile(signal[first : first + block], (microphones, 1)))

    found = excerpt.samples
    assert found.shape == (microphones, kept * rate)
    assert (found[0, 0], found[-1, -1]) == (0, seconds * rate - 1)
    pieces = found[0].reshape(kept, rate)
    np.testing.assert_array_equal(np.diff(pieces, axis=1), 1)
    if kept < seconds:
        steps = np.diff(pieces[:, 0])
        assert steps.max() - steps.min() <= 1


def test_a_source_of_several_microphones_is_told_by_the_loudest():
    """Two of three sources have two; the fainter ones have rows of their own."""
    rate = 8_000
    draws = np.random.default_rng(0).normal(size=(3, 20, rate // 2))
    turns = np.arange(20) % 3 == np.arange(3)[:, np.newaxis]
    sources = (draws * turns[..., np.newaxis]).reshape(3, -1)
    gains = np.array(
        [[0.5, 0.05, 0.1], [1, 0.2, 0.1], [0.3, 1, 0.1], [0.1, 0.1, 1], [0.4, 0.1, 0.5]]
    )
    heard = (gains @ sources).astype(np.float32)
    voices = [0, 0, 1, 2, 2]

    bleed_db = source_bleed(heard, rate, voices)

    assert loudest_microphones(mean_power(heard), voices) == [1, 2, 3]
    expected = 20 * np.log10(gains)
    expected[np.arange(5), voices] = 0
    np.testing.assert_allclose(bleed_db, expected, atol=1)
