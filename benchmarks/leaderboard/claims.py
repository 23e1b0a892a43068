"""Test what is claimed of a denoiser: that it beats doing nothing, or every classical denoiser.

The best classical denoiser of a cell is chosen after the fact. A learned one is surely better than
it if it is surely better than every classical one, each tested by itself (the intersection-union
test: Berger, "Multiparameter hypothesis testing and acceptance sampling", Technometrics 24(4),
1982): then it is better than whichever was chosen, and the choice needs no correction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.leaderboard.inference import Floats, holm
from benchmarks.leaderboard.paired import Paired
from benchmarks.leaderboard.ranking import BASELINE, Contest, Numbers

BEST_CLASSICAL = "best_classical"
"""The family of the learned blind denoisers against the best classical one; the other is noisy."""

COLUMNS = ("family", "denoiser", "opponent", "n", "difference", "ci_low", "ci_high", "p_value")
"""Of the rows of claims."""


@dataclass(frozen=True)
class Claims:
    """Denoisers against one opponent, in one cell and metric.

    Attributes:
        family: "noisy" or ``BEST_CLASSICAL``.
        n: Mixtures, the same for all.
        denoiser: Whose claim it is.
        opponent: Whom it is compared with.
        difference: By how much it is better: positive is better.
        half_width: Half of the difference's 95 % interval, against this opponent alone.
        p_value: Two-sided, Holm over the denoisers of the family.
    """

    family: str
    n: int
    denoiser: Numbers
    opponent: Numbers
    difference: Floats
    half_width: Floats
    p_value: Floats

    def rows(self, names: Sequence[str]) -> list[tuple[object, ...]]:
        """Return a row of ``COLUMNS`` per denoiser, with names."""
        columns = (
            [self.family] * len(self.denoiser),
            [names[number] for number in self.denoiser],
            [names[number] for number in self.opponent],
            [self.n] * len(self.denoiser),
            self.difference.tolist(),
            (self.difference - self.half_width).tolist(),
            (self.difference + self.half_width).tolist(),
            self.p_value.tolist(),
        )
        return list(zip(*columns, strict=True))


def over_baseline(gains: Paired, contest: Contest, *, n: int) -> Claims:
    """Claim that denoisers help at all; rows that are references claim nothing.

    Args:
        gains: Of each denoiser over the baseline.
        contest: Who is compared.
        n: How many mixtures they stand on.
    """
    tested = np.array([contest.groups[number] != "reference" for number in gains.first], dtype=bool)
    gains = gains.only(tested)
    return Claims(
        family=BASELINE,
        n=n,
        denoiser=gains.first,
        opponent=gains.second,
        difference=gains.gain.mean,
        half_width=gains.gain.half_width,
        p_value=holm(gains.p_value),
    )


def over_best_classical(pairs: Paired, means: Floats, contest: Contest, *, n: int) -> Claims:
    """Claim that learned blind denoisers are better than the best classical blind one.

    Args:
        pairs: Of ``contest.pairs``.
        means: Of each denoiser, over the mixtures of the pairs.
        contest: Who is compared.
        n: How many mixtures they stand on.

    Returns:
        A claim per learned denoiser. Its p-value is the largest of those against every classical
        denoiser, 1 where one of these has the better mean.
    """
    blind = np.flatnonzero(np.array(contest.groups) == "blind")
    is_learned = np.isin(blind, list(contest.learned))
    learned, classical = blind[is_learned], blind[~is_learned]
    if not (learned.size and classical.size and pairs.first.size):
        nobody, nothing = np.empty(0, dtype=np.intp), np.empty(0)
        return Claims(BEST_CLASSICAL, n, nobody, nobody, nothing, nothing, nothing)
    size = len(contest.groups)
    place, sign = np.zeros((size, size), dtype=np.intp), np.zeros((size, size))
    place[pairs.first, pairs.second] = place[pairs.second, pairs.first] = range(len(pairs.first))
    sign[pairs.first, pairs.second], sign[pairs.second, pairs.first] = 1.0, -1.0
    met = np.ix_(learned, classical)
    gains = sign[met] * pairs.gain.mean[place[met]]
    p_values = np.where(gains > 0, pairs.p_value[place[met]], 1.0)
    best = int(np.argmax(contest.sign * means[classical]))
    return Claims(
        family=BEST_CLASSICAL,
        n=n,
        denoiser=learned,
        opponent=np.full(len(learned), classical[best]),
        difference=gains[:, best],
        half_width=pairs.gain.half_width[place[met][:, best]],
        p_value=holm(p_values.max(axis=1)),
    )
