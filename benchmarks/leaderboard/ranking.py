"""Compare the denoisers in one cell of the leaderboard: means, intervals, differences, ranks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from benchmarks.leaderboard.crossed import Crossing, estimate
from benchmarks.leaderboard.inference import (
    SIGNIFICANT,
    Estimate,
    Floats,
    detectable,
    holm,
    two_sided,
)

RANKED_GROUPS = ("blind", "informed")
"""Reference and oracle rows are measured, but not ranked."""

_NAN = float("nan")
_SHARED = 0.9  # of the mixtures that anyone has a value on, all compared denoisers have one on

Places = NDArray[np.intp]
Crossings = Callable[[NDArray[np.bool_]], Crossing | None]
"""Returns which recordings met in some of the cell's mixtures."""


@dataclass(frozen=True)
class Contest:
    """Who is compared, and by which rule.

    Attributes:
        groups: The rank group of each denoiser.
        baseline: Which denoiser ``delta`` is a difference to, if any.
        higher_is_better: The metric's direction.
    """

    groups: tuple[str, ...]
    baseline: int | None
    higher_is_better: bool

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
        p_value: Two-sided p-value of delta = 0, Holm over the cell's denoisers.
        rank: 1 + the number of denoisers of its group that are surely better; None if unranked.
        rank_high: The last rank it may have: that of its group less the surely worse ones.
        weighted_mean: Mean weighted by the mixtures' lengths.
    """

    n: int
    mean: float = _NAN
    median: float = _NAN
    ci_low: float = _NAN
    ci_high: float = _NAN
    delta: float = _NAN
    p_value: float = _NAN
    rank: int | None = None
    rank_high: int | None = None
    weighted_mean: float = _NAN


@dataclass(frozen=True)
class Duels:
    """The denoisers of each rank group against each other, in one cell and metric.

    Attributes:
        n: Mixtures, the same for all.
        better: Of each pair, the one whose mean is better.
        worse: The other one.
        difference: By how much the better mean is better, never negative.
        half_width: Half of the difference's 95 % interval, for the pair alone.
        p_value: Two-sided p-value of no difference, Holm over the pairs of the rank group.
        detectable: The difference that is found in 80 of 100 such test sets, at 5 %.
    """

    n: int
    better: Places
    worse: Places
    difference: Floats
    half_width: Floats
    p_value: Floats
    detectable: Floats

    @property
    def sure(self) -> NDArray[np.bool_]:
        """Whether the better one is surely better."""
        return self.p_value < SIGNIFICANT


@dataclass(frozen=True)
class Cell:
    """One cell in one metric.

    Attributes:
        values: Shape (mixtures, denoisers); NaN is undefined.
        seconds: Length of each mixture.
        crossings: Which recordings met.
    """

    values: Floats
    seconds: Floats
    crossings: Crossings


def compare(cell: Cell, contest: Contest) -> tuple[list[Standing], Duels]:
    """Compare denoisers over the mixtures on which all of them have a value.

    A denoiser that lacks too many values is not compared, lest it empties the comparison for all:
    those with the fewest are left out until the others share nine tenths of the mixtures that
    anyone has a value on. The row of one that is left out tells its ``n`` and nothing else.

    Args:
        cell: The values, and which recordings they are of.
        contest: Who is compared, and how.

    Returns:
        A standing per denoiser, and the duels of those that are compared.
    """
    defined = np.isfinite(cell.values)
    rows = [Standing(n=int(count)) for count in defined.sum(axis=0)]
    compared = _compared(defined)
    support = np.asarray(defined[:, compared].all(axis=1))
    inner = replace(
        contest,
        groups=tuple(contest.groups[place] for place in compared),
        baseline=_place(compared, contest.baseline),
    )
    values = cell.values[support][:, compared]
    if not values.size:
        nobody, nothing = np.empty(0, dtype=np.intp), np.empty(0)
        return rows, Duels(0, nobody, nobody, nothing, nothing, nothing, nothing)
    found, duels = _judged(values, cell.crossings(support), inner, cell.seconds[support])
    for place, row in zip(compared, found, strict=True):
        rows[place] = row
    return rows, replace(duels, better=compared[duels.better], worse=compared[duels.worse])


def _compared(defined: NDArray[np.bool_]) -> Places:
    """Leave out the denoisers with the fewest values until the others share enough mixtures."""
    counts = defined.sum(axis=0)
    wanted = _SHARED * defined.any(axis=1).sum()
    places = np.flatnonzero(counts)
    while len(places) and defined[:, places].all(axis=1).sum() < wanted:
        fewest = counts[places].min()
        if fewest == counts[places].max():
            break  # all lack as many, on other mixtures: nobody is more to blame
        places = places[counts[places] > fewest]
    return places


def _place(places: Places, wanted: int | None) -> int | None:
    found = places.tolist()
    return found.index(wanted) if wanted in found else None


def _judged(
    values: Floats, crossing: Crossing | None, contest: Contest, seconds: Floats
) -> tuple[list[Standing], Duels]:
    """Compare denoisers that all have a value on every mixture."""
    count = values.shape[1]
    pairs = np.array(list(contest.pairs()), dtype=np.intp).reshape(-1, 2)
    baseline = _NAN if contest.baseline is None else values[:, [contest.baseline]]
    # Differences are taken before the means, so that identical denoisers differ by exactly zero.
    gains = values[:, pairs[:, 0]] - values[:, pairs[:, 1]]
    columns = np.hstack([values, values - baseline, gains])
    found = estimate(columns, crossing)
    means, deltas = found.only(slice(count)), found.only(slice(count, 2 * count))
    duels = _duels(found.only(slice(2 * count, None)), pairs, contest, n=len(values))
    p_values = np.full(count, _NAN)
    tested = np.array([group != "reference" for group in contest.groups])
    p_values[tested] = holm(two_sided(deltas.only(tested)))
    above = np.bincount(duels.worse[duels.sure], minlength=count)
    below = np.bincount(duels.better[duels.sure], minlength=count)
    median, weighted = np.median(values, axis=0), seconds @ values / seconds.sum()
    rows = []
    for place, group in enumerate(contest.groups):
        ranked = group in RANKED_GROUPS
        rows.append(
            Standing(
                n=len(values),
                mean=float(means.mean[place]),
                median=float(median[place]),
                ci_low=float(means.mean[place] - means.half_width[place]),
                ci_high=float(means.mean[place] + means.half_width[place]),
                delta=float(deltas.mean[place]),
                p_value=float(p_values[place]),
                rank=1 + int(above[place]) if ranked else None,
                rank_high=contest.groups.count(group) - int(below[place]) if ranked else None,
                weighted_mean=float(weighted[place]),
            )
        )
    return rows, duels


def _duels(gains: Estimate, pairs: Places, contest: Contest, *, n: int) -> Duels:
    """Test the ranked pairs; gains are of the first over the second in the metric's units."""
    if not contest.higher_is_better:
        gains = replace(gains, mean=-gains.mean)
    raw, p_values = two_sided(gains), np.full(len(pairs), _NAN)
    for group in RANKED_GROUPS:
        inside = np.array([contest.groups[place] == group for place in pairs[:, 0]], dtype=bool)
        p_values[inside] = holm(raw[inside])
    swap = gains.mean < 0
    return Duels(
        n=n,
        better=np.where(swap, pairs[:, 1], pairs[:, 0]),
        worse=np.where(swap, pairs[:, 0], pairs[:, 1]),
        difference=np.abs(gains.mean),
        half_width=gains.half_width,
        p_value=p_values,
        detectable=detectable(gains),
    )
