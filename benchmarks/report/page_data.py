"""Pack what a page shows of a run: cells, worst mixtures, and commands.

Everything is lists of numbers, a few megabytes at most.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.leaderboard.ranking import BASELINE
from benchmarks.leaderboard.score_matrix import ALL, TARGET
from benchmarks.report.summary import Board
from mn_dataset.mix.manifest import AUDIO, audio_path

Axes = dict[str, list[str]]
"""Of each key of a cell its values in order, without "all"."""

Number = float | int | None
Numbers = list[Number] | Number

EACH = 3
"""Mixtures per denoiser, metric and cell; the worst of a larger cell are among them."""

INPUT = "{noisy}"
"""Where a command names the mixture's file, as the shell shall read it."""

_LEFT_OUT = ("tied", "resolved")
_DIGITS = dict.fromkeys(("p_value", "won", "lost"), 3) | dict.fromkeys(
    ("detectable", "p10", "worst", "worst_case", "without_low", "without_high"), 4
)
_OUT = "again"


def packed(board: Board) -> dict[str, Any]:
    """Return the board's rows by cell.

    Returns:
        `facets`: per key of a cell what it is called. `axes`: per key its values, without "all".
        `columns`: what the numbers of a row are; a `worst_case` that is the mean is null. `cells`:
        of each cell its `key` (numbers of values in the axes, -1 for all), its `size` in mixtures;
        of each metric, on how many it is `scored`, how many recordings of each kind these share,
        and 1 if it is `resolved`; its `values`: metric by metric, column by column, one number per
        denoiser or, where all are the same, that number, an undefined one being null; and who is
        `carried` by one recording: metric, denoiser, name.
    """
    keys = list(board.scores.keys)
    axes = {key: board.scores.axis(key) for key in keys}
    rows = _lean(board.rows)
    columns = _columns(rows, keys)
    standings = _standings(board, rows, columns)
    scored, facets = _scored(board), len(board.scores.labels)
    cells = []
    for key, members in rows.reset_index(drop=True).groupby(keys, sort=False):
        labels = tuple(map(str, key))
        inside = board.scores.inside(labels[:facets])
        cells.append(
            {
                "key": [
                    -1 if label == ALL else axes[name].index(label)
                    for name, label in zip(keys, labels, strict=True)
                ],
                "size": int(inside.sum()),
                "scored": [_counts(board, inside & flags) for flags in scored[labels[facets:]]],
                **standings(members.index.to_numpy(dtype=np.intp)),
            }
        )
    return {"facets": _facets(board), "axes": axes, "columns": columns, "cells": cells}


def _lean(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows without what can be told from the rest of them."""
    lean = rows.assign(worst_case=rows["worst_case"].where(~_same(rows, "worst_case")))
    # Where all mixtures are of one length, means weighted by it are the means.
    return lean.drop(columns="weighted_mean") if _same(rows, "weighted_mean").all() else lean


def _columns(rows: pd.DataFrame, keys: Sequence[str]) -> list[str]:
    """Return the columns of numbers that are told of every row."""
    names = rows.drop(columns=[*keys, *_LEFT_OUT]).select_dtypes("number").columns
    return list(map(str, names))


def _standings(
    board: Board, rows: pd.DataFrame, columns: Sequence[str]
) -> Callable[[NDArray[np.intp]], dict[str, Any]]:
    """Return what packs the rows of a cell, given their numbers, by metric and denoiser."""
    names = list(board.metrics), board.names
    metrics, denoisers = (
        pd.Index(order).get_indexer(pd.Index(rows[side]))
        for order, side in zip(names, ("metric", "denoiser"), strict=True)
    )
    values = rows[columns].to_numpy(dtype=np.float64, na_value=np.nan)
    resolved, carried = rows["resolved"].to_numpy(dtype=bool), rows["carried_by"].tolist()

    def packed_rows(part: NDArray[np.intp]) -> dict[str, Any]:
        table = np.full((*map(len, names), len(columns)), np.nan)
        table[metrics[part], denoisers[part]] = values[part]
        large = set(metrics[part][resolved[part]].tolist())
        hanging = [row for row in part.tolist() if carried[row]]
        return {
            "resolved": [int(number in large) for number in range(len(table))],
            "values": [
                [numbers(one[:, place], name) for place, name in enumerate(columns)]
                for one in table
            ],
            "carried": [
                word
                for row in hanging
                for word in (int(metrics[row]), int(denoisers[row]), carried[row])
            ],
        }

    return packed_rows


def _same(rows: pd.DataFrame, name: str) -> pd.Series[bool]:
    """Return where a column is the mean, but for rounding, or undefined with it."""
    size = rows["mean"].abs().clip(lower=1.0)
    return ((rows[name] - rows["mean"]).abs() <= 1e-9 * size) | (
        rows[name].isna() & rows["mean"].isna()
    )


def _scored(board: Board) -> dict[tuple[str, ...], list[NDArray[np.bool_]]]:
    """Return on which mixtures anybody has a value, metric by metric, for each side of a cell."""
    return {
        side: [np.asarray(np.isfinite(values[metric]).any(axis=1)) for metric in board.metrics]
        for side, values in board.scores.sides()
    }


def _counts(board: Board, inside: NDArray[np.bool_]) -> list[int]:
    """Return how many mixtures these are, and how many recordings of each kind they share."""
    kinds = zip(board.scores.clusters, board.task.clusters, strict=True)
    shared = [len(np.unique(codes[inside])) for codes, axis in kinds if axis.column]
    return [int(inside.sum()), *shared]


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


def short(number: float, *, digits: int = 5) -> float | None:
    """Return a number in as many digits as a page needs; None if it is undefined.

    >>> short(12.3456789), short(float("nan")), short(-0.00001234)
    (12.346, None, -1.234e-05)
    """
    return float(f"{number:.{digits}g}") if math.isfinite(number) else None


def numbers(values: NDArray[np.float64], name: str) -> Numbers:
    """Return a column's numbers as a page needs them; one number where all are the same."""
    digits = _DIGITS.get(name, 5)
    shortened = [short(value, digits=digits) for value in values.tolist()]
    told = [round(n) if n is not None and n == round(n) else n for n in shortened]
    return told[0] if len(told) > 1 and len(set(told)) == 1 else told


def worst(board: Board, axes: Axes) -> dict[str, Any]:
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
    codes = codes.ravel()  # NumPy 2.0.0 gives a column
    by_cell = np.argsort(codes, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(codes))])[codes[by_cell]]
    first = by_cell[np.arange(len(by_cell)) - starts < EACH]
    return [int(row) for row in order[np.sort(first)]]


def _cells(board: Board, axes: Axes) -> NDArray[np.intp]:
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

    Where no command does that to a file, ``mn bench`` does: it knows what else a denoiser needs,
    and that the row that does nothing runs in every task.

    Args:
        board: The run.
        item: The denoiser's description in run.json.
    """
    request = item.get("request", item["name"])  # an older run lacks it
    device = board.run["settings"]["device"]
    where = "" if device == "cpu" else f" --device {shlex.quote(device)}"
    is_another_s = item["name"] == BASELINE and board.task.target_axis
    if item.get("needs") or not board.task.command or is_another_s:
        names = ",".join(dict.fromkeys([BASELINE, request]))
        folder = shlex.quote(_dataset(board))
        return f"mn bench {folder} --denoisers {shlex.quote(names)} --out {_OUT}{where}"
    command = f"mn {board.task.command} {INPUT}"
    return f"{command} --{board.task.actor} {shlex.quote(request)} --out {_OUT}{where}"


def input_file(board: Board, mixture_id: str) -> str:
    """Return a mixture's input in the dataset as a shell finds it, be it WAV or FLAC."""
    files = board.task.named_files
    inputs = files.inputs if files else board.task.input_names
    path = audio_path(mixture_id, inputs[0], "") if inputs else f"{AUDIO}/{mixture_id}."
    return f"{shlex.quote(f'{_dataset(board)}/{path}')}*"


def _dataset(board: Board) -> str:
    data: dict[str, str] = board.run["dataset"]
    return data.get("path", data["name"])  # an older run lacks the way to it
