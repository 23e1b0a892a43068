from __future__ import annotations

import numpy as np
from scipy import stats

from benchmarks.leaderboard.estimate import freedom_of, quantile


def test_quantiles_are_those_of_the_t_distribution() -> None:
    """The table is right to a ten-thousandth, between its points too."""
    freedom = np.geomspace(1.0, 1e5, 3001)

    exact = stats.t.ppf(0.975, freedom)

    assert np.abs(quantile(freedom) / exact - 1).max() < 1e-4


def test_a_quantile_gives_its_freedom_back() -> None:
    """One difference alone is a freedom of one, with the widest quantile there is."""
    freedom = np.array([1.0, 2.5, 16.0])

    # Between its points the table is straight, there and back.
    assert np.abs(freedom_of(quantile(freedom)) - freedom).max() < 1e-9
