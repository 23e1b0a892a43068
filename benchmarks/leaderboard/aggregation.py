"""Aggregate scores into the leaderboard: standings, pairwise tests and claims of every cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from benchmarks.leaderboard import claims, duels
from benchmarks.leaderboard.cell import Cell, compare
from benchmarks.leaderboard.ranking import contest
from benchmarks.leaderboard.score_matrix import ALL, Scores
from benchmarks.leaderboard.standing import Standing


@dataclass(frozen=True)
class Leaderboard:
    """The aggregated scores.

    Duels and claims are over all mixtures, and in every cell with one facet fixed that is large
    enough for ranks.

    Attributes:
        rows: Columns ``leaderboard_columns``; ranks are empty for rows that are not ranked.
        duels: Columns ``duel_columns``: who beats whom.
        claims: Columns ``claim_columns``: who is better than doing nothing, and than the best
            classical denoiser.
    """

    rows: pd.DataFrame
    duels: pd.DataFrame
    claims: pd.DataFrame


def leaderboard_columns(scores: Scores) -> list[str]:
    """Return the columns of leaderboard.csv: the facets are the task's."""
    return ["denoiser", *scores.keys, "metric", *(field.name for field in fields(Standing))]


def duel_columns(scores: Scores) -> list[str]:
    """Return the columns of the pairwise tests."""
    return ["metric", *scores.labels, *duels.COLUMNS]


def claim_columns(scores: Scores) -> list[str]:
    """Return the columns of the claims."""
    return ["metric", *scores.labels, *claims.COLUMNS]


def leaderboard(scores: Scores, run: Mapping[str, Any]) -> Leaderboard:
    """Aggregate a run's scores over every cell.

    Args:
        scores: The scores of the run's denoisers in the run's metrics.
        run: ``run.json``: its denoisers with rank groups, its metrics with directions.
    """
    names = [denoiser["name"] for denoiser in run["denoisers"]]
    contests = {metric["name"]: contest(run, metric) for metric in run["metrics"]}
    rows: list[tuple[object, ...]] = []
    fought: list[tuple[object, ...]] = []
    claimed: list[tuple[object, ...]] = []
    for labels, inside in scores.cells():
        crossings, recordings = scores.crossings(inside), scores.recordings(inside)
        for target, values in scores.sides():
            told = sum(label != ALL for label in labels) <= 1 and {*target} <= {ALL}
            for metric, rule in contests.items():
                cell = Cell(values[metric][inside], scores.seconds[inside], crossings, recordings)
                outcome = compare(cell, rule)
                for name, row in zip(names, outcome.standings, strict=True):
                    rows.append((name, *labels, *target, metric, *vars(row).values()))
                if told and outcome.duels is not None:
                    fought += [(metric, *labels, *row) for row in outcome.duels.rows(names)]
                    for part in outcome.claims:
                        claimed += [(metric, *labels, *row) for row in part.rows(names)]
    ranks = dict.fromkeys(("rank", "rank_high"), "Int64")
    return Leaderboard(
        rows=pd.DataFrame(rows, columns=leaderboard_columns(scores)).astype(ranks),
        duels=pd.DataFrame(fought, columns=duel_columns(scores)),
        claims=pd.DataFrame(claimed, columns=claim_columns(scores)),
    )
