"""Test whether a mean is zero, and allow for how many such tests there are."""

from __future__ import annotations

import numpy as np
from scipy import special

from benchmarks.leaderboard.estimate import Estimate, Floats

RESOLUTION = 1e-6
"""What a mean may differ from zero by rounding alone: float32 samples, sums in another order."""


def two_sided(found: Estimate) -> Floats:
    """Return the p-value that each mean is zero, by the t distribution; NaN without an error.

    >>> found = Estimate(np.array([12.706, 1.96]), np.array([1.0, 1.0]), np.array([1.0, 1e4]))
    >>> two_sided(found).round(3).tolist()
    [0.05, 0.05]
    """
    sizes, error = np.abs(found.mean), found.error
    ratios = np.divide(sizes, error, out=np.full_like(sizes, np.inf), where=error != 0)
    p_values: Floats = 2.0 * special.stdtr(found.freedom, -ratios)
    return np.where((sizes <= RESOLUTION) & np.isfinite(error), 1.0, p_values)


def holm(p_values: Floats) -> Floats:
    """Adjust p-values for their number (Holm 1979); NaN stays NaN and does not count.

    >>> holm(np.array([0.01, 0.04, 0.03, np.nan])).tolist()
    [0.03, 0.06, 0.06, nan]
    """
    adjusted = np.full_like(p_values, np.nan)
    order = np.argsort(p_values)[: int(np.isfinite(p_values).sum())]
    stepped = p_values[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return adjusted
