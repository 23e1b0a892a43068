"""Tell what becomes of every microphone of a session: by its name, and by how clean it came in."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.leaderboard.harm import CLEAN_DB, Tally, tallies
from benchmarks.leaderboard.ranking import BASELINE, contest
from benchmarks.leaderboard.score_matrix import ALL, TARGET
from benchmarks.leaderboard.selection import HEADLINE
from benchmarks.report.summary import Board
from benchmarks.report.text import heading, marked, number

FRAMEWISE = {"sdr_v4": "the median over seconds", "sdr_v4_mean": "the mean over seconds"}
"""The metrics that papers on bleed removal report by stem, and what they are of frames."""

_RATIO = HEADLINE
"""By which microphones are called clean, better and worse."""


@dataclass(frozen=True)
class Section:
    """A table with its heading and a note below it.

    Attributes:
        title: Heading.
        header: Of the columns.
        rows: Cells.
        note: What the rows and columns are.
    """

    title: str
    header: list[str]
    rows: list[list[str]]
    note: str


def sections(board: Board) -> Iterator[Section]:
    """Yield the tables of a task whose targets have a microphone each; of another there is none."""
    if not board.task.input_axis:
        return
    yield from _harm(board)
    for metric, frames in FRAMEWISE.items():
        if metric in board.metrics:
            yield _by_microphone(board, metric, frames)


def harm(board: Board) -> list[Tally]:
    """Return how many microphones come out better and worse; none without a ratio to tell by."""
    if not board.task.input_axis or _RATIO not in board.metrics:
        return []
    rule = contest(board.run, board.metrics[_RATIO])
    return list(tallies(board.scores, board.names, _RATIO, rule))


def _harm(board: Board) -> Iterator[Section]:
    rows = harm(board)
    if not rows:
        return
    limit = board.negligible(_RATIO)
    order = list(board.over_all(_RATIO)["denoiser"])
    yield Section(
        f"What becomes of the microphones: {heading(board.metrics[_RATIO])}",
        ["denoiser", "came in at", "n", "better", "worse", "mean change", "worst change", "from"],
        [
            [
                marked(board, row.denoiser),
                row.input,
                str(row.n),
                str(row.better),
                str(row.worse),
                number(row.change, sign=True),
                number(row.lowest_after - row.lowest_before, sign=True),
                f"{number(row.lowest_before)} to {number(row.lowest_after)}",
            ]
            for row in sorted(rows, key=lambda row: order.index(row.denoiser))
        ],
        "Every microphone of every mixture counts. Better and worse: those that come out above and "
        f"below what they came in at (`{BASELINE}`) by more than {limit:g} dB; one without a value "
        f"is worse. At {CLEAN_DB:g} dB and above a microphone is nearly clean, as one close to a "
        "loud source is: there is more to spoil than to gain. The worst change is that of one "
        "microphone, from the ratio that it came in at to that which it comes out at.",
    )


def _by_microphone(board: Board, metric: str, frames: str) -> Section:
    """Return mean with interval, median and gain in one metric, a column per microphone."""
    targets = [*board.scores.by_target, ALL]
    rows = board.by(TARGET, metric).set_index(["denoiser", TARGET])
    counts = {
        target: int(np.isfinite(values[metric]).any(axis=1).sum())
        for (target,), values in board.scores.sides()
    }
    body = []
    for name in board.over_all(metric)["denoiser"]:
        cells = [rows.loc[(name, target)] for target in targets]
        lines = {
            "mean": [_with_interval(*cell[["mean", "ci_low", "ci_high"]]) for cell in cells],
            "median": [number(cell["median"]) for cell in cells],
        }
        if name != BASELINE:
            lines["gain"] = [number(cell["delta"], sign=True) for cell in cells]
        body += [[marked(board, name), line, *line_cells] for line, line_cells in lines.items()]
    headers = [
        f"{'overall' if target == ALL else target} (n = {counts[target]})" for target in targets
    ]
    return Section(
        f"{heading(board.metrics[metric])} by microphone: {frames}, and over mixtures",
        ["denoiser", "over mixtures", *headers],
        body,
        f"`{metric}` is {frames} of a mixture. Mean, with its 95 % interval, and median are over "
        f"the n mixtures with such a microphone; the gain is the mean difference to `{BASELINE}`, "
        f"{board.task.baseline}. Overall is of the mean over the microphones of a mixture.",
    )


def _with_interval(mean: float, low: float, high: float) -> str:
    interval = f" ({number(low)} … {number(high)})" if math.isfinite(low) else ""
    return f"{number(mean)}{interval}"
