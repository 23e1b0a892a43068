"""Aggregate scores into the leaderboard: means, intervals, differences and ranks of every cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.leaderboard.crossed import Clustering, Crossing, estimate
from benchmarks.leaderboard.inference import (
    SIGNIFICANT,
    Estimate,
    Floats,
    detectable,
    holm,
    two_sided,
)
from benchmarks.leaderboard.score_matrix import ALL, Crossings, Scores

BASELINE = "noisy"
"""The row that does nothing, in every task; improvements are differences to it."""

RANKED_GROUPS = ("blind", "informed")
"""Reference and oracle rows are measured, but not ranked."""

_NAN = float("nan")
_SHARED = 0.9  # of the mixtures that anyone has a value on, all compared denoisers have one on

Numbers = NDArray[np.intp]


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
    better: Numbers
    worse: Numbers
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


@dataclass(frozen=True)
class Leaderboard:
    """The aggregated scores.

    Attributes:
        rows: Columns ``leaderboard_columns``; ranks are empty for rows that are not ranked.
        duels: Columns ``duel_columns``, over all mixtures and by the first facet of the task: who
            beats whom.
    """

    rows: pd.DataFrame
    duels: pd.DataFrame


def leaderboard_columns(scores: Scores) -> list[str]:
    """Return the columns of leaderboard.csv: the facets are the task's."""
    return ["denoiser", *scores.keys, "metric", *(field.name for field in fields(Standing))]


def duel_columns(scores: Scores) -> list[str]:
    """Return the columns of the pairwise tests."""
    numbers = ("difference", "ci_low", "ci_high", "p_value", "detectable")
    return ["metric", scores.keys[0], "better", "worse", "n", *numbers]


def leaderboard(scores: Scores, run: Mapping[str, Any]) -> Leaderboard:
    """Aggregate a run's scores over every cell.

    Args:
        scores: The scores of the run's denoisers in the run's metrics.
        run: ``run.json``: its denoisers with rank groups, its metrics with directions.
    """
    names = [denoiser["name"] for denoiser in run["denoisers"]]
    groups = tuple(denoiser["rank_group"] for denoiser in run["denoisers"])
    baseline = names.index(BASELINE) if BASELINE in names else None
    contests = {
        metric["name"]: Contest(groups, baseline, metric["higher_is_better"])
        for metric in run["metrics"]
    }
    rows: list[tuple[object, ...]] = []
    tests: list[pd.DataFrame] = []
    for labels, inside in scores.cells():
        crossings = scores.crossings(inside)
        for target, values in scores.sides():
            for metric, contest in contests.items():
                cell = Cell(values[metric][inside], scores.seconds[inside], crossings)
                standings, duels = compare(cell, contest)
                for name, row in zip(names, standings, strict=True):
                    rows.append((name, *labels, *target, metric, *vars(row).values()))
                if {*labels[1:], *target} <= {ALL}:
                    about = {"metric": metric, scores.keys[0]: labels[0]}
                    tests.append(_tests(duels, names).assign(**about))
    ranks = dict.fromkeys(("rank", "rank_high"), "Int64")
    return Leaderboard(
        rows=pd.DataFrame(rows, columns=leaderboard_columns(scores)).astype(ranks),
        duels=pd.concat(tests)[duel_columns(scores)].reset_index(drop=True),
    )


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
        groups=tuple(contest.groups[number] for number in compared),
        baseline=_number_among(compared, contest.baseline),
    )
    values = cell.values[support][:, compared]
    if not values.size:
        nobody, nothing = np.empty(0, dtype=np.intp), np.empty(0)
        return rows, Duels(0, nobody, nobody, nothing, nothing, nothing, nothing)
    standings, duels = _compared_rows(values, cell.crossings(support), inner, cell.seconds[support])
    for number, row in zip(compared, standings, strict=True):
        rows[number] = row
    return rows, replace(duels, better=compared[duels.better], worse=compared[duels.worse])


def _compared(defined: NDArray[np.bool_]) -> Numbers:
    """Leave out the denoisers with the fewest values until the others share enough mixtures."""
    counts = defined.sum(axis=0)
    enough = _SHARED * defined.any(axis=1).sum()
    compared = np.flatnonzero(counts)
    while len(compared) and defined[:, compared].all(axis=1).sum() < enough:
        fewest = counts[compared].min()
        if fewest == counts[compared].max():
            break  # all lack as many, on other mixtures: nobody is more to blame
        compared = compared[counts[compared] > fewest]
    return compared


def _number_among(compared: Numbers, number: int | None) -> int | None:
    numbers = compared.tolist()
    return numbers.index(number) if number in numbers else None


def _compared_rows(
    values: Floats,
    crossing: Crossing | Clustering | None,
    contest: Contest,
    seconds: Floats,
) -> tuple[list[Standing], Duels]:
    """Compare denoisers that all have a value on every mixture."""
    count = values.shape[1]
    pairs = np.array(list(contest.pairs()), dtype=np.intp).reshape(-1, 2)
    baseline = _NAN if contest.baseline is None else values[:, [contest.baseline]]
    # Differences are taken before the means, so that identical denoisers differ by exactly zero.
    gains = values[:, pairs[:, 0]] - values[:, pairs[:, 1]]
    columns = np.hstack([values, values - baseline, gains])
    estimates = estimate(columns, crossing)
    means, deltas = estimates.only(slice(count)), estimates.only(slice(count, 2 * count))
    duels = _duels(estimates.only(slice(2 * count, None)), pairs, contest, n=len(values))
    p_values = np.full(count, _NAN)
    tested = np.array([group != "reference" for group in contest.groups])
    p_values[tested] = holm(two_sided(deltas.only(tested).skewed))
    above = np.bincount(duels.worse[duels.sure], minlength=count)
    below = np.bincount(duels.better[duels.sure], minlength=count)
    median, weighted = np.median(values, axis=0), seconds @ values / seconds.sum()
    rows = []
    for number, group in enumerate(contest.groups):
        ranked = group in RANKED_GROUPS
        rows.append(
            Standing(
                n=len(values),
                mean=float(means.mean[number]),
                median=float(median[number]),
                ci_low=float(means.mean[number] - means.half_width[number]),
                ci_high=float(means.mean[number] + means.half_width[number]),
                delta=float(deltas.mean[number]),
                p_value=float(p_values[number]),
                rank=1 + int(above[number]) if ranked else None,
                rank_high=contest.groups.count(group) - int(below[number]) if ranked else None,
                weighted_mean=float(weighted[number]),
            )
        )
    return rows, duels


def _duels(gains: Estimate, pairs: Numbers, contest: Contest, *, n: int) -> Duels:
    """Test the ranked pairs; gains are of the first over the second in the metric's units."""
    if not contest.higher_is_better:
        gains = replace(gains, mean=-gains.mean)
    raw, p_values = two_sided(gains), np.full(len(pairs), _NAN)
    for group in RANKED_GROUPS:
        inside = np.array([contest.groups[number] == group for number in pairs[:, 0]], dtype=bool)
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


def _tests(duels: Duels, names: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "better": [names[number] for number in duels.better],
            "worse": [names[number] for number in duels.worse],
            "n": duels.n,
            "difference": duels.difference,
            "ci_low": duels.difference - duels.half_width,
            "ci_high": duels.difference + duels.half_width,
            "p_value": duels.p_value,
            "detectable": duels.detectable,
        }
    )
