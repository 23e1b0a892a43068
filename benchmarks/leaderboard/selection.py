"""Choose the mixtures of a run to be heard: half the hardest, the rest spread over all kinds.

The hardest are those that most denoisers do worst on, in a cell of the task's first facet and of
its numbers: by noise class and SNR.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.leaderboard.plan import Plan
from benchmarks.leaderboard.ranking import RANKED_GROUPS
from benchmarks.leaderboard.score_matrix import Scores, read_scores
from mn_dataset import seeds
from mn_dataset.mix.dataset import MixtureRow
from mn_dataset.records import Label

HARDEST, SPREAD = "hardest", "spread"

HEADLINE = "si_sdr"
"""The metric that decides, where a run has it."""

Cell = tuple[str, ...]
"""Denoiser, then labels: of the task's first facet, and of those that are numbers."""


@dataclass(frozen=True)
class Choice:
    """A mixture, and whether it was chosen as one of the hardest or to have some of every kind."""

    mixture: MixtureRow
    why: str


def choose(plan: Plan, run: Path, count: int, *, seed: int) -> list[Choice]:
    """Choose mixtures of a run whose scores are written.

    Half of them, rounded down, are the worst mixture of the most denoisers in their cell; the
    others are spread.

    Args:
        plan: The run.
        run: The run folder, with scores.parquet and mixtures.parquet.
        count: How many.
        seed: Seed of the spread.
    """
    if not count:
        return []
    by_id = {mixture.id: mixture for mixture in plan.dataset.mixtures}
    picked = [Choice(by_id[name], HARDEST) for name in _hardest(plan, run, count // 2)]
    taken = {choice.mixture.id for choice in picked}
    rest = [mixture for mixture in plan.dataset.mixtures if mixture.id not in taken]
    return picked + [Choice(item, SPREAD) for item in spread(rest, count - len(picked), seed=seed)]


def spread(mixtures: Sequence[MixtureRow], count: int, *, seed: int) -> list[MixtureRow]:
    """Choose mixtures spread over the facets of their task, the first one first."""
    rest = seeds.generator(seed, "examples").shuffled(mixtures)
    picked: list[MixtureRow] = []
    uses: Counter[tuple[int, Label]] = Counter()
    while rest and len(picked) < count:
        best = min(rest, key=lambda item: [uses[place] for place in enumerate(item.labels)])
        rest.remove(best)
        picked.append(best)
        uses.update(enumerate(best.labels))
    return picked


def _hardest(plan: Plan, run: Path, count: int) -> list[str]:
    metric = headline(list(plan.versions))
    rising = {spec.name: spec.higher_is_better for spec in plan.metrics}
    names = [entrant.name for entrant in plan.entrants]
    ranked = {
        name: column
        for column, name in enumerate(names)
        if plan.specs[name].rank_group in RANKED_GROUPS
    }
    scores = read_scores(run, denoisers=names, metrics=[metric])
    worst = worst_clips(scores, ranked, metric=metric, higher_is_better=rising[metric])
    return [scores.ids[row] for row in hardest(worst, count)]


def headline(metrics: Sequence[str]) -> str:
    """Return the metric that decides.

    >>> headline(["snr", "si_sdr"]), headline(["pesq", "stoi"])
    ('si_sdr', 'pesq')
    """
    return HEADLINE if HEADLINE in metrics else metrics[0]


def worst_clips(
    scores: Scores, denoisers: Mapping[str, int], *, metric: str, higher_is_better: bool
) -> dict[Cell, int]:
    """Return the row of the worst mixture of each denoiser per cell.

    Args:
        scores: The scores of a run.
        denoisers: The columns of the denoisers that count.
        metric: What decides.
        higher_is_better: Its direction.

    Returns:
        Rows of ``scores``; of equal ones the first. A cell without a value is left out.
    """
    columns = [
        scores.labels[facet.column].tolist()
        for number, facet in enumerate(scores.task.facets)
        if number == 0 or facet.numeric
    ]
    cells = list(zip(*columns, strict=True))
    worst: dict[Cell, int] = {}
    for name, column in denoisers.items():
        values = scores.values[metric][:, column] * (1.0 if higher_is_better else -1.0)
        for row in np.argsort(values, kind="stable").tolist():
            if np.isfinite(values[row]):
                worst.setdefault((name, *cells[row]), row)
    return worst


def hardest(worst: Mapping[Cell, int], count: int) -> list[int]:
    """Choose the mixtures that are the worst of the most, in turn over labels of the first facet.

    >>> worst = {("a", "crowd", "0"): 4, ("b", "crowd", "0"): 4, ("a", "crowd", "5"): 2,
    ...     ("a", "traffic", "0"): 7}
    >>> hardest(worst, 2), hardest(worst, 9)
    ([4, 7], [4, 7, 2])
    """
    times = Counter(worst.values())
    labels = {row: cell[1] for cell, row in worst.items()}
    uses: Counter[str] = Counter()
    picked: list[int] = []
    while times and len(picked) < count:
        best = min(times, key=lambda row: (uses[labels[row]], -times[row], row))
        del times[best]
        uses[labels[best]] += 1
        picked.append(best)
    return picked
