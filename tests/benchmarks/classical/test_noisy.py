"""The mixture is the estimate."""

import numpy as np

from benchmarks.classical.noisy import Noisy


def test_noisy_hands_the_mixture_back():
    """Bit for bit, and as a reference row."""
    mixture = np.float32([[[0.5, -1.5, 0.0]]])

    np.testing.assert_array_equal(Noisy()(mixture, 44_100), mixture)
    assert Noisy.spec.rank_group == "reference"
