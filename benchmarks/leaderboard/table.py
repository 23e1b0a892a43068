"""Aggregate scores into the leaderboard: one row per cell, metric and denoiser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from benchmarks.leaderboard.ranking import Cell, Contest, Duels, Standing, compare
from benchmarks.leaderboard.score_matrix import ALL, Scores

BASELINE = "noisy"
PLACE = ("noise_class", "music_category", "snr_db")
COLUMNS = ("denoiser", *PLACE, "metric", *(field.name for field in fields(Standing)))
"""Of leaderboard.csv."""

DUELS = (
    *("metric", "noise_class", "better", "worse", "n"),
    *("difference", "ci_low", "ci_high", "p_value", "detectable"),
)
"""Of the pairwise tests, over all mixtures and by noise class."""


@dataclass(frozen=True)
class Leaderboard:
    """The aggregated scores.

    Attributes:
        rows: Columns ``COLUMNS``; ranks are empty for rows that are not ranked.
        duels: Columns ``DUELS``, over all mixtures and by noise class: who beats whom.
    """

    rows: pd.DataFrame
    duels: pd.DataFrame


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
    for noise_class, category, snr, inside in scores.cells():
        crossings = scores.crossings(inside)
        for metric, contest in contests.items():
            cell = Cell(scores.values[metric][inside], scores.seconds[inside], crossings)
            standings, duels = compare(cell, contest)
            for name, row in zip(names, standings, strict=True):
                rows.append((name, noise_class, category, snr, metric, *vars(row).values()))
            if category == snr == ALL:
                tests.append(_tests(duels, names).assign(metric=metric, noise_class=noise_class))
    ranks = dict.fromkeys(("rank", "rank_high"), "Int64")
    return Leaderboard(
        rows=pd.DataFrame(rows, columns=list(COLUMNS)).astype(ranks),
        duels=pd.concat(tests)[list(DUELS)].reset_index(drop=True),
    )


def _tests(duels: Duels, names: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "better": [names[place] for place in duels.better],
            "worse": [names[place] for place in duels.worse],
            "n": duels.n,
            "difference": duels.difference,
            "ci_low": duels.difference - duels.half_width,
            "ci_high": duels.difference + duels.half_width,
            "p_value": duels.p_value,
            "detectable": duels.detectable,
        }
    )
