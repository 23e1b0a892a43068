"""Estimate how far a mean may be off when mixtures share recordings of one kind, or of two.

A value is taken as the mean of its cell of the design (noise class and SNR, which are no matter of
chance), an effect of its recording of the first kind (the clean one), one of that of the second
kind (the noise), and one of the pair of them with what is left. The interval is of the plain mean
over the mixtures, for other recordings of these classes at these SNRs. Its variance is estimated by
that quadratic form in the sums of residuals per recording of either kind and per pair which is
unbiased for whatever pairs and cells there are. With many recordings it is the two-way
cluster-robust variance (Cameron, Gelbach, Miller, "Robust inference with multiway clustering",
Journal of Business & Economic Statistics 29(2), 2011). The degrees of freedom are Satterthwaite's
("An approximate distribution of estimates of variance components", Biometrics Bulletin 2(6), 1946),
but no more than half as many again as recordings are left to compare on the smaller axis: with two
or three left the estimate is now and then huge, and the p-value then far too small. With only one
left the quantile is the weighted mean of the axes' own (Cochran and Cox, "Experimental Designs",
1950), within the same bound, which errs on the wide side.

Redrawing both kinds of recordings (Owen, "The pigeonhole bootstrap", Annals of Applied Statistics
1(2), 2007) asks the same question, but with few recordings its percentiles are too narrow, and its
p-values end at one over the number of draws. docs/statistics.md has what simulations tell of both.

Where there is one kind of recordings only, the variance is the cluster-robust one, unbiased where
recordings alone have effects, and the quantile that of as many degrees of freedom as recordings are
left to compare: without cells G − 1 for G of them (Cameron and Miller, "A practitioner's guide to
cluster-robust inference", Journal of Human Resources 50(2), 2015).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.leaderboard.inference import Estimate, Floats, freedom_of, quantile

Labels = NDArray[Any]

RANKED_RECORDINGS = 3
"""Of each kind in one class, for ranks: of two, no p-value survives the correction for pairs."""

RANKED_MIXTURES = 12
"""For ranks."""

_MOST_FREEDOM = 1.5  # times that of the smaller axis: Satterthwaite's, as estimated, may be huge


@dataclass(frozen=True)
class Crossing:
    """Which recordings of two kinds met.

    Attributes:
        pair: Number of each mixture's pair among the pairs.
        first: Number of each pair's recording of the first kind.
        second: Number of each pair's recording of the second kind.
        cell: Number of each mixture's cell of the design, whose mean is no matter of chance.
    """

    pair: NDArray[np.intp]
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    cell: NDArray[np.intp]

    def errors(self, values: Floats) -> tuple[Floats, Floats]:
        """Estimate how far the mean of every column may be off.

        Args:
            values: Shape (mixtures, columns).

        Returns:
            Standard errors, and their degrees of freedom.
        """
        residuals = _added(_residuals(values, self.cell), self.pair)
        by_axis = [_added(residuals, codes) for codes in (self.first, self.second)]
        sums = np.stack([(part**2).sum(axis=0) for part in (*by_axis, residuals)])
        effects = self._solver @ sums
        unbiased = self._weights @ sums
        variance, left = np.maximum(unbiased, 0.0), np.ones_like(unbiased)
        for number, (floor, freedom_left) in enumerate(self._floors(residuals)):
            if number == 0:
                effects[2] = floor / self.shares[2]
            left = np.where(floor > variance, freedom_left, left)
            variance = np.maximum(variance, floor)
        effects = np.maximum(effects, 0.0)
        if min(self.left) == 1:
            freedom = self._wide(sums)
        else:
            wobble = (effects * (self._moments @ effects)).sum(axis=0)
            fitted = variance**2 / np.where(wobble > 0, wobble, np.inf)
            freedom = np.where(variance > unbiased, left, fitted)
        error: Floats = np.sqrt(variance)
        return error, np.clip(freedom, 1.0, _MOST_FREEDOM * min(self.left))

    @property
    def resolved(self) -> bool:
        """Whether there are enough recordings of both kinds, and mixtures, to rank denoisers."""
        return min(self.left) >= RANKED_RECORDINGS - 1 and len(self.pair) >= RANKED_MIXTURES

    @property
    def axes(self) -> tuple[int, int]:
        """How many recordings of each kind there are."""
        return int(self.first.max()) + 1, int(self.second.max()) + 1

    @cached_property
    def left(self) -> tuple[int, int]:
        """How many recordings of each kind are left to compare, once cells have their own means."""
        first, second = (
            _left(_met(codes[self.pair], self.cell)) for codes in (self.first, self.second)
        )
        return first, second

    @cached_property
    def shares(self) -> Floats:
        """What a unit of each effect's variance adds to the variance of the mean."""
        margins = [np.bincount(codes, self._met) for codes in (self.first, self.second)]
        squares = [(part**2).sum() for part in (*margins, self._met)]
        return np.array(squares, dtype=np.float64) / float(self._met.sum()) ** 2

    @cached_property
    def _met(self) -> Floats:
        return np.bincount(self.pair).astype(np.float64)

    @cached_property
    def _cells(self) -> Floats:
        """M: of each pair (rows) how often it is in a cell, over the square root of its size."""
        met = _met(self.pair, self.cell)
        return np.asarray(met / np.sqrt(met.sum(axis=0)))

    @cached_property
    def _members(self) -> Floats:
        """Z: which recordings (columns, those of the first kind first) each pair (rows) is of."""
        first = np.eye(self.axes[0])[self.first]
        return np.hstack([first, np.eye(self.axes[1])[self.second]])

    def _centred(self, columns: Floats) -> Floats:
        """Apply L = diag(n) − MM′, which makes sums of residuals of the pairs' means."""
        centre = self._cells @ (self._cells.T @ columns)
        return np.asarray(self._met[:, np.newaxis] * columns - centre)

    def _blocks(self, squares: Floats, beside: Floats, corner: float) -> Floats:
        """Sum squares over the three kinds of effects, in rows and in columns."""
        ends = [0, self.axes[0]]
        inner = np.add.reduceat(np.add.reduceat(squares, ends, axis=0), ends, axis=1)
        outer = np.add.reduceat(beside, ends)[:, np.newaxis]
        return np.block([[inner, outer], [outer.T, np.array([[corner]])]])

    @cached_property
    def _expected(self) -> Floats:
        """What a unit of each effect's variance (columns) adds to each sum of squares (rows)."""
        moved = self._centred(self._members)
        corner = _expected_squares(self._met, self._cells)
        return self._blocks((self._members.T @ moved) ** 2, (moved**2).sum(axis=0), corner)

    @cached_property
    def _solver(self) -> Floats:
        """What makes variances of the effects of sums; those that always come together share."""
        return np.asarray(np.linalg.pinv(self._expected, rcond=1e-10, hermitian=True))

    @cached_property
    def _weights(self) -> Floats:
        """The weights of the three sums of squares in the variance of the mean."""
        return np.asarray(self._solver @ self.shares)

    @cached_property
    def _moments(self) -> Floats:
        """Half the variance of the estimated variance, as a form in the effects' variances.

        The estimate is z′Fz in the means z of the pairs, F = LQL with Q = Σ w Z Z′; its variance
        is 2·tr(FΣFΣ), so the entries are the squared norms of Z_p′FZ_q.
        """
        met, cells, last = self._met, self._cells, self._weights[2]
        weights = np.repeat(self._weights[:2], self.axes)
        once = self._centred(self._members)
        twice = self._centred(once)
        single, double = self._members.T @ once, once.T @ once
        inner = single * weights @ single + last * double
        outer = single * weights @ once.T + last * twice.T
        none, same = np.zeros(2 * (cells.shape[1],)), np.eye(cells.shape[1])
        spikes = np.hstack([met[:, np.newaxis] * cells, cells])
        mix = np.block(
            [[none, -same], [-same, cells.T @ cells]]
        )  # L² = diag(n²) + spikes·mix·spikes′
        product = mix @ (spikes.T @ spikes)
        squared = (
            (met**4).sum()
            + 2 * np.trace(mix @ (spikes.T @ (met[:, np.newaxis] ** 2 * spikes)))
            + np.trace(product @ product)
        )
        corner = (
            weights @ double**2 @ weights
            + 2 * last * weights @ (twice**2).sum(axis=0)
            + last**2 * squared
        )
        return self._blocks(inner**2, (outer**2).sum(axis=1), corner)

    @cached_property
    def _fits(self) -> list[tuple[Floats, Floats, int]]:
        """Return how cells and effects of both kinds, and of each alone, are fitted to the pairs.

        That is which recordings and cells each pair is of, what solves for their effects, and how
        many pairs are left over.
        """
        ends, fits = self.axes[0], []
        cells = _met(self.pair, self.cell) / self._met[:, np.newaxis]
        for recordings in (self._members, self._members[:, :ends], self._members[:, ends:]):
            members = np.hstack([recordings, cells])
            gram = members.T @ members
            left = len(members) - int(np.linalg.matrix_rank(gram, hermitian=True))
            if left:
                solver: Floats = np.asarray(np.linalg.pinv(gram, hermitian=True), np.float64)
                fits.append((members, solver, left))
        return fits

    def _floors(self, residuals: Floats) -> list[tuple[Floats, int]]:
        """Return what pairs alone add to the variance of the mean, each with its freedom.

        It is what is left of the pairs' means once effects are fitted: of both kinds (first), and
        of one kind, whereupon it holds a part of the other's too, and is still a lower bound.
        """
        met = self._met[:, np.newaxis]
        means, floors = residuals / met, []
        for members, solver, left in self._fits:
            rest = met * (means - members @ (solver @ (members.T @ means)))
            share = len(members) / left / float(self._met.sum()) ** 2
            floors.append(((rest**2).sum(axis=0) * share, left))
        return floors

    def _wide(self, sums: Floats) -> Floats:
        """Return the freedom whose quantile is the weighted mean of the two axes' quantiles."""
        parts = (self.shares / np.diag(self._expected))[:2, np.newaxis] * sums[:2]
        first, second = (quantile(np.array(float(left))) for left in self.left)
        whole = parts.sum(axis=0)
        share = np.divide(parts[0], whole, out=np.full_like(whole, 0.5), where=whole > 0)
        return freedom_of(share * first + (1.0 - share) * second)


@dataclass(frozen=True)
class Clustering:
    """Which recordings mixtures are of, where all are of one kind.

    Attributes:
        cluster: Number of each mixture's recording.
        cell: Number of each mixture's cell of the design, whose mean is no matter of chance.
    """

    cluster: NDArray[np.intp]
    cell: NDArray[np.intp]

    def errors(self, values: Floats) -> tuple[Floats, Floats]:
        """Estimate how far the mean of every column may be off; see ``Crossing.errors``."""
        sums = _added(_residuals(values, self.cell), self.cluster)
        met = _met(self.cluster, self.cell)
        sizes, cells = met.sum(axis=1), met / np.sqrt(met.sum(axis=0))
        expected = _expected_squares(sizes, cells)
        variance = (sums**2).sum(axis=0) * (sizes**2).sum() / expected / len(values) ** 2
        return np.sqrt(variance), np.full(values.shape[1], float(self.left))

    @cached_property
    def left(self) -> int:
        """How many recordings are left to compare, once cells have means of their own."""
        return _left(_met(self.cluster, self.cell))

    @property
    def resolved(self) -> bool:
        """Whether there are enough recordings and mixtures to rank denoisers."""
        return self.left >= RANKED_RECORDINGS - 1 and len(self.cluster) >= RANKED_MIXTURES


def estimate(values: Floats, crossing: Crossing | Clustering | None) -> Estimate:
    """Estimate the mean of every column, and how far it may be off.

    Args:
        values: Shape (mixtures, columns), finite.
        crossing: Which recordings the mixtures are of; None where chance cannot be told.

    >>> crossing = crossed(np.array([*"aabb"]), np.array([*"xyxy"]))
    >>> estimate(np.array([[1.0], [2.0], [3.0], [4.0]]), crossing).error.round(3).tolist()
    [1.118]
    """
    mean = values.mean(axis=0)
    if crossing is None:
        return Estimate(mean, *np.full((2, len(mean)), np.nan))
    return Estimate(mean, *crossing.errors(values), left=float(np.min(crossing.left)))


def crossed(
    first: Labels, second: Labels | None, *, cells: Sequence[Labels] = ()
) -> Crossing | Clustering | None:
    """Find which recordings met; None with under two of a kind, where chance cannot be told.

    Args:
        first: Names or numbers of each mixture's recording of the first kind (or its group).
        second: The same of the second kind; None where there is one kind only.
        cells: Names or numbers of each mixture's cell of the design, from the finest division to
            the coarsest: the first that leaves recordings of every kind to compare within cells
            counts. If none does, as where every class has one noise and every noise one SNR, all
            mixtures are one cell.
    """
    axes = [
        np.unique(names, return_inverse=True)[1] for names in (first, second) if names is not None
    ]
    sizes = [int(codes.max(initial=-1)) + 1 for codes in axes]
    if min(sizes) < 2:
        return None
    divisions = [np.unique(names, return_inverse=True)[1] for names in cells]
    cell = next(
        (codes for codes in divisions if all(_left(_met(axis, codes)) for axis in axes)),
        np.zeros(len(first), dtype=np.intp),
    )
    if len(axes) == 1:
        return Clustering(axes[0], cell)
    pairs, pair = np.unique(axes[0] * sizes[1] + axes[1], return_inverse=True)
    return Crossing(pair, pairs // sizes[1], pairs % sizes[1], cell)


def _met(codes: NDArray[np.intp], cell: NDArray[np.intp]) -> Floats:
    """Count the mixtures of each recording or pair (rows) in each cell (columns)."""
    shape = int(codes.max()) + 1, int(cell.max()) + 1
    counts = np.bincount(codes * shape[1] + cell, minlength=shape[0] * shape[1])
    return counts.reshape(shape).astype(np.float64)


def _expected_squares(met: Floats, cells: Floats) -> float:
    """Return what a unit of their effects' variance adds to the squared sums of residuals.

    Args:
        met: How many mixtures each recording or pair has.
        cells: M: how many of them are in each cell, over the square root of its size.
    """
    squares = (met**2).sum() - 2 * met @ (cells**2).sum(axis=1) + ((cells.T @ cells) ** 2).sum()
    return float(squares)


def _left(met: Floats) -> int:
    """Return the rank of sums of residuals: recordings less the groups of cells that share none."""
    scaled = met / np.sqrt(np.outer(met.sum(axis=1), met.sum(axis=0)))
    # One singular value of one per group, all others are less.
    whole = np.linalg.eigvalsh(scaled.T @ scaled) > 1.0 - 1e-9
    return len(met) - int(whole.sum())


def _residuals(values: Floats, cell: NDArray[np.intp]) -> Floats:
    """Take the mean of its cell off every value."""
    means = _added(values, cell) / np.bincount(cell)[:, np.newaxis]
    return np.asarray(values - means[cell])


def _added(values: Floats, codes: NDArray[Any]) -> Floats:
    """Add up rows of one code, codes 0 … most."""
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(codes.max() + 1))
    added: Floats = np.add.reduceat(values[order], starts, axis=0)
    return added
