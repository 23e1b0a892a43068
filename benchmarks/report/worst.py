"""Find the worst clips of every denoiser, so that the page can name them for any cell."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.leaderboard.table import BASELINE
from benchmarks.report.board import Board
from benchmarks.report.commands import noisy_file
from benchmarks.report.packed import short

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
