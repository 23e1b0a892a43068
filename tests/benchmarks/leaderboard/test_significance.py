from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmarks.leaderboard.estimate import Estimate
from benchmarks.leaderboard.significance import RESOLUTION, holm, two_sided


def test_holm_is_that_of_the_book() -> None:
    """The example of Holm's procedure: sorted p-values times what is left, never falling."""
    p_values = np.array([0.04, 0.001, 0.03, 0.02])

    # Sorted: 0.001·4, 0.02·3, 0.03·2, max(0.06, 0.04·1).
    assert holm(p_values).tolist() == pytest.approx([0.06, 0.004, 0.06, 0.06], abs=1e-15)
    assert holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]
    assert holm(np.array([])).tolist() == []


def test_a_p_value_is_that_of_the_t_test() -> None:
    """For independent values it is scipy's."""
    values = np.random.default_rng(0).normal(0.4, 1.0, 12)
    error = values.std(ddof=1) / np.sqrt(12)
    found = Estimate(values.mean(keepdims=True), np.array([error]), np.array([11.0]))

    assert two_sided(found).item() == pytest.approx(stats.ttest_1samp(values, 0.0).pvalue, rel=1e-9)


def test_no_spread_makes_a_difference_certain_and_rounding_none() -> None:
    """The same difference on every mixture is sure, unless it is one of rounding; NaN stays NaN."""
    means = np.array([0.0, RESOLUTION / 2, 0.1, 0.1])
    found = Estimate(means, np.array([0.0, 0.0, 0.0, np.nan]), np.array([1.0, 1.0, 1.0, np.nan]))

    assert two_sided(found)[:3].tolist() == [1.0, 1.0, 0.0]
    assert np.isnan(two_sided(found)[3])
