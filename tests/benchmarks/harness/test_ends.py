"""What a change of rate does to the ends of a recording stays outside it."""

import numpy as np
import pytest

from benchmarks.harness.ends import margin, mirrored, mirrored_blocks
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
