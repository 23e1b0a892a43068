"""Choose the mixtures that are to be heard: half the hardest, the rest spread over all kinds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.leaderboard.dataset import Mixture
from benchmarks.leaderboard.hardest import hardest, headline, worst_clips
from benchmarks.leaderboard.plan import Plan
from benchmarks.leaderboard.scores import read_scores
from benchmarks.leaderboard.stats import RANKED_GROUPS
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
