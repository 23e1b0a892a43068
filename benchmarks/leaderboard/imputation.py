"""Fill in the values that a denoiser lacks, so that failing never pays.

A mean over the mixtures on which a denoiser has a value leaves out those on which it failed, which
are seldom the easy ones. A missing value is therefore taken as the lowest that any ranked denoiser,
or the mixture itself, has on that mixture. What was not measured may have been lower still: that a
denoiser with gaps is better is only sure if it also is with its gaps at the severe bound, the
lowest difference to the mixture that any ranked denoiser has anywhere in the cell (bounds in place
of values that are missing for a reason: Manski, "Partial identification of probability
distributions", 2003, chapter 1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.leaderboard.inference import Floats
from benchmarks.leaderboard.ranking import Contest, Flags


@dataclass(frozen=True)
class Filled:
    """Values of which none is missing, shape (mixtures, denoisers).

    Attributes:
        values: The measured ones, and in the place of a missing one the lowest on that mixture.
        severe: The same with the lowest of the cell in the place of a missing one.
        lacking: Which denoisers lack a value.
    """

    values: Floats
    severe: Floats
    lacking: Flags


def filled(values: Floats, contest: Contest) -> Filled:
    """Fill in what is missing.

    Args:
        values: Shape (mixtures, denoisers), NaN where undefined; no row or column is all NaN.
        contest: Who is compared.

    >>> values = np.array([[5.0, 7.0, 6.0], [0.0, 3.0, np.nan]])
    >>> filled(values, Contest(("reference", "blind", "blind"), 0, True)).values[1].tolist()
    [0.0, 3.0, 0.0]
    """
    missing = np.isnan(values)
    lacking = np.asarray(missing.any(axis=0))
    if not lacking.any():
        return Filled(values, values, lacking)
    signed = contest.sign * values
    counts = contest.ranked
    if contest.baseline is not None:
        counts[contest.baseline] = True
    lowest = _lowest(signed[:, counts])
    # Where none of those has a value, an oracle or a reference alone decides.
    lowest = np.where(np.isfinite(lowest), lowest, _lowest(signed))[:, np.newaxis]
    origin = lowest if contest.baseline is None else signed[:, [contest.baseline]]
    origin = np.where(np.isnan(origin), lowest, origin)
    gains = np.where(missing, np.inf, signed - origin)
    floor = np.minimum(gains[:, counts].min(initial=0.0), 0.0)
    return Filled(
        values=np.where(missing, contest.sign * lowest, values),
        severe=np.where(missing, contest.sign * np.minimum(lowest, origin + floor), values),
        lacking=lacking,
    )


def _lowest(signed: Floats) -> Floats:
    return np.asarray(np.where(np.isnan(signed), np.inf, signed).min(axis=1, initial=np.inf))
