"""Test whether means are zero, and tell how small a difference a test set can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special, stats

Floats = NDArray[np.float64]

SIGNIFICANT = 0.05
"""A p-value below it is sure; intervals hold the truth in the rest of the cases."""

RESOLUTION = 1e-6
"""What a mean may differ from zero by rounding alone: float32 samples, sums in another order."""

POWER = 0.8
"""A difference can be seen if a test at 5 % finds it in this share of such test sets."""

_SKEWED_FREEDOM = 3.0  # at least, as three recordings need; four or more have one each, less one
_FITTED = 0.9  # of the freedom, in what can be seen: it comes out large where the error is small
_POINTS = 400  # of the standard error's distribution
_HALVINGS = 30
_UPPER = 1.0 - SIGNIFICANT / 2
_FREEDOMS = np.geomspace(1.0, 1e5, 2000)
_QUANTILES = np.asarray(stats.t.ppf(_UPPER, _FREEDOMS))
_FREEDOMS_OF_POWER = np.geomspace(1.0, 1e4, 200)  # fewer: each takes a search


@dataclass(frozen=True)
class Estimate:
    """Means, and how far they may be off; one entry per column.

    Attributes:
        mean: The mean over the mixtures.
        error: Its standard error; NaN where chance cannot be told.
        freedom: Degrees of freedom of the standard error.
        left: How many recordings there are to compare, of the kind that has the fewest.
    """

    mean: Floats
    error: Floats
    freedom: Floats
    left: float = np.inf

    @property
    def half_width(self) -> Floats:
        """Half of the 95 % interval."""
        return self.error * quantile(self.freedom)

    def only(self, columns: slice | NDArray[Any]) -> Estimate:
        """Return the entries of some columns."""
        return Estimate(self.mean[columns], self.error[columns], self.freedom[columns], self.left)

    @property
    def skewed(self) -> Estimate:
        """Return the same with the freedom for means of what one denoiser does.

        A difference of two denoisers is about as often large one way as the other. What one gains
        over the mixture may be large on a recording in ten, and its mean seems surely less than it
        is wherever no such recording was drawn; a test of it has less freedom therefore.
        """
        return replace(self, freedom=np.minimum(self.freedom, max(self.left, _SKEWED_FREEDOM)))


def quantile(freedom: Floats) -> Floats:
    """Return the t distribution's 97.5 % quantile, from a table that is right to 1e-4."""
    return np.asarray(np.interp(freedom, _FREEDOMS, _QUANTILES))


def freedom_of(quantiles: Floats) -> Floats:
    """Return the degrees of freedom that have these quantiles.

    >>> freedom_of(quantile(np.array([3.0]))).round(3).tolist()
    [3.0]
    """
    return np.asarray(np.interp(quantiles, _QUANTILES[::-1], _FREEDOMS[::-1]))


def two_sided(estimate: Estimate) -> Floats:
    """Return the p-value that each mean is zero, by the t distribution; NaN without an error.

    >>> means = Estimate(np.array([12.706, 1.96]), np.array([1.0, 1.0]), np.array([1.0, 1e4]))
    >>> two_sided(means).round(3).tolist()
    [0.05, 0.05]
    """
    sizes, error = np.abs(estimate.mean), estimate.error
    ratios = np.divide(sizes, error, out=np.full_like(sizes, np.inf), where=error != 0)
    p_values: Floats = 2.0 * special.stdtr(estimate.freedom, -ratios)
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


def detectable(estimate: Estimate) -> Floats:
    """Return the smallest true differences that can be seen, one per column.

    It is the difference at which the two-sided t test at 5 % has a power of 80 %, for one pair
    alone (Cohen, "Statistical power analysis for the behavioral sciences", 1988). It rests on the
    estimated standard error and is as uncertain as that, but too small as often as too large:
    an estimate from few degrees of freedom, which is more often too small, is raised for it. Of the
    freedom a tenth is taken off: fitted, it comes out largest where the error comes out smallest.

    >>> mean = Estimate(np.array([0.0]), error=np.array([1.0]), freedom=np.array([1e4]))
    >>> detectable(mean).round(2).tolist()  # the book's 1.96 + 0.84
    [2.8]
    """
    standard_errors = np.interp(_FITTED * estimate.freedom, _FREEDOMS_OF_POWER, _standard_errors())
    return np.asarray(estimate.error * standard_errors)


def smallest(duels: pd.DataFrame, *, by: str | Sequence[str]) -> pd.DataFrame:
    """Return per metric and label of facets what can be seen between the ranked denoisers.

    Args:
        duels: Of the leaderboard.
        by: The column of the facet, or those of several.

    Returns:
        Columns metric, those of the facets, n, pairs, difference, lowest, highest: of what each
        pair of denoisers that differ at all would have to differ by, the median, least and most.
    """
    return (
        duels[duels["detectable"] > 0]
        .groupby(["metric", *([by] if isinstance(by, str) else by)], sort=False)
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
    """Return how many standard errors can be seen, at every ``_FREEDOMS_OF_POWER``, by halving."""
    levels = (np.arange(_POINTS) + 0.5) / _POINTS
    freedoms = _FREEDOMS_OF_POWER[:, np.newaxis]
    # The limit is the quantile times the estimated standard error, which is chi-distributed.
    limits = quantile(freedoms) * np.sqrt(stats.chi2.ppf(levels, freedoms) / freedoms)
    low, high = np.zeros((2, len(_FREEDOMS_OF_POWER), 1))
    high += 2.0 * limits.max()
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        power = special.ndtr(middle - limits) + special.ndtr(-middle - limits)
        enough = power.mean(axis=1, keepdims=True) >= POWER
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    median = stats.chi2.ppf(0.5, freedoms) / freedoms  # of a squared error, over its mean
    return np.asarray((high / np.sqrt(median))[:, 0])
