"""Pack the tests that a page shows: pairs of denoisers, claims, and the smallest differences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.leaderboard.claims import BEST_CLASSICAL
from benchmarks.leaderboard.inference import POWER, SIGNIFICANT, smallest
from benchmarks.leaderboard.ranking import BASELINE
from benchmarks.leaderboard.score_matrix import ALL
from benchmarks.report.page_data import Axes, numbers
from benchmarks.report.summary import Board
from benchmarks.report.text import number

FAMILIES = (BASELINE, BEST_CLASSICAL)
"""Of claims: against doing nothing, and against the best classical denoiser."""

_NAMES = ("better", "worse", "denoiser", "opponent")
_SIZES = ("difference", "ci_low", "ci_high", "p_value")


def duels(board: Board, axes: Axes) -> dict[str, Any]:
    """Return the pairwise tests of every cell that has them.

    Args:
        board: The run.
        axes: Values of the cells' keys, see ``packed``.

    Returns:
        `columns`: what is told of a pair: the numbers of the better and of the worse among the
        denoisers, 1 where it is sure that they differ, 1 where it is sure that they do not by more
        than is negligible, and sizes. `cells`: of each its `key`, and its `values`: metric by
        metric, column by column, one number per pair or, where all are the same, that number; an
        undefined one is null.
    """
    sure = (board.duels["p_value"] < SIGNIFICANT).astype(int)
    rows = board.duels.assign(sure=sure, equal=board.duels["equal"].astype(int))
    columns = ("better", "worse", "sure", "equal", *_SIZES, "detectable")
    return {"columns": columns, "cells": _packed(board, rows, axes, columns)}


def claims(board: Board, axes: Axes) -> dict[str, Any]:
    """Return who surely gains or loses against whom, in the shape of ``duels``.

    Returns:
        `columns`: what is told of a claim: the number of its family in ``FAMILIES``, those of the
        denoiser and of its opponent, 1 where it is sure that they differ, and sizes; the difference
        is positive where the denoiser is better. `cells`: as those of ``duels``.
    """
    rows = board.claims.assign(
        family=board.claims["family"].map(FAMILIES.index),
        sure=(board.claims["p_value"] < SIGNIFICANT).astype(int),
    )
    columns = ("family", "denoiser", "opponent", "sure", *_SIZES)
    return {"columns": columns, "cells": _packed(board, rows, axes, columns)}


def visible(board: Board, axes: Axes) -> dict[str, Any]:
    """Return the smallest differences that can be seen, in the digits of leaderboard.md.

    Returns:
        `power`: in how many of 100 test sets a difference of that size is found. `cells`: of each
        its `key`, and its `sizes`: of each metric the number of pairs that differ, and the median,
        least and most of what can be seen between them; null without such a pair.
    """
    seen = smallest(board.duels, by=list(board.scores.labels))
    cells = []
    for key, rows in _by_cell(board, seen, axes):
        sizes: dict[str, list[int | str]] = {}
        for row in rows.to_dict("records"):
            digits = board.digits(row["metric"])
            three = (row[name] for name in ("difference", "lowest", "highest"))
            sizes[row["metric"]] = [row["pairs"], *(number(size, digits=digits) for size in three)]
        cells.append({"key": key, "sizes": [sizes.get(metric) for metric in board.metrics]})
    return {"power": round(100 * POWER), "cells": cells}


def _packed(
    board: Board, rows: pd.DataFrame, axes: Axes, columns: tuple[str, ...]
) -> list[dict[str, Any]]:
    places = {name: place for place, name in enumerate(board.names)}
    table = rows.assign(**{name: rows[name].map(places) for name in _NAMES if name in columns})
    return [
        {
            "key": key,
            "values": [
                [numbers(part[name].to_numpy(dtype=np.float64), name) for name in columns]
                for part in (inside[inside["metric"] == metric] for metric in board.metrics)
            ],
        }
        for key, inside in _by_cell(board, table, axes)
    ]


def _by_cell(
    board: Board, rows: pd.DataFrame, axes: Axes
) -> Iterator[tuple[list[int], pd.DataFrame]]:
    """Yield the rows of each cell with its key: numbers of values in the axes, -1 for all."""
    facets = list(board.scores.labels)
    every_target = [-1] * (len(axes) - len(facets))
    for labels, inside in rows.groupby(facets, sort=False):
        key = [
            -1 if label == ALL else axes[name].index(str(label))
            for name, label in zip(facets, labels, strict=True)
        ]
        yield [*key, *every_target], inside
