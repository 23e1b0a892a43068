"""Say how small a difference a test set can see."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from scipy import special, stats

from benchmarks.leaderboard.estimate import Estimate, Floats, quantile

POWER = 0.8
"""A difference can be seen if a test at 5 % finds it in this share of such test sets."""

_FREEDOMS = np.geomspace(1.0, 1e4, 200)
_POINTS = 400  # of the standard error's distribution
_HALVINGS = 30


def detectable(found: Estimate) -> Floats:
    """Return the smallest true differences that can be seen, one per column.

    It is the difference at which the two-sided t test at 5 % has a power of 80 %, for one pair
    alone (Cohen, "Statistical power analysis for the behavioral sciences", 1988). It rests on the
    estimated standard error and is as uncertain as that, but too small as often as too large:
    an estimate from few degrees of freedom, which is more often too small, is raised for it.

    >>> found = Estimate(np.array([0.0]), error=np.array([1.0]), freedom=np.array([1e4]))
    >>> detectable(found).round(2).tolist()  # the book's 1.96 + 0.84
    [2.8]
    """
    differences: Floats = found.error * np.interp(found.freedom, _FREEDOMS, _standard_errors())
    return differences


def smallest(duels: pd.DataFrame) -> pd.DataFrame:
    """Say per metric and noise class what can be seen between the ranked denoisers.

    Args:
        duels: Of the leaderboard.

    Returns:
        Columns metric, noise_class, n, pairs, difference, lowest, highest: of what each pair of
        denoisers that differ at all would have to differ by, the median, least and most.
    """
    told = duels[duels["detectable"] > 0]
    return (
        told.groupby(["metric", "noise_class"], sort=False)
        .agg(
            n=("n", "first"),
            pairs=("n", "size"),
            difference=("detectable", "median"),
            lowest=("detectable", "min"),
            highest=("detectable", "max"),
        )
        .reset_index()
    )


@cache
def _standard_errors() -> Floats:
    """Return how many standard errors can be seen, at every ``_FREEDOMS``, by halving."""
    levels = (np.arange(_POINTS) + 0.5) / _POINTS
    freedoms = _FREEDOMS[:, np.newaxis]
    # The limit is the quantile times the estimated standard error, which is chi-distributed.
    limits = quantile(freedoms) * np.sqrt(stats.chi2.ppf(levels, freedoms) / freedoms)
    low, high = np.zeros((2, len(_FREEDOMS), 1))
    high += 2.0 * limits.max()
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        found = special.ndtr(middle - limits) + special.ndtr(-middle - limits)
        enough = found.mean(axis=1, keepdims=True) >= POWER
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    median = stats.chi2.ppf(0.5, freedoms) / freedoms  # of a squared error, over its mean
    return np.asarray((high / np.sqrt(median))[:, 0])
