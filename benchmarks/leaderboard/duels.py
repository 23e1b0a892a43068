"""Test the denoisers of each rank group against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.leaderboard.inference import SIGNIFICANT, Floats, detectable, holm
from benchmarks.leaderboard.paired import Paired
from benchmarks.leaderboard.ranking import RANKED_GROUPS, Contest, Flags, Numbers

COLUMNS = (
    *("better", "worse", "n", "difference", "ci_low", "ci_high", "p_value", "detectable"),
    "equal",
)
"""Of the rows of duels."""


@dataclass(frozen=True)
class Duels:
    """The denoisers of each rank group against each other, in one cell and metric.

    Attributes:
        n: Mixtures, the same for all.
        better: Of each pair, the one whose mean is better.
        worse: The other one.
        difference: By how much the better mean is better, never negative.
        half_width: Half of the difference's 95 % interval, for the pair alone.
        p_value: Two-sided p-value of no difference, Holm over the pairs of the rank group.
        detectable: The difference that is found in 80 of 100 such test sets, at 5 %.
        equal: Whether the whole interval is negligible: surely no difference that matters.
    """

    n: int
    better: Numbers
    worse: Numbers
    difference: Floats
    half_width: Floats
    p_value: Floats
    detectable: Floats
    equal: Flags

    @property
    def sure(self) -> Flags:
        """Whether the better one is surely better."""
        return self.p_value < SIGNIFICANT

    def rows(self, names: Sequence[str]) -> list[tuple[object, ...]]:
        """Return a row of ``COLUMNS`` per pair, with the denoisers by name."""
        columns = (
            [names[number] for number in self.better],
            [names[number] for number in self.worse],
            [self.n] * len(self.better),
            self.difference.tolist(),
            (self.difference - self.half_width).tolist(),
            (self.difference + self.half_width).tolist(),
            self.p_value.tolist(),
            self.detectable.tolist(),
            self.equal.tolist(),
        )
        return list(zip(*columns, strict=True))


def duels(pairs: Paired, contest: Contest, *, n: int) -> Duels:
    """Make duels of the pairs that are ranked against each other.

    Args:
        pairs: Of ``contest.pairs``.
        contest: Who is compared.
        n: How many mixtures they stand on.
    """
    p_value = np.full(len(pairs.first), np.nan)
    groups = np.array(contest.groups, dtype=np.str_)[pairs.first]
    for group in RANKED_GROUPS:
        p_value[groups == group] = holm(pairs.p_value[groups == group])
    swap = pairs.gain.mean < 0
    difference, half_width = np.abs(pairs.gain.mean), pairs.gain.half_width
    return Duels(
        n=n,
        better=np.where(swap, pairs.second, pairs.first),
        worse=np.where(swap, pairs.first, pairs.second),
        difference=difference,
        half_width=half_width,
        p_value=p_value,
        detectable=detectable(pairs.gain),
        equal=difference + half_width <= contest.negligible,
    )
