"""Project an estimate on references with delays of 0 … 511 samples, as BSS Eval does.

The taps solve a system of 512 rows per reference, the inner products of all at all delays. It is
factored once for all estimates of a mixture (Cholesky: batched LU hangs in some builds of LAPACK);
in a session the part of all targets once for every one of them, and the bleed of a microphone is a
border around it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from benchmarks.metrics.correlation import LAGS, Analysed, analyse, correlate
from benchmarks.metrics.reference import Session, Tracks, Truth

Real = NDArray[np.float64]
Solver = Callable[[Real], Real]

CANCELS = 1e-6
"""Share under which a difference of energies has too few good digits."""


@dataclass(frozen=True)
class System:
    """The references of a mixture, and what solves for their taps.

    Attributes:
        references: Each of shape (time,).
        analysed: The same.
        own: Which taps are those of the clean signal.
        alone: Solves for these.
        together: Solves for all, from as many correlations.
    """

    references: list[Real]
    analysed: list[Analysed]
    own: slice
    alone: Solver
    together: Solver


def system_of(truth: Truth) -> System:
    """Return the system of clean signal and noise, or of a session's targets and the bleed."""
    return _of_session(truth) if truth.session else _of_noise(truth)


def _of_noise(truth: Truth) -> System:
    references = [truth.signal, truth.noise]
    analysed = [analyse(signal) for signal in references]
    matrix = _inner_products(references, analysed)
    own = slice(0, LAGS)
    return System(references, analysed, own, _solver(matrix[own, own]), _solver(matrix))


@dataclass(frozen=True)
class _Joint:
    """The targets of a session that sound: their numbers, and what solves for the taps of all."""

    numbers: list[int]
    references: list[Real]
    analysed: list[Analysed]
    solve: Solver


def _joint(targets: Tracks) -> _Joint:
    numbers = [number for number, signal in enumerate(targets.signals) if np.any(signal)]
    references = [np.asarray(targets.signals[number], dtype=np.float64) for number in numbers]
    analysed = [analyse(signal) for signal in references]
    return _Joint(numbers, references, analysed, _solver(_inner_products(references, analysed)))


def _of_session(truth: Truth) -> System:
    """Return the system of all targets, factored once for all of them, and of the bleed."""
    session = cast(Session, truth.session)
    joint = session.targets.recall(_joint)
    first = LAGS * joint.numbers.index(session.number)
    own, noise = slice(first, first + LAGS), truth.noise
    alone = _solver(linalg.toeplitz(joint.analysed[first // LAGS].autocorrelation))
    ahead = [correlate(one, noise) for one in joint.analysed]
    at_once = np.concatenate(ahead)
    energy = float(np.dot(noise, noise))
    left = energy - float(np.dot(joint.solve(at_once), at_once))
    if left <= CANCELS * energy:  # as where paths are gains: the bleed is their sum
        return System(joint.references, joint.analysed, own, alone, joint.solve)
    bleed = analyse(noise)
    across = np.vstack(
        [
            linalg.toeplitz(forth, correlate(bleed, signal))
            for forth, signal in zip(ahead, joint.references, strict=True)
        ]
    )
    together = _bordered(joint.solve, across, linalg.toeplitz(bleed.autocorrelation))
    return System([*joint.references, noise], [*joint.analysed, bleed], own, alone, together)


def _inner_products(references: list[Real], analysed: list[Analysed]) -> Real:
    """Return those of all references at all delays, 512 rows per reference."""
    blocks = [[np.empty(0)] * len(references) for _ in references]
    for one, left in enumerate(analysed):
        blocks[one][one] = linalg.toeplitz(left.autocorrelation)
        for other in range(one + 1, len(references)):
            ahead = correlate(left, references[other])
            behind = correlate(analysed[other], references[one])
            blocks[one][other] = linalg.toeplitz(ahead, behind)
            blocks[other][one] = blocks[one][other].T
    return np.block(blocks)


def _bordered(solve: Solver, across: Real, corner: Real) -> Solver:
    """Return what solves a system that has some rows and columns more than a solved one."""
    weights, size = solve(across), len(across)
    rest = _solver(corner - across.T @ weights)

    def together(right: Real) -> Real:
        last = rest(right[size:] - weights.T @ right[:size])
        return np.concatenate([solve(right[:size]) - weights @ last, last])

    return together


def _solver(matrix: Real) -> Solver:
    """Factor once; a system that is singular in double precision takes the shortest taps."""
    try:
        factor = linalg.cho_factor(matrix)
    except linalg.LinAlgError:
        return lambda right: np.asarray(linalg.lstsq(matrix, right)[0])
    return lambda right: np.asarray(linalg.cho_solve(factor, right))
