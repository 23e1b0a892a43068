"""Changing the rate keeps time, length and everything below the lower Nyquist frequency."""

import numpy as np
import pytest

from benchmarks.harness.resample import (
    Counted,
    fitted,
    margin,
    mirrored,
    mirrored_blocks,
    resampled,
    resampled_blocks,
)
from mn_dataset.seeds import generator


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 32_000, 48_000, 88_200, 96_000, 44_101])
def test_a_margin_is_whole_at_both_rates_and_long_enough(rate):
    """10 ms at least."""
    count = margin(rate, 44_100)

    assert count * 44_100 % rate == 0
    assert count >= 0.01 * rate


@pytest.mark.parametrize("length", [1, 2, 5, 6, 7, 50])
@pytest.mark.parametrize("step", [1, 3, 64])
def test_blocks_are_mirrored_as_the_whole_is(length, step):
    """Shorter than the margin, as long, and longer; in any blocks."""
    signal = generator(0, "test", "mirror").normals(2 * length).reshape(2, length)
    blocks = [signal[:, at : at + step] for at in range(0, length, step)]

    found = np.concatenate(list(mirrored_blocks(blocks, 6)), axis=-1)

    np.testing.assert_array_equal(found, mirrored(signal, 6))


def test_nothing_stays_nothing():
    """A recording of no samples has no ends."""
    assert list(mirrored_blocks([], 6)) == []


def tone(num_samples, sampling_rate):
    time_s = np.arange(num_samples) / sampling_rate
    fade = np.sin(np.pi * np.arange(num_samples) / num_samples) ** 2
    return (np.sin(2 * np.pi * 1000 * time_s + 1) * fade).astype(np.float32)[np.newaxis]


@pytest.mark.parametrize(
    ("source", "target"), [(44_100, 16_000), (44_100, 48_000), (8_000, 44_100)]
)
def test_a_tone_stays_where_it_is_in_time(source, target):
    """The resampled tone is the tone, sampled at the other rate."""
    converted = resampled(tone(source, source), source, target)

    # Very high quality of soxr: 20 bits of accuracy in the passband.
    np.testing.assert_allclose(converted, tone(target, target), atol=2e-6)


@pytest.mark.parametrize("num_samples", [1, 2, 50, 1001, 4410])
def test_the_length_covers_the_whole_signal(num_samples):
    """No last sample is lost to rounding, in either direction."""
    batch = np.ones((2, 3, num_samples), np.float32)

    there = resampled(batch, 44_100, 16_000)

    assert there.shape == (2, 3, -(-num_samples * 16_000 // 44_100))
    assert resampled(there, 16_000, 44_100).shape[-1] >= num_samples


def test_channels_do_not_mix():
    """A silent channel beside a loud one stays silent."""
    batch = np.stack([tone(4410, 44_100), np.zeros((1, 4410), np.float32)], axis=1)

    assert not resampled(batch, 44_100, 16_000)[:, 1].any()


def test_fitted_cuts_or_pads_the_end():
    """Only the end moves, and the result is a copy."""
    batch = np.float32([[1, 2, 3]])

    np.testing.assert_array_equal(fitted(batch, 2), [[1, 2]])
    np.testing.assert_array_equal(fitted(batch, 4), [[1, 2, 3, 0]])
    assert not np.shares_memory(fitted(batch, 3), batch)


@pytest.mark.parametrize(
    ("source", "target"), [(44_100, 16_000), (44_100, 192_000), (8_000, 44_100)]
)
@pytest.mark.parametrize("length", [1, 77, 5_000, 20_000])
def test_blocks_give_the_samples_of_the_whole(source, target, length):
    """To the last bit and the last sample, in as many channels, whatever the blocks."""
    draws = generator(0, "test", "resample").normals(2 * 3 * 20_001)
    batch = draws.astype(np.float32).reshape(2, 3, -1)[..., : 20_001 if length > 1 else 301]
    cuts = range(length, batch.shape[-1], length)

    parts = resampled_blocks(np.split(batch, cuts, axis=-1), source, target, shape=(2, 3))

    np.testing.assert_array_equal(
        np.concatenate(list(parts), axis=-1), resampled(batch, source, target)
    )


def test_no_blocks_give_no_samples():
    """Of three channels all the same."""
    parts = list(resampled_blocks([], 44_100, 48_000, shape=(1, 3)))

    assert np.concatenate(parts, axis=-1).shape == (1, 3, 0)


def test_samples_are_counted_as_they_pass():
    """Not before."""
    counted = Counted([np.zeros((2, 3)), np.zeros((2, 4))])
    passing = iter(counted)

    assert counted.samples == 0
    next(passing)
    assert counted.samples == 3
    assert sum(block.shape[-1] for block in passing) == 4
    assert counted.samples == 7
