"""Pack what the pairwise tests tell, for the page."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.leaderboard.estimate import SIGNIFICANT
from benchmarks.leaderboard.power import POWER, smallest
from benchmarks.leaderboard.scores import ALL
from benchmarks.report.board import Board
from benchmarks.report.packed import short
from benchmarks.report.text import number

COLUMNS = ("difference", "ci_low", "ci_high", "p_value", "detectable")
"""What is told of a pair in numbers, after who is better, who is worse and whether that is sure."""


def duels(board: Board) -> dict[str, Any]:
    """Return the pairwise tests over all mixtures.

    Returns:
        `columns`: what is told of a pair. `values`: of each metric one list, pair by pair and
        column by column: the places of the better and of the worse among the denoisers, 1 where
        that is sure, and numbers, of which an undefined one is null.
    """
    whole = board.duels[board.duels["noise_class"] == ALL]
    places = {name: place for place, name in enumerate(board.names)}
    values = []
    for metric in board.metrics:
        rows = whole[whole["metric"] == metric]
        better, worse = (rows[side].map(places).tolist() for side in ("better", "worse"))
        sure = (rows["p_value"] < SIGNIFICANT).astype(int).tolist()
        numbers = rows[list(COLUMNS)].to_numpy(dtype=np.float64).tolist()
        told = zip(better, worse, sure, numbers, strict=True)
        values.append(
            [part for *who, row in told for part in (*who, *(short(value) for value in row))]
        )
    return {"columns": ["better", "worse", "sure", *COLUMNS], "values": values}


def visible(board: Board) -> dict[str, Any]:
    """Return the smallest differences that can be seen, in the digits of leaderboard.md.

    Returns:
        `power`: in how many of 100 test sets a difference of that size is found. `told`: of each
        metric, by noise class and for "all", the number of pairs that differ, and the median,
        least and most of what can be seen between them.
    """
    told: dict[str, dict[str, list[int | str]]] = {metric: {} for metric in board.metrics}
    for row in smallest(board.duels).to_dict("records"):
        sizes = (number(row[name]) for name in ("difference", "lowest", "highest"))
        told[row["metric"]][row["noise_class"]] = [row["pairs"], *sizes]
    return {"power": round(100 * POWER), "told": list(told.values())}
