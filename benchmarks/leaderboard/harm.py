"""Count the microphones that come out better and worse than they came in, by how clean they came.

A mean over microphones hides that a denoiser which helps those that are full of bleed may spoil the
clean ones, and a microphone close to its source is clean: its bleed is 20 dB and more below it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.leaderboard.inference import Floats
from benchmarks.leaderboard.ranking import Contest
from benchmarks.leaderboard.score_matrix import Scores
from benchmarks.metrics.undefined import LIMIT_DB

CLEAN_DB = 20.0
"""What a microphone close to its source comes in at, or above."""


@dataclass(frozen=True)
class Tally:
    """What becomes of microphones that come in alike.

    Attributes:
        denoiser: The denoiser.
        input: How they come in: without bleed, with little, or with more.
        n: How many there are.
        better: How many come out better by more than is negligible.
        worse: How many come out worse by more than that, or without a value.
        change: Mean difference to the input in dB, of those with a value.
        lowest_before: Of the microphone that loses most, what it came in at in dB.
        lowest_after: What it comes out at.
    """

    denoiser: str
    input: str
    n: int
    better: int
    worse: int
    change: float
    lowest_before: float
    lowest_after: float


def tallies(scores: Scores, names: list[str], metric: str, contest: Contest) -> Iterator[Tally]:
    """Yield what becomes of every target's microphone, by denoiser and by how they come in.

    Args:
        scores: Of a task whose targets have a microphone each.
        names: The denoisers, in the order of the scores' columns.
        metric: A ratio in dB, the higher the better.
        contest: Who is compared in it; without a baseline there is nothing to tell.
    """
    if contest.baseline is None:
        return
    values = np.concatenate([target[metric] for target in scores.by_target.values()])
    before = values[:, contest.baseline]
    inputs = {
        "no bleed at all": before >= LIMIT_DB,
        f"{CLEAN_DB:g} dB or more": (before >= CLEAN_DB) & (before < LIMIT_DB),
        f"below {CLEAN_DB:g} dB": before < CLEAN_DB,
    }
    for column, name in enumerate(names):
        if column == contest.baseline:
            continue
        for text, inside in inputs.items():
            if inside.any():
                yield _tally(name, text, before[inside], values[inside, column], contest.negligible)


def _tally(name: str, text: str, before: Floats, after: Floats, negligible: float) -> Tally:
    changes = after - before
    is_scored = np.isfinite(changes)
    lowest = int(np.nanargmin(changes)) if is_scored.any() else None
    return Tally(
        denoiser=name,
        input=text,
        n=len(changes),
        better=int((changes > negligible).sum()),
        worse=int((changes < -negligible).sum() + (~is_scored).sum()),
        change=float(changes[is_scored].mean()) if is_scored.any() else float("nan"),
        lowest_before=float("nan") if lowest is None else float(before[lowest]),
        lowest_after=float("nan") if lowest is None else float(after[lowest]),
    )
