"""Estimate by how much denoisers differ, paired by mixture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.leaderboard.crossed import Clustering, Crossing, estimate
from benchmarks.leaderboard.imputation import Filled
from benchmarks.leaderboard.inference import Estimate, Floats, two_sided
from benchmarks.leaderboard.ranking import Contest, Flags, Numbers


@dataclass(frozen=True)
class Paired:
    """Mean differences of pairs of denoisers; one entry per pair.

    Attributes:
        first: Of each pair, the one.
        second: The other.
        gain: By how much the first one is better than the second: positive is better.
        p_value: Two-sided p-value of no difference, for the pair alone.
    """

    first: Numbers
    second: Numbers
    gain: Estimate
    p_value: Floats

    def only(self, pairs: slice | Flags | Numbers) -> Paired:
        """Return some of the pairs."""
        gain = self.gain.only(pairs)
        return Paired(self.first[pairs], self.second[pairs], gain, self.p_value[pairs])


def paired(
    values: Filled, pairs: Numbers, crossing: Crossing | Clustering | None, contest: Contest
) -> Paired:
    """Compare pairs of denoisers over all mixtures.

    The p-value of a pair whose better one lacks values is the larger one of two: with its missing
    values as low as the lowest on their mixture, and with them at the severe bound.

    Args:
        values: Of the denoisers.
        pairs: Numbers of the denoisers, shape (pairs, 2).
        crossing: Which recordings the mixtures are of; None where chance cannot be told.
        contest: Who is compared.
    """
    first, second = pairs[:, 0], pairs[:, 1]
    # Differences are taken before the means, so that identical denoisers differ by exactly zero.
    gain = estimate(contest.sign * (values.values[:, first] - values.values[:, second]), crossing)
    over_baseline = second == contest.baseline
    p_value = _tested(gain, over_baseline)
    ahead, behind = np.where(gain.mean > 0, (first, second), (second, first))
    doubtful = np.flatnonzero(values.lacking[ahead] & (gain.mean != 0))
    if doubtful.size:
        left = values.severe[:, ahead[doubtful]] - values.values[:, behind[doubtful]]
        lower = estimate(contest.sign * left, crossing)
        severe = np.where(lower.mean > 0, _tested(lower, over_baseline[doubtful]), 1.0)
        p_value[doubtful] = np.maximum(p_value[doubtful], severe)
    return Paired(first, second, gain, p_value)


def _tested(gain: Estimate, over_baseline: Flags) -> Floats:
    """Test gains, those over the baseline with the freedom that skewed ones have."""
    return np.where(over_baseline, two_sided(gain.skewed), two_sided(gain))
