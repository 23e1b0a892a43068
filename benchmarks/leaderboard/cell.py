"""Compare the denoisers in one cell, in one metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.leaderboard import claims as claiming
from benchmarks.leaderboard import standing
from benchmarks.leaderboard.claims import Claims
from benchmarks.leaderboard.duels import Duels, duels
from benchmarks.leaderboard.imputation import filled
from benchmarks.leaderboard.inference import Floats
from benchmarks.leaderboard.influence import Recordings
from benchmarks.leaderboard.paired import paired
from benchmarks.leaderboard.ranking import Contest, Numbers, ranks
from benchmarks.leaderboard.score_matrix import Crossings
from benchmarks.leaderboard.standing import Standing


@dataclass(frozen=True)
class Cell:
    """One cell in one metric.

    Attributes:
        values: Shape (mixtures, denoisers); NaN is undefined.
        seconds: Length of each mixture.
        crossings: Which recordings met.
        recordings: Of which recordings the mixtures are, per kind.
    """

    values: Floats
    seconds: Floats
    crossings: Crossings
    recordings: Sequence[Recordings] = ()


@dataclass(frozen=True)
class Outcome:
    """How the denoisers of a cell stand.

    Attributes:
        standings: One per denoiser.
        duels: Of the ranked ones; None where the cell is too small for ranks.
        claims: Per family, of those that have a value; none where the cell is too small.
    """

    standings: list[Standing]
    duels: Duels | None
    claims: tuple[Claims, ...]


def compare(cell: Cell, contest: Contest) -> Outcome:
    """Compare denoisers over the mixtures on which any of them has a value.

    Tests and ranks rest on all of them, with missing values filled in (see ``imputation``). Means
    and medians rest on those that the denoisers share (see ``standing.shared_support``).

    Args:
        cell: The values, and which recordings they are of.
        contest: Who is compared, and how.
    """
    defined = np.isfinite(cell.values)
    counts, anybody = defined.sum(axis=0), np.asarray(defined.any(axis=1))
    contest, n = contest.among(counts > 0), int(anybody.sum())
    if not n:
        return Outcome([Standing(n=0) for _ in counts], None, ())
    crossing = cell.crossings(anybody)
    is_resolved = crossing is not None and crossing.resolved
    values = filled(cell.values[anybody], contest)
    pairs = contest.pairs() if is_resolved else np.empty((0, 2), dtype=np.intp)
    tests = paired(values, np.vstack([pairs, _with_baseline(contest)]), crossing, contest)
    ranked, gains = tests.only(slice(len(pairs))), tests.only(slice(len(pairs), None))
    fought = duels(ranked, contest, n=n)
    helping = claiming.over_baseline(gains, contest, n=n)
    columns = {
        **standing.means(cell.values, defined, cell.crossings, cell.seconds),
        **standing.spread(values.values, contest),
        **standing.over_baseline(
            values.values,
            helping,
            [Recordings(kind.codes[anybody], kind.names) for kind in cell.recordings],
            contest,
        ),
        "resolved": [is_resolved] * len(counts),
    }
    if not is_resolved:
        return Outcome(standing.rows(counts, columns), None, ())
    first, last = ranks(fought.better[fought.sure], fought.worse[fought.sure], contest)
    columns |= {"rank": first, "rank_high": last}
    learned = claiming.over_best_classical(ranked, values.values.mean(axis=0), contest, n=n)
    return Outcome(standing.rows(counts, columns), fought, (helping, learned))


def _with_baseline(contest: Contest) -> Numbers:
    """Return the pairs of every denoiser that has a value with the baseline, if there is one."""
    baseline = contest.baseline
    present = [number for number, group in enumerate(contest.groups) if group]
    pairs = [
        (number, baseline) for number in present if baseline is not None and number != baseline
    ]
    return np.array(pairs, dtype=np.intp).reshape(-1, 2)
