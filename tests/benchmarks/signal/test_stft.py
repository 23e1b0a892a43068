"""The short-time transform loses nothing and is what the definition says; gains weigh it."""

import numpy as np
import pytest

from benchmarks.signal.stft import Stft, masked, power_of, ratio_mask, stft_at
from mn_dataset.seeds import generator

# Samples are around 1 and float32 carries 6e-8 of that; a sum of eight roundings fits below.
ROUNDING = 2e-6


def noise(*shape):
    draws = generator(0, "test", "stft").normals(int(np.prod(shape)))
    return draws.astype(np.float32).reshape(shape)


@pytest.mark.parametrize("num_samples", [1, 2, 511, 512, 513, 2047, 2049, 10_001])
def test_inverse_returns_every_sample_of_any_length(num_samples):
    """Analysis followed by synthesis is the identity, at the first and the last sample too."""
    signal = noise(2, 3, num_samples)
    stft = Stft()

    again = stft.inverse(stft.forward(signal), num_samples=num_samples)

    assert again.dtype == np.float32
    np.testing.assert_allclose(again, signal, atol=ROUNDING)


@pytest.mark.parametrize("overlap", [2, 4, 8])
def test_any_overlap_adds_up(overlap):
    """The constant by which overlapping windows add up is known for every overlap."""
    signal = noise(1, 3000)
    stft = Stft(hop=100, overlap=overlap)

    np.testing.assert_allclose(
        stft.inverse(stft.forward(signal), num_samples=3000), signal, atol=ROUNDING
    )


def test_a_frame_is_the_transform_of_the_windowed_samples():
    """A frame in the middle is numpy's transform, in double precision, of what lies there."""
    signal = noise(8192)
    window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(2048) / 2048))

    frame = Stft().forward(signal)[7]

    expected = np.fft.rfft(window * signal[4 * 512 : 4 * 512 + 2048])
    # Relative to the largest bin: the error of a float32 transform of 2048 samples.
    np.testing.assert_allclose(frame, expected, atol=1e-6 * np.abs(expected).max())


def test_frames_at_the_ends_are_as_loud_as_the_others():
    """The mirrored ends keep a steady noise steady."""
    power = np.square(np.abs(Stft().forward(noise(44_100)))).sum(axis=-1)

    # 1025 bins average to within 5 %; mirroring correlates them, hence a factor of two.
    assert power.min() > power.mean() / 2


def test_leading_axes_are_independent():
    """Every item of a batch is transformed as if it were alone."""
    batch = noise(2, 2, 4000)

    together = Stft().forward(batch)

    np.testing.assert_allclose(together[1, 0], Stft().forward(batch[1, 0]), atol=1e-4)


@pytest.mark.parametrize("sampling_rate", [8_000, 16_000, 22_050, 44_100, 48_000, 96_000])
def test_the_window_stays_near_46_ms(sampling_rate):
    """Its length follows the sampling rate, to within what fast lengths allow."""
    stft = stft_at(sampling_rate)

    assert stft.window_length / sampling_rate == pytest.approx(2048 / 44_100, rel=0.05)
    assert stft.hop * stft.overlap == stft.window_length


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
