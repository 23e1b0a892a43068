"""Hold means with how far they may be off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

SIGNIFICANT = 0.05
"""A p-value below it is sure; intervals hold the truth in the rest of the cases."""

_UPPER = 1.0 - SIGNIFICANT / 2
_FREEDOMS = np.geomspace(1.0, 1e5, 2000)
_QUANTILES = np.asarray(stats.t.ppf(_UPPER, _FREEDOMS))


@dataclass(frozen=True)
class Estimate:
    """Means, and how far they may be off; one entry per column.

    Attributes:
        mean: The mean over the mixtures.
        error: Its standard error; NaN where chance cannot be told.
        freedom: Degrees of freedom of the standard error.
    """

    mean: Floats
    error: Floats
    freedom: Floats

    @property
    def half_width(self) -> Floats:
        """Half of the 95 % interval."""
        return self.error * quantile(self.freedom)

    def only(self, columns: slice | NDArray[Any]) -> Estimate:
        """Return the entries of some columns."""
        return Estimate(self.mean[columns], self.error[columns], self.freedom[columns])


def quantile(freedom: Floats) -> Floats:
    """Return the t distribution's 97.5 % quantile, from a table that is right to 1e-4."""
    found: Floats = np.interp(freedom, _FREEDOMS, _QUANTILES)
    return found


def freedom_of(quantiles: Floats) -> Floats:
    """Return the degrees of freedom that have these quantiles.

    >>> freedom_of(quantile(np.array([3.0]))).round(3).tolist()
    [3.0]
    """
    found: Floats = np.interp(quantiles, _QUANTILES[::-1], _FREEDOMS[::-1])
    return found
