"""Pack a board's rows for the page: one list of numbers per cell, a few megabytes at most."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.leaderboard.scores import ALL
from benchmarks.report.board import Board

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
