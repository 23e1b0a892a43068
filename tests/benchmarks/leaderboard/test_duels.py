from __future__ import annotations

import numpy as np

from benchmarks.leaderboard.cell import Cell, compare
from benchmarks.leaderboard.crossed import crossed
from benchmarks.leaderboard.duels import COLUMNS
from benchmarks.leaderboard.ranking import Contest

CLEAN, NOISE = np.repeat(np.arange(9), 6), np.tile(np.arange(6), 9)


def equal(levels: list[float], spread: float, negligible: float) -> dict[tuple[str, str], bool]:
    values = np.random.default_rng(0).normal(levels, spread, (54, len(levels)))
    cell = Cell(values, np.ones(54), lambda s: crossed(CLEAN[s], NOISE[s]))
    duels = compare(cell, Contest(("blind",) * len(levels), None, True, negligible)).duels
    assert duels
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in duels.rows(["a", "b", "c"])]
    return {(min(r["better"], r["worse"]), max(r["better"], r["worse"])): r["equal"] for r in rows}


def test_two_are_equal_where_the_whole_interval_is_negligible() -> None:
    """A small difference that is known well enough; not a large one, nor one that is not known."""
    known = equal([0.0, 0.1, 3.0], spread=0.2, negligible=0.5)

    assert known == {("a", "b"): True, ("a", "c"): False, ("b", "c"): False}
    assert not equal([0.0, 0.1, 3.0], spread=9.0, negligible=0.5)["a", "b"]
    assert not equal([0.0, 0.1, 3.0], spread=0.2, negligible=0.01)["a", "b"]
