"""Blocks that pass by are counted and remembered."""

import numpy as np

from benchmarks.harness.counters import Counted, Remembered


def test_samples_are_counted_as_they_pass():
    """Not before."""
    counted = Counted([np.zeros((2, 3)), np.zeros((2, 4))])
    passing = iter(counted)

    assert counted.samples == 0
    next(passing)
    assert counted.samples == 3
    assert sum(block.shape[-1] for block in passing) == 4
    assert counted.samples == 7


def test_what_passed_can_be_asked_for_in_other_lengths():
    """Though the source overwrites its block with the next."""
    buffer = np.empty((5, 2))

    def source():
        for number in range(4):
            buffer[:] = number
            yield buffer

    remembered = Remembered(source())
    for _ in remembered:
        pass
    taken = [remembered.take(count)[:, 0] for count in (3, 4, 13)]

    assert [len(part) for part in taken] == [3, 4, 13]
    np.testing.assert_array_equal(np.concatenate(taken), np.repeat(range(4), 5))


def test_a_block_is_forgotten_once_it_was_taken():
    """Memory holds what is still to be asked for."""
    remembered = Remembered(np.ones((10, 1)) for _ in range(1000))
    for block in remembered:
        remembered.take(len(block))

        assert len(remembered._kept) == 0
