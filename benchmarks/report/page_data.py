"""Pack a board's rows for the page: one list of numbers per cell, a few megabytes at most.

Pack what the pairwise tests tell, for the page.

Find the worst clips of every denoiser, so that the page can name them for any cell.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.leaderboard.inference import POWER, SIGNIFICANT, smallest
from benchmarks.leaderboard.score_matrix import ALL
from benchmarks.leaderboard.table import BASELINE
from benchmarks.report.reproduce import noisy_file
from benchmarks.report.summary import Board
from benchmarks.report.text import number

_KEYS = ("noise_class", "music_category", "snr_db")
_WHOLE = ("n", "rank", "rank_high")


def packed(board: Board) -> dict[str, Any]:
    """Return the board's rows by cell.

    Returns:
        `axes`: per key of a cell its values, without "all". `columns`: what is told of a row.
        `cells`: of each cell its `key` (places in the axes, -1 for all), its `size` in mixtures,
        and its `values`: metric by metric, denoiser by denoiser, column by column; an undefined
        number is null.
    """
    axes = _axes(board)
    columns = [name for name in board.rows.columns if name not in ("denoiser", "metric", *_KEYS)]
    columns = [name for name in columns if pd.api.types.is_numeric_dtype(board.rows[name])]
    order = pd.MultiIndex.from_product([list(board.metrics), board.names])
    cells = []
    sizes = _sizes(board)
    for key, rows in board.rows.groupby(list(_KEYS), sort=False):
        labels = tuple(map(str, key))
        table = rows.set_index(["metric", "denoiser"])[columns].reindex(order)
        numbers = [
            _column(name, table[name].to_numpy(dtype=np.float64, na_value=np.nan))
            for name in columns
        ]
        cells.append(
            {
                "key": [
                    -1 if label == ALL else axes[name].index(label)
                    for name, label in zip(_KEYS, labels, strict=True)
                ],
                "size": sizes[labels],
                "values": [number for row in zip(*numbers, strict=True) for number in row],
            }
        )
    return {"axes": axes, "columns": columns, "cells": cells}


def short(number: float) -> float | None:
    """Return a number in as many digits as a page needs; None if it is undefined.

    >>> short(12.3456789), short(float("nan")), short(-0.00001234)
    (12.346, None, -1.234e-05)
    """
    return float(f"{number:.5g}") if math.isfinite(number) else None


def _column(name: str, values: NDArray[np.float64]) -> list[float | int | None]:
    numbers: list[float | int | None] = [short(number) for number in values.tolist()]
    if name in _WHOLE:
        return [None if number is None else round(number) for number in numbers]
    return numbers


def _axes(board: Board) -> dict[str, list[str]]:
    found = {}
    for name in _KEYS:
        labels = [str(label) for label in board.rows[name].unique() if label != ALL]
        found[name] = sorted(labels) if name != "snr_db" else sorted(labels, key=_low)
    return found


def _low(label: str) -> float:
    return float(label.partition("..")[0])


def _sizes(board: Board) -> dict[tuple[str, ...], int]:
    """Count the mixtures of every cell that has rows."""
    scores = board.scores
    facts = pd.DataFrame(
        {
            "noise_class": scores.noise_class,
            "music_category": scores.music_category,
            "snr_db": scores.snr,
        }
    )
    sizes: dict[tuple[str, ...], int] = {}
    for key in board.rows[list(_KEYS)].drop_duplicates().itertuples(index=False):
        inside = np.ones(len(facts), dtype=bool)
        for name, label in zip(_KEYS, key, strict=True):
            inside &= np.ones(len(facts), dtype=bool) if label == ALL else facts[name] == label
        sizes[tuple(map(str, key))] = int(inside.sum())
    return sizes


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


EACH = 3
"""Clips per denoiser, metric and cell of the cube; the worst of a larger cell are among them."""


def worst(board: Board, axes: dict[str, list[str]]) -> dict[str, Any]:
    """Return the worst clips of every denoiser in every metric, and which mixtures they are.

    Args:
        board: The run.
        axes: Values of the cells' keys, see ``packed``.

    Returns:
        `mixtures`: of each its id, its cell as places in the axes, and its file. `clips`: by
        metric, by denoiser, a flat list of place in the mixtures, value, difference to `noisy`.
    """
    cells = _cells(board, axes)
    baseline = board.names.index(BASELINE) if BASELINE in board.names else None
    ids = board.scores.ids
    places: dict[int, int] = {}
    clips = []
    for name, metric in board.metrics.items():
        values = board.scores.values[name]
        sign = 1.0 if metric["higher_is_better"] else -1.0
        deltas = values * np.nan if baseline is None else values - values[:, [baseline]]
        clips.append(
            [
                [
                    number
                    for place in _lowest(sign * values[:, column], cells)
                    for number in (
                        places.setdefault(place, len(places)),
                        short(values[place, column]),
                        short(deltas[place, column]),
                    )
                ]
                for column in range(len(board.names))
            ]
        )
    return {
        "mixtures": [
            [ids[place], *cells[place].tolist(), noisy_file(board, ids[place])] for place in places
        ],
        "clips": clips,
    }


def _lowest(values: NDArray[np.float64], cells: NDArray[np.intp]) -> list[int]:
    """Return the places of the lowest values of each cell, the lowest of all first."""
    order = np.argsort(values, kind="stable")
    order = order[np.isfinite(values[order])]
    _, codes = np.unique(cells[order], axis=0, return_inverse=True)
    by_cell = np.argsort(codes, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(codes))])[codes[by_cell]]
    first = by_cell[np.arange(len(by_cell)) - starts < EACH]
    return [int(place) for place in order[np.sort(first)]]


def _cells(board: Board, axes: dict[str, list[str]]) -> NDArray[np.intp]:
    """Return each mixture's cell as places in the axes, shape (mixtures, 3)."""
    scores = board.scores
    labels = (scores.noise_class, scores.music_category, scores.snr)
    return np.array(
        [
            [values.index(label) for label in column.tolist()]
            for values, column in zip(axes.values(), labels, strict=True)
        ],
        dtype=np.intp,
    ).T
