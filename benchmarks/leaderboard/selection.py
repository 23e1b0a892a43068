"""Choose the mixtures that are to be heard: half the hardest, the rest spread over all kinds.

Find the mixtures that denoisers do worst on: by each denoiser, noise class and SNR.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.leaderboard.dataset import Mixture
from benchmarks.leaderboard.plan import Plan
from benchmarks.leaderboard.ranking import RANKED_GROUPS
from benchmarks.leaderboard.score_matrix import Scores, read_scores
from mn_dataset import seeds

HARDEST, SPREAD = "hardest", "spread"


@dataclass(frozen=True)
class Choice:
    """A mixture, and whether it was chosen as one of the hardest or to have some of every kind."""

    mixture: Mixture
    why: str


def choose(plan: Plan, run: Path, count: int, *, seed: int) -> list[Choice]:
    """Choose mixtures of a run whose scores are written.

    Half of them, rounded down, are the worst clip of the most denoisers in their noise class and
    SNR; the others are spread.

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


def spread(mixtures: Sequence[Mixture], count: int, *, seed: int) -> list[Mixture]:
    """Choose mixtures spread over noise classes, then music categories, then SNRs."""
    deck = seeds.generator(seed, "examples").shuffled(mixtures)
    picked: list[Mixture] = []
    uses: Counter[str | float] = Counter()
    while deck and len(picked) < count:
        best = min(
            deck,
            key=lambda item: (uses[item.noise_class], uses[item.music_category], uses[item.snr_db]),
        )
        deck.remove(best)
        picked.append(best)
        uses.update([best.noise_class, best.music_category, best.snr_db])
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
    return [scores.ids[place] for place in hardest(worst, count)]


HEADLINE = "si_sdr"
"""The metric that decides, where a run has it."""

Cell = tuple[str, str, str]
"""Denoiser, noise class, SNR."""


def headline(metrics: Sequence[str]) -> str:
    """Return the metric that decides.

    >>> headline(["snr", "si_sdr"]), headline(["pesq", "stoi"])
    ('si_sdr', 'pesq')
    """
    return HEADLINE if HEADLINE in metrics else metrics[0]


def worst_clips(
    scores: Scores, denoisers: Mapping[str, int], *, metric: str, higher_is_better: bool
) -> dict[Cell, int]:
    """Return the place of the worst mixture of each denoiser per noise class and SNR.

    Args:
        scores: The scores of a run.
        denoisers: Who is asked, and in which column of the scores.
        metric: What decides.
        higher_is_better: Its direction.

    Returns:
        Rows of ``scores``; of equal ones the first. A cell without a value is left out.
    """
    cells = list(zip(scores.noise_class.tolist(), scores.snr.tolist(), strict=True))
    found: dict[Cell, int] = {}
    for name, column in denoisers.items():
        values = scores.values[metric][:, column] * (1.0 if higher_is_better else -1.0)
        for place in np.argsort(values, kind="stable").tolist():
            if np.isfinite(values[place]):
                found.setdefault((name, *cells[place]), place)
    return found


def hardest(worst: Mapping[Cell, int], count: int) -> list[int]:
    """Choose the mixtures that are the worst clip of the most, in turn over noise classes.

    >>> worst = {("a", "crowd", "0"): 4, ("b", "crowd", "0"): 4, ("a", "crowd", "5"): 2,
    ...     ("a", "traffic", "0"): 7}
    >>> hardest(worst, 2), hardest(worst, 9)
    ([4, 7], [4, 7, 2])
    """
    times = Counter(worst.values())
    classes = {place: noise_class for (_, noise_class, _), place in worst.items()}
    uses: Counter[str] = Counter()
    picked: list[int] = []
    while times and len(picked) < count:
        best = min(times, key=lambda place: (uses[classes[place]], -times[place], place))
        del times[best]
        uses[classes[best]] += 1
        picked.append(best)
    return picked
