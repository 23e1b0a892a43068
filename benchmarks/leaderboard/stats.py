"""Compare the denoisers in one cell of the leaderboard: means, intervals, differences, ranks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from benchmarks.leaderboard.bootstrap import Floats, Names, resampled_means

RANKED_GROUPS = ("blind", "informed")
"""Reference and oracle rows are measured, but not ranked."""

_NAN = float("nan")
_TAILS = (0.025, 0.975)


@dataclass(frozen=True)
class Contest:
    """Who is compared, and by which rule.

    Attributes:
        groups: The rank group of each denoiser.
        baseline: Which denoiser ``delta`` is a difference to, if any.
        higher_is_better: The metric's direction.
        seed: Seed of the bootstrap.
        replicates: Replicates of the bootstrap.
    """

    groups: tuple[str, ...]
    baseline: int | None
    higher_is_better: bool
    seed: int = 0
    replicates: int = 2000

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Yield the pairs that are ranked against each other: both of one ranked group."""
        for first, second in combinations(range(len(self.groups)), 2):
            if self.groups[first] == self.groups[second] and self.groups[first] in RANKED_GROUPS:
                yield first, second


@dataclass(frozen=True)
class Standing:
    """What one denoiser reaches in one cell, in one metric.

    Attributes:
        n: Mixtures the numbers stand on.
        mean: Mean of the values.
        median: Median of the values.
        ci_low: Lower end of the mean's 95 % interval; NaN under two clusters.
        ci_high: Upper end.
        delta: Mean paired difference to the baseline.
        p_value: Two-sided bootstrap p-value of delta = 0, Holm over the cell's denoisers.
        rank: 1 + the number of denoisers of its group that are surely better; None if unranked.
    """

    n: int
    mean: float = _NAN
    median: float = _NAN
    ci_low: float = _NAN
    ci_high: float = _NAN
    delta: float = _NAN
    p_value: float = _NAN
    rank: int | None = None


def standings(values: Floats, clean: Names, noise: Names, *, contest: Contest) -> list[Standing]:
    """Compare denoisers over the mixtures on which all of them have a value.

    A denoiser with values on fewer than half of the mixtures that anyone has a value on is not
    compared, lest it empties the comparison for all: its row tells its ``n`` and nothing else.

    Args:
        values: Shape (mixtures, denoisers); NaN is undefined.
        clean: The clean recording (or its group) of each mixture.
        noise: The noise recording (or its group) of each mixture.
        contest: Who is compared, and how.

    >>> rows = standings(np.array([[1.0, 3.0], [2.0, 4.0]]), np.array(["a", "b"]),
    ...     np.array(["x", "y"]), contest=Contest(("reference", "blind"), 0, True))
    >>> rows[1].mean, rows[1].delta, rows[1].rank
    (3.5, 2.0, 1)
    """
    defined = np.isfinite(values)
    counts = defined.sum(axis=0)
    compared = np.flatnonzero((counts > 0) & (2 * counts >= defined.any(axis=1).sum())).tolist()
    rows = [Standing(n=int(count)) for count in counts]
    support = defined[:, compared].all(axis=1)
    if not compared or not support.any():
        return rows
    baseline = compared.index(contest.baseline) if contest.baseline in compared else None
    inner = replace(
        contest, groups=tuple(contest.groups[place] for place in compared), baseline=baseline
    )
    found = _compare(values[support][:, compared], clean[support], noise[support], inner)
    for place, row in zip(compared, found, strict=True):
        rows[place] = row
    return rows


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


def two_sided(means: Floats) -> Floats:
    """Return the bootstrap p-value that each column's mean is zero, with the +1 correction.

    >>> two_sided(np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]])).tolist()
    [0.5, 1.0]
    """
    beyond = np.minimum((means <= 0).sum(axis=0), (means >= 0).sum(axis=0))
    p_values: Floats = np.minimum(2.0 * (beyond + 1.0) / (len(means) + 1.0), 1.0)
    return p_values


def _compare(values: Floats, clean: Names, noise: Names, contest: Contest) -> list[Standing]:
    """Fill the rows of denoisers that all have a value on every mixture."""
    count, sign = values.shape[1], 1.0 if contest.higher_is_better else -1.0
    baseline = _NAN if contest.baseline is None else values[:, [contest.baseline]]
    deltas = values - baseline
    pairs = np.array(list(contest.pairs()), dtype=np.intp).reshape(-1, 2)
    # Differences are taken before the means, so that identical denoisers differ by exactly zero.
    gains = sign * (values[:, pairs[:, 0]] - values[:, pairs[:, 1]])
    columns = np.hstack([values, deltas, gains])
    means = resampled_means(columns, clean, noise, seed=contest.seed, replicates=contest.replicates)
    low, high = _interval(means, columns.shape[1])
    p_values = np.full(count, _NAN)
    if means is not None and contest.baseline is not None:
        tested = [place for place in range(count) if contest.groups[place] != "reference"]
        p_values[tested] = holm(two_sided(means[:, count : 2 * count][:, tested]))
    better = np.bincount(pairs[low[2 * count :] > 0, 1], minlength=count)
    better += np.bincount(pairs[high[2 * count :] < 0, 0], minlength=count)
    mean, median, delta = values.mean(axis=0), np.median(values, axis=0), deltas.mean(axis=0)
    return [
        Standing(
            n=len(values),
            mean=float(mean[place]),
            median=float(median[place]),
            ci_low=float(low[place]),
            ci_high=float(high[place]),
            delta=float(delta[place]),
            p_value=float(p_values[place]),
            rank=int(better[place]) + 1 if group in RANKED_GROUPS else None,
        )
        for place, group in enumerate(contest.groups)
    ]


def _interval(means: Floats | None, columns: int) -> tuple[Floats, Floats]:
    """Return the 95 % percentile interval of every column; NaN where chance cannot be told."""
    if means is None:
        return np.full(columns, _NAN), np.full(columns, _NAN)
    low, high = np.quantile(means, _TAILS, axis=0)
    return low, high
