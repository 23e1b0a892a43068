"""Tell what each denoiser reaches in a cell, in one metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.leaderboard.claims import Claims
from benchmarks.leaderboard.crossed import estimate
from benchmarks.leaderboard.inference import Floats
from benchmarks.leaderboard.influence import Recordings, influence
from benchmarks.leaderboard.ranking import Contest, Flags, Numbers
from benchmarks.leaderboard.score_matrix import Crossings

_NAN = float("nan")
_SHARED = 0.9  # of the mixtures that anyone has a value on, all compared denoisers have one on


@dataclass(frozen=True)
class Standing:
    """What one denoiser reaches in one cell, in one metric.

    Attributes:
        n: Mixtures that mean, interval and median stand on.
        mean: Mean of the values.
        median: Median of the values.
        ci_low: Lower end of the mean's 95 % interval; NaN under two clusters.
        ci_high: Upper end.
        delta: Mean paired difference to the baseline, with missing values filled in.
        p_value: Two-sided p-value of delta = 0, Holm over the cell's denoisers.
        rank: 1 + the number of denoisers of its group that are surely better; None if unranked.
        rank_high: The last rank it may have: that of its group less the surely worse ones.
        weighted_mean: Mean weighted by the mixtures' lengths.
        worst_case: Mean over all mixtures that anybody has a value on, missing values filled in.
        p10: The value that nine tenths of them are better than.
        worst: The worst of them.
        won: Share of them on which it is better than the baseline by more than is negligible.
        tied: Share on which it is neither better nor worse by more than that.
        lost: Share on which it is worse by more than that.
        without_low: The least that ``delta`` is without one of the recordings.
        without_high: The most.
        carried_by: The recording without which ``delta`` halves or turns round; "" if none.
        resolved: Whether the cell is large enough for ranks.
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
    worst_case: float = _NAN
    p10: float = _NAN
    worst: float = _NAN
    won: float = _NAN
    tied: float = _NAN
    lost: float = _NAN
    without_low: float = _NAN
    without_high: float = _NAN
    carried_by: str = ""
    resolved: bool = False


def shared_support(defined: Flags) -> Numbers:
    """Leave out the denoisers with the fewest values until the others share enough mixtures.

    Otherwise one that lacks many values would empty the means of all.

    Args:
        defined: Where there is a value, shape (mixtures, denoisers).

    Returns:
        The denoisers whose means are over the mixtures that all of them have a value on.
    """
    counts = defined.sum(axis=0)
    enough = _SHARED * defined.any(axis=1).sum()
    compared = np.flatnonzero(counts)
    while len(compared) and defined[:, compared].all(axis=1).sum() < enough:
        fewest = counts[compared].min()
        if fewest == counts[compared].max():
            break  # all lack as many, on other mixtures: nobody is more to blame
        compared = compared[counts[compared] > fewest]
    return compared


def rows(counts: Numbers, columns: Mapping[str, Sequence[Any]]) -> list[Standing]:
    """Return a standing per denoiser; one without any value has nothing but ``resolved``.

    Args:
        counts: On how many mixtures each denoiser has a value.
        columns: Fields of ``Standing``, each with an entry per denoiser.
    """
    lines = zip(*columns.values(), strict=True)
    table = [Standing(**dict(zip(columns, line, strict=True))) for line in lines]
    return [
        row if count else Standing(n=0, resolved=row.resolved)
        for row, count in zip(table, counts, strict=True)
    ]


def means(
    values: Floats, defined: Flags, crossings: Crossings, seconds: Floats
) -> dict[str, list[Any]]:
    """Return means with intervals, medians and ``n``, over the mixtures of the shared support.

    Args:
        values: Shape (mixtures, denoisers).
        defined: Where there is a value.
        crossings: Which recordings met.
        seconds: Length of each mixture.
    """
    compared = shared_support(defined)
    support = np.asarray(defined[:, compared].all(axis=1))
    n = defined.sum(axis=0)
    n[compared] = support.sum()
    inside = values[np.ix_(support, compared)]
    columns = np.full((5, values.shape[1]), np.nan)
    if inside.size:
        found, length = estimate(inside, crossings(support)), seconds[support]
        columns[:, compared] = (
            found.mean,
            np.median(inside, axis=0),
            found.mean - found.half_width,
            found.mean + found.half_width,
            length @ inside / length.sum(),
        )
    names = ("mean", "median", "ci_low", "ci_high", "weighted_mean")
    return {"n": n.tolist(), **dict(zip(names, columns.tolist(), strict=True))}


def spread(values: Floats, contest: Contest) -> dict[str, list[Any]]:
    """Return how bad the bad mixtures are, and how often a denoiser helps.

    Args:
        values: Shape (mixtures, denoisers), filled in.
        contest: Who is compared.
    """
    signed = contest.sign * values
    columns = {
        "worst_case": values.mean(axis=0),
        "p10": contest.sign * np.quantile(signed, 0.1, axis=0),
        "worst": contest.sign * signed.min(axis=0),
    }
    if contest.baseline is not None:
        gains = signed - signed[:, [contest.baseline]]
        won, lost = gains > contest.negligible, gains < -contest.negligible
        columns |= {
            "won": won.mean(axis=0),
            "tied": (~won & ~lost).mean(axis=0),
            "lost": lost.mean(axis=0),
        }
    return {name: column.tolist() for name, column in columns.items()}


def over_baseline(
    values: Floats, claims: Claims, kinds: Sequence[Recordings], contest: Contest
) -> dict[str, Sequence[Any]]:
    """Return the differences to the baseline, and which recording carries each.

    Args:
        values: Shape (mixtures, denoisers), filled in.
        claims: Whether they are sure.
        kinds: Of which recordings the mixtures are.
        contest: Who is compared.
    """
    if contest.baseline is None:
        return {}
    differences = values - values[:, [contest.baseline]]
    p_value = np.full(values.shape[1], np.nan)
    p_value[claims.denoiser] = claims.p_value
    left_out = influence(differences, kinds, negligible=contest.negligible)
    return {
        "delta": differences.mean(axis=0).tolist(),
        "p_value": p_value.tolist(),
        "without_low": left_out.low.tolist(),
        "without_high": left_out.high.tolist(),
        "carried_by": left_out.carried_by,
    }
