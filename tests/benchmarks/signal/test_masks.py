"""Masks weigh a spectrum; the ratio mask is the Wiener filter's share."""

import numpy as np

from benchmarks.signal.masks import masked, power_of, ratio_mask
from benchmarks.signal.stft import Stft
from mn_dataset.seeds import generator


def noise(*shape):
    draws = generator(0, "test", "masks").normals(int(np.prod(shape)))
    return draws.astype(np.float32).reshape(shape)


def test_a_mask_of_ones_changes_nothing():
    """The path through the spectrum is transparent."""
    signal = noise(2, 1, 5001)

    # float32 transforms there and back.
    np.testing.assert_allclose(masked(signal, 44_100, np.ones_like), signal, atol=2e-6)


def test_masked_leaves_its_input_alone():
    """The signal is read, not written."""
    signal = noise(1, 1, 3000)
    before = signal.copy()

    masked(signal, 44_100, np.zeros_like)

    np.testing.assert_array_equal(signal, before)


def test_power_is_the_squared_magnitude():
    """No root is taken on the way."""
    spectrum = Stft().forward(noise(3000))

    np.testing.assert_allclose(power_of(spectrum), np.abs(spectrum) ** 2, rtol=1e-5)


def test_ratio_mask_is_the_share_of_the_target():
    """3 parts of 4 give 0.75, its root with exponent 1/2, and 0 where both are silent."""
    target, other = np.float32([3, 0, 1]), np.float32([1, 0, 0])

    np.testing.assert_allclose(ratio_mask(target, other, exponent=1.0), [0.75, 0, 1])
    np.testing.assert_allclose(ratio_mask(target, other, exponent=0.5), [0.75**0.5, 0, 1])
