"""Undo instantaneous bleed by least squares, given the clean mixture of all sources.

Every microphone hears a weighted sum of the sources, ``X = A S``, and ``m`` is the sum of the
sources as they shall be returned. What is minimised is

    |X - A S|² + |m - 1ᵀ S|²,  A_ii = 1, lowest <= A_ij <= highest,

in turns over S, without bounds, and over A, within them: neither step can raise it. Both see the
signals in their sums of products alone, (K+1) x (K+1) numbers, so the length of a song costs one
pass. The mixture is side information that nobody has in a studio. It does not tell A, to whose
K(K-1) unknowns it gives K equations: of all that fit it, one that is near the start is taken.

The start is the closed form for equal bleed, ``A_ij = c``. There all microphones together hear
``1ᵀ X = (1 + (K-1) c) m``, from where ``c`` is read, and the first step over S ends at
``S = (X - c 1 m) / (1 - c)``: nothing is left to minimise where bleed is equal.

"Bleeding removal via optimisation" of the program Audio-Bleeding-Removal (its-rajesh, 2023).
Departures: a step over A is the bounded optimum, for a free one that is clipped, after which the
sum could rise; one matrix for a song, for one in 25 samples; the start, for ``A = I``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.contract import Batch, DenoiserSpec
from benchmarks.signal.gram import gram

Matrix = NDArray[np.float64]

INSTANTANEOUS = "instantaneous mixing"
HIGHEST = 0.7
"""The most that a source is in another microphone, of what it is in its own: -3 dB."""

_LEAST_FALL = 1e-4
_NOTHING = 1e-10  # of the signals' energy: what 16 bits round is about as much
_MOST_STEPS = 1000
_MOST_SWEEPS = 100
_STEADY = 1e-12


class Fit(NamedTuple):
    """What was found of one song.

    Attributes:
        matrix: A, shape (microphones, sources), 1 on the diagonal.
        weights: Of the microphones and the mixture in each source, shape (sources,
            microphones + 1).
        objective: What is minimised, of the signals' energy, step by step.
    """

    matrix: Matrix
    weights: Matrix
    objective: tuple[float, ...]


@dataclass
class LeastSquares:
    """The system of the papers: alternating bounded least squares with the clean mixture.

    Attributes:
        lowest: Bound of the matrix off its diagonal.
        highest: The other one.
        block_s: Seconds that share a matrix, at least 1; None for the whole song.
        matrix: After a call the estimates of A, shape (batch, microphones, sources), the mean over
            the blocks.
    """

    lowest: float = 0.0
    highest: float = HIGHEST
    block_s: float | None = None
    matrix: Matrix | None = field(default=None, init=False, compare=False)

    spec = DenoiserSpec(
        name="least_squares",
        task="debleed",
        channels=1,
        needs=frozenset({"mixture"}),
        assumes=INSTANTANEOUS,
        citation="its-rajesh, Audio-Bleeding-Removal (optimisation), "
        "https://github.com/its-rajesh/Audio-Bleeding-Removal",
    )

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Mapping[str, Batch]) -> Batch:
        """Return the sources (batch, microphones, 1, time) that explain both kinds of signal."""
        length = batch.shape[-1]
        size = length if self.block_s is None else max(1, round(self.block_s * sampling_rate))
        count = max(1, length // size)  # what is left over belongs to the last block
        edges = [*(size * number for number in range(count)), length]
        estimates = np.empty_like(batch)
        matrices = []
        for item, (microphones, mixtures) in enumerate(zip(batch, side["mixture"], strict=True)):
            signals = np.concatenate([microphones[:, 0], mixtures[:1, 0]])
            fits = []
            for start, end in pairwise(edges):
                block = signals[:, start:end]
                fits.append(fit(gram(block), lowest=self.lowest, highest=self.highest))
                estimates[item, :, 0, start:end] = fits[-1].weights.astype(np.float32) @ block
            matrices.append(np.mean([one.matrix for one in fits], axis=0))
        self.matrix = np.stack(matrices)
        return estimates


def fit(products: Matrix, *, lowest: float = 0.0, highest: float = HIGHEST) -> Fit:
    """Find the matrix and the sources.

    Args:
        products: Sums over time of the products of the signals, the microphones' and last the
            mixture's, shape (microphones + 1, microphones + 1).
        lowest: Bound of the matrix off its diagonal.
        highest: The other one.
    """
    count = len(products) - 1
    sounding = np.flatnonzero(np.diagonal(products)[:-1] > 0)
    if len(sounding) < count:
        return _fit_some(products, sounding, lowest=lowest, highest=highest)
    products = products / np.trace(products)
    matrix = np.full((count, count), np.clip(_equal_bleed(products), lowest, highest))
    np.fill_diagonal(matrix, 1.0)
    objective: list[float] = []
    while True:
        stacked = np.vstack([matrix, np.ones(count)])
        weights = np.linalg.lstsq(stacked, np.eye(count + 1), rcond=None)[0]
        left = np.eye(count + 1) - stacked @ weights
        objective.append(float(((left @ products) * left).sum()))
        if _is_over(objective):
            return Fit(matrix, weights, tuple(objective))
        sources = weights @ products
        matrix = bounded_rows(
            sources @ weights.T, sources[:, :count].T, matrix, lowest=lowest, highest=highest
        )


def _fit_some(
    products: Matrix, sounding: NDArray[np.intp], *, lowest: float, highest: float
) -> Fit:
    """Fit what is not silent; whose microphone is silent is, and is heard nowhere."""
    count = len(products) - 1
    matrix, weights = np.eye(count), np.zeros((count, count + 1))
    if not len(sounding):
        return Fit(matrix, weights, ())
    kept = np.append(sounding, count)
    part = fit(products[np.ix_(kept, kept)], lowest=lowest, highest=highest)
    matrix[np.ix_(sounding, sounding)] = part.matrix
    weights[np.ix_(sounding, kept)] = part.weights
    return Fit(matrix, weights, part.objective)


def _is_over(objective: list[float]) -> bool:
    if objective[-1] <= _NOTHING or len(objective) > _MOST_STEPS:
        return True
    return len(objective) > 1 and objective[-2] - objective[-1] <= _LEAST_FALL * objective[-2]


def _equal_bleed(products: Matrix) -> float:
    """Return c, if all bleed were equal, from products of microphones and mixture."""
    count, power = len(products) - 1, products[-1, -1]
    if count < 2 or power <= 0:
        return 0.0
    heard = float(products[:-1, -1].sum() / power)
    return (heard - 1.0) / (count - 1)


def bounded_rows(
    sources: Matrix, crossed: Matrix, matrix: Matrix, *, lowest: float, highest: float
) -> Matrix:
    """Return the A within bounds and with ones on the diagonal that minimises ``|X - A S|²``.

    The sum is convex, and one coordinate after the other, of all rows at once, is set to its
    optimum until none moves. A source that is silent leaves its column as it was.

    Args:
        sources: ``S Sᵀ``, shape (sources, sources).
        crossed: ``X Sᵀ``, shape (microphones, sources).
        matrix: Where to start, shape (microphones, sources).
        lowest: Bound off the diagonal.
        highest: The other one.
    """
    matrix = matrix.copy()
    for _ in range(_MOST_SWEEPS):
        moved = 0.0
        for source, power in enumerate(np.diagonal(sources)):
            if power <= 0:
                continue
            step = (crossed[:, source] - matrix @ sources[:, source]) / power
            column = np.clip(matrix[:, source] + step, lowest, highest)
            column[source] = 1.0
            moved = max(moved, float(np.abs(column - matrix[:, source]).max()))
            matrix[:, source] = column
        if moved <= _STEADY:
            break
    return matrix
