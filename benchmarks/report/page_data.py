"""Pack what a page shows of a run: cells, pairwise tests, worst mixtures, and commands.

Everything is lists of numbers, a few megabytes at most.
"""

from __future__ import annotations

import math
import shlex
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.leaderboard.inference import POWER, SIGNIFICANT, smallest
from benchmarks.leaderboard.ranking import BASELINE
from benchmarks.leaderboard.score_matrix import ALL, TARGET
from benchmarks.report.summary import Board
from benchmarks.report.text import number
from mn_dataset.mix.manifest import AUDIO, audio_path

COLUMNS = ("difference", "ci_low", "ci_high", "p_value", "detectable")
"""Numbers of a pair, after who is better, who is worse and whether that is sure."""

EACH = 3
"""Mixtures per denoiser, metric and cell; the worst of a larger cell are among them."""

INPUT = "{noisy}"
"""Where a command names the mixture's file, as the shell shall read it."""

_WHOLE = ("n", "rank", "rank_high")
_OUT = "again"


def packed(board: Board) -> dict[str, Any]:
    """Return the board's rows by cell.

    Returns:
        `facets`: per key of a cell what it is called. `axes`: per key its values, without "all".
        `columns`: what the numbers of a row are. `cells`: of each cell its `key` (numbers of values
        in the axes, -1 for all), its `size` in mixtures, and its `values`: metric by metric,
        denoiser by denoiser, column by column; an undefined number is null.
    """
    keys = list(board.scores.keys)
    axes = {key: board.scores.axis(key) for key in keys}
    columns = [name for name in board.rows.columns if name not in ("denoiser", "metric", *keys)]
    columns = list(board.rows[columns].select_dtypes("number").columns)
    order = pd.MultiIndex.from_product([list(board.metrics), board.names])
    cells = []
    for key, rows in board.rows.groupby(keys, sort=False):
        labels = tuple(map(str, key))
        table = rows.set_index(["metric", "denoiser"])[columns].reindex(order)
        numbers = [
            _column(name, table[name].to_numpy(dtype=np.float64, na_value=np.nan))
            for name in columns
        ]
        inside = board.scores.inside(labels[: len(board.scores.labels)])
        cells.append(
            {
                "key": [
                    -1 if label == ALL else axes[name].index(label)
                    for name, label in zip(keys, labels, strict=True)
                ],
                "size": int(inside.sum()),
                "values": [number for row in zip(*numbers, strict=True) for number in row],
            }
        )
    return {"facets": _facets(board), "axes": axes, "columns": columns, "cells": cells}


def _facets(board: Board) -> list[dict[str, Any]]:
    """Return what each key of a cell is called: in the page's address, and for people."""
    columns = [facet.column for facet in board.task.facets]
    words = [column.partition("_")[0] for column in columns]
    facets = [
        {
            "name": word if words.count(word) == 1 else facet.column,
            "title": facet.title[:1].upper() + facet.title[1:],
            "plural": facet.plural,
            "numeric": facet.numeric,
        }
        for facet, word in zip(board.task.facets, words, strict=True)
    ]
    target = {"name": TARGET, "title": "Target", "plural": "targets", "numeric": False}
    return [*facets, *([target] if board.scores.by_target else [])]


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


def duels(board: Board) -> dict[str, Any]:
    """Return the pairwise tests over all mixtures.

    Returns:
        `columns`: what is said of a pair. `values`: of each metric one list, pair by pair and
        column by column: the numbers of the better and of the worse among the denoisers, 1 where
        that is sure, and numbers, of which an undefined one is null.
    """
    over_all = board.duels_by(None)
    numbers = {name: number for number, name in enumerate(board.names)}
    values = []
    for metric in board.metrics:
        rows = over_all[over_all["metric"] == metric]
        better, worse = (rows[side].map(numbers).tolist() for side in ("better", "worse"))
        sure = (rows["p_value"] < SIGNIFICANT).astype(int).tolist()
        tests = rows[list(COLUMNS)].to_numpy(dtype=np.float64).tolist()
        pairs = zip(better, worse, sure, tests, strict=True)
        values.append(
            [part for *who, test in pairs for part in (*who, *(short(value) for value in test))]
        )
    return {"columns": ["better", "worse", "sure", *COLUMNS], "values": values}


def visible(board: Board) -> dict[str, Any]:
    """Return the smallest differences that can be seen, in the digits of leaderboard.md.

    Returns:
        `power`: in how many of 100 test sets a difference of that size is found. `told`: of each
        metric, by label of the first facet and for "all", the number of pairs that differ, and the
        median, least and most of what can be seen between them.
    """
    column = board.first_facet.column
    differences: dict[str, dict[str, list[int | str]]] = {metric: {} for metric in board.metrics}
    for row in smallest(board.duels_by(column), by=column).to_dict("records"):
        sizes = (number(row[name]) for name in ("difference", "lowest", "highest"))
        differences[row["metric"]][row[column]] = [row["pairs"], *sizes]
    return {"power": round(100 * POWER), "told": list(differences.values())}


def worst(board: Board, axes: dict[str, list[str]]) -> dict[str, Any]:
    """Return the worst mixtures of every denoiser in every metric, of each target by itself.

    Args:
        board: The run.
        axes: Values of the cells' keys, see ``packed``.

    Returns:
        `mixtures`: of each its id, its cell as numbers of values in the axes, and its file.
        `clips`: by metric, by denoiser, a flat list of number among the mixtures, value, difference
        to `noisy`.
    """
    scores = board.scores
    sides = list(scores.by_target.values()) or [scores.values]
    cells = _cells(board, axes)
    baseline = board.names.index(BASELINE) if BASELINE in board.names else None
    numbers: dict[int, int] = {}
    clips = []
    for name, metric in board.metrics.items():
        values = np.concatenate([side[name] for side in sides])
        sign = 1.0 if metric["higher_is_better"] else -1.0
        deltas = values * np.nan if baseline is None else values - values[:, [baseline]]
        clips.append(
            [
                [
                    part
                    for row in _lowest(sign * values[:, column], cells)
                    for part in (
                        numbers.setdefault(row, len(numbers)),
                        short(values[row, column]),
                        short(deltas[row, column]),
                    )
                ]
                for column in range(len(board.names))
            ]
        )
    ids = [scores.ids[row % len(scores.ids)] for row in numbers]
    return {
        "mixtures": [
            [name, *cells[row].tolist(), input_file(board, name)]
            for name, row in zip(ids, numbers, strict=True)
        ],
        "clips": clips,
    }


def _lowest(values: NDArray[np.float64], cells: NDArray[np.intp]) -> list[int]:
    """Return the rows of the lowest values of each cell, the lowest of all first."""
    order = np.argsort(values, kind="stable")
    order = order[np.isfinite(values[order])]
    _, codes = np.unique(cells[order], axis=0, return_inverse=True)
    by_cell = np.argsort(codes, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(codes))])[codes[by_cell]]
    first = by_cell[np.arange(len(by_cell)) - starts < EACH]
    return [int(row) for row in order[np.sort(first)]]


def _cells(board: Board, axes: dict[str, list[str]]) -> NDArray[np.intp]:
    """Return the cell of each mixture, of each target in turn, as numbers of values in the axes."""
    scores = board.scores
    columns = [
        [axes[column].index(label) for label in labels.tolist()]
        for column, labels in scores.labels.items()
    ]
    cells = np.array(columns, dtype=np.intp).T
    if not scores.by_target:
        return cells
    targets = np.repeat(np.arange(len(scores.by_target)), len(cells))
    return np.column_stack([np.tile(cells, (len(scores.by_target), 1)), targets])


def again(board: Board, item: dict[str, Any]) -> str:
    """Return a command for a shell that makes an estimate again, of the mixture in ``INPUT``.

    Where no command does that to a file, ``mn bench`` does: it knows what else a denoiser needs.

    Args:
        board: The run.
        item: The denoiser's description in run.json.
    """
    request = item.get("request", item["name"])  # an older run lacks it
    device = board.run["settings"]["device"]
    where = "" if device == "cpu" else f" --device {shlex.quote(device)}"
    if item.get("needs") or not board.task.command:
        names = ",".join(dict.fromkeys([BASELINE, request]))
        folder = shlex.quote(_dataset(board))
        return f"mn bench {folder} --denoisers {shlex.quote(names)} --out {_OUT}{where}"
    command = f"mn {board.task.command} {INPUT}"
    return f"{command} --denoiser {shlex.quote(request)} --out {_OUT}{where}"


def input_file(board: Board, mixture_id: str) -> str:
    """Return a mixture's input in the dataset as a shell finds it, be it WAV or FLAC."""
    names = board.task.named_files
    path = audio_path(mixture_id, names.inputs[0], "") if names else f"{AUDIO}/{mixture_id}."
    return f"{shlex.quote(f'{_dataset(board)}/{path}')}*"


def _dataset(board: Board) -> str:
    data: dict[str, str] = board.run["dataset"]
    return data.get("path", data["name"])  # an older run lacks the way to it
