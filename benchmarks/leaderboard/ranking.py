"""Say who is compared with whom in a cell, and which ranks follow from the tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.leaderboard.crossed import Clustering, Crossing

BASELINE = "noisy"
"""The row that does nothing, in every task; improvements are differences to it."""

RANKED_GROUPS = ("blind", "informed")
"""Reference and oracle rows are measured, but not ranked."""

FEWEST_RECORDINGS = 3
"""Of each kind, for ranks: the spread of two is one number."""

FEWEST_MIXTURES = 7
"""For ranks."""

_NEGLIGIBLE = {"MOS": 0.1, "1": 0.01}  # by unit, where an older run does not tell
_NEGLIGIBLE_DB = 0.5

Numbers = NDArray[np.intp]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Contest:
    """Who is compared, and by which rule.

    Attributes:
        groups: The rank group of each denoiser.
        baseline: Which denoiser ``delta`` is a difference to, if any.
        higher_is_better: The metric's direction.
        negligible: A difference on one mixture that is none for a listener, in the metric's unit.
        learned: Which denoisers learned from recordings; the others are classical.
    """

    groups: tuple[str, ...]
    baseline: int | None
    higher_is_better: bool
    negligible: float = 0.0
    learned: frozenset[int] = frozenset()

    @property
    def sign(self) -> float:
        """What a value is multiplied by to be better the higher it is."""
        return 1.0 if self.higher_is_better else -1.0

    @property
    def ranked(self) -> Flags:
        """Which denoisers are ranked, each in its group."""
        return np.isin(self.groups, RANKED_GROUPS)

    def pairs(self) -> Numbers:
        """Return the pairs that are ranked against each other, shape (pairs, 2)."""
        pairs = [
            (first, second)
            for first, second in combinations(range(len(self.groups)), 2)
            if self.groups[first] == self.groups[second] and self.groups[first] in RANKED_GROUPS
        ]
        return np.array(pairs, dtype=np.intp).reshape(-1, 2)

    def among(self, present: Flags) -> Contest:
        """Return the contest in which those that are not present are of no group."""
        groups = tuple(
            group if flag else "" for group, flag in zip(self.groups, present, strict=True)
        )
        without = self.baseline is None or not present[self.baseline]
        return replace(self, groups=groups, baseline=None if without else self.baseline)


def contest(run: Mapping[str, Any], metric: Mapping[str, Any]) -> Contest:
    """Return the contest of a run's denoisers in one of its metrics, as run.json has them."""
    names = [item["name"] for item in run["denoisers"]]
    return Contest(
        groups=tuple(item["rank_group"] for item in run["denoisers"]),
        baseline=names.index(BASELINE) if BASELINE in names else None,
        higher_is_better=metric["higher_is_better"],
        negligible=negligible(metric),
        learned=frozenset(
            number
            for number, item in enumerate(run["denoisers"])
            if item.get("trained_on") is not None
        ),
    )


def negligible(metric: Mapping[str, Any]) -> float:
    """Return which difference on a mixture is negligible in a metric of run.json.

    >>> negligible({"unit": "MOS", "negligible": 0.2}), negligible({"unit": "dB"})
    (0.2, 0.5)
    """
    unit = metric.get("unit", "")
    return float(metric.get("negligible", _NEGLIGIBLE.get(unit, _NEGLIGIBLE_DB)))


def resolved(crossing: Crossing | Clustering | None, mixtures: int) -> bool:
    """Tell whether a cell is large enough for ranks.

    Args:
        crossing: Which recordings its mixtures are of; None where chance cannot be told.
        mixtures: How many they are.
    """
    if crossing is None or mixtures < FEWEST_MIXTURES:
        return False
    if isinstance(crossing, Crossing):
        return min(crossing.axes) >= FEWEST_RECORDINGS
    return int(crossing.cluster.max()) + 1 >= FEWEST_RECORDINGS


def ranks(
    better: Numbers, worse: Numbers, contest: Contest
) -> tuple[list[int | None], list[int | None]]:
    """Return the first and the last rank that each denoiser may have; None for the unranked.

    Args:
        better: Of each pair that surely differs, the better one.
        worse: The other one.
        contest: Who is compared.
    """
    count = len(contest.groups)
    above, below = (np.bincount(side, minlength=count) for side in (worse, better))
    ranked = contest.ranked
    sizes = [contest.groups.count(group) for group in contest.groups]
    first = [1 + int(above[at]) if ranked[at] else None for at in range(count)]
    last = [sizes[at] - int(below[at]) if ranked[at] else None for at in range(count)]
    return first, last
