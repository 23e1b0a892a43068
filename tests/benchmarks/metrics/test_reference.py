from __future__ import annotations

import numpy as np

from benchmarks.metrics.reference import Truth


def test_what_is_recalled_is_computed_once_per_truth():
    """A second asking returns the same object; another truth has its own."""
    asked = []

    def doubled(truth: Truth) -> np.ndarray:
        asked.append(truth)
        return 2 * truth.signal

    first, second = Truth(np.ones(4), 44_100), Truth(np.zeros(4), 44_100)
    answers = [first.recall(doubled), first.recall(doubled), second.recall(doubled)]

    assert asked == [first, second]
    assert answers[0] is answers[1]
    assert answers[2].sum() == 0


def test_the_signal_is_double_precision_and_the_energy_its_sum_of_squares():
    """Float32 audio is scored in double precision."""
    truth = Truth(np.full(3, 2.0, np.float32), 44_100)

    assert truth.signal.dtype == np.float64
    assert truth.energy == 12.0
