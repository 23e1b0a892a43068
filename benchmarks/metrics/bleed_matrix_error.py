"""Compare the matrix by which sources bleed into microphones with that which estimates imply.

A mixture of K microphones X and K sources S is taken as X = A·S: row i of A tells how loud
microphone i hears every source. What explains the microphones best is A = X·S⁺, with the
pseudoinverse of the sources over the whole mixture; the estimates Y imply Â = X·Y⁺. Where paths
have delays or responses no matrix explains the microphones, and A is the nearest one.

A metric scores one target: the row of its microphone. ``bleed_matrix`` and ``matrix_error_db`` are
for whole matrices, such as that of a denoiser that estimates one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.contract import MetricSpec, Score
from benchmarks.metrics.reference import Signal, Tracks, Truth
from benchmarks.metrics.undefined import decibels, flaw
from mn_dataset.errors import InputError

Real = NDArray[np.float64]

BLEED_MATRIX_ERROR = MetricSpec(
    name="bleed_matrix_error",
    unit="dB",
    higher_is_better=False,
    range=(-100.0, 100.0),
    definition="20·log10(|â − a| / |a|), a and â the rows of the target's own microphone in "
    "A = X·S⁺ and Â = X·Y⁺, with the pseudoinverses of all targets S and of all estimates Y of the "
    "mixture, X its microphones; 0 dB is an error as large as the row.",
    citation="its-rajesh: IRMR, 2023, the programs of a network that predicts the matrix "
    "(https://github.com/its-rajesh/IRMR).",
    known_as="|Â − A|² of that project is of the matrix that its network predicts, summed over all "
    "rows and not relative. Where the estimates are the microphones times the inverse of a "
    "predicted matrix, Â is that matrix.",
    reasons={
        "no_microphones": "the mixture has no microphone for each of its targets",
        "silent_source": "another target of the mixture has no energy, or its estimate has none",
        "dependent_sources": "the mixture's targets, or their estimates, are sums of each other",
    },
)

_DEPENDENT = 1e-8  # −80 dB: the least that a sum of sources of unit energy may come to
_BLOCK = 1 << 16  # samples that are copied at a time


def bleed_matrix_error(estimate: Signal, truth: Truth) -> Score:
    """Return how far off the row of the bleed matrix is that the estimates imply, in dB.

    >>> from benchmarks.metrics.reference import Session
    >>> microphones = Tracks(np.array([[1.0, 0.5], [0.0, 1.0]]))
    >>> sources = np.eye(2)
    >>> truth = Truth(sources[0], 44_100, session=Session(microphones, Tracks(sources), 0))
    >>> with truth.scoring(sources[0], Tracks([sources[0], 0.5 * sources[1]])):
    ...     bleed_matrix_error(sources[0], truth).value.__round__(2)
    -6.99
    """
    if reason := flaw(estimate, truth, BLEED_MATRIX_ERROR):
        return BLEED_MATRIX_ERROR.undefined(reason)
    if truth.session is None or truth.estimates is None:
        return BLEED_MATRIX_ERROR.undefined("no_microphones")
    microphone = truth.session.microphones.signals[truth.session.number]
    rows = []
    for sources in (truth.session.targets, truth.estimates):
        inner = sources.recall(_inner_products)
        if reason := _why_singular(inner):
            return BLEED_MATRIX_ERROR.undefined(reason)
        rows.append(np.linalg.solve(inner, _products(sources.signals, [microphone]))[:, 0])
    true, implied = rows
    score = decibels(float(true @ true), float(np.square(implied - true).sum()))
    return Score(-score.value, score.reason)


def bleed_matrix(microphones: Sequence[Signal], sources: Sequence[Signal]) -> Real:
    """Return X·S⁺, shape (microphones, sources): how loud each microphone hears each source.

    >>> sources = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]])
    >>> bleed_matrix(np.array([[1.0, 0.5], [0.25, 1.0]]) @ sources, sources).round(9).tolist()
    [[1.0, 0.5], [0.25, 1.0]]

    Args:
        microphones: Each of shape (time,).
        sources: Each of that shape.

    Raises:
        InputError: if a source is silent, or sources are sums of each other.
    """
    inner = _products(sources, sources)
    if reason := _why_singular(inner):
        raise InputError(
            f"sources: {reason}; expected sources of which none is silent or a sum of the others"
        )
    return np.asarray(np.linalg.solve(inner, _products(sources, microphones)).T)


def matrix_error_db(estimated: Real, true: Real) -> float:
    """Return 20·log10(|Â − A| / |A|), Frobenius norms, in dB.

    >>> matrix_error_db(np.eye(2), np.array([[1.0, 0.1], [0.0, 1.0]])).__round__(2)
    -23.03
    """
    return -decibels(float(np.square(true).sum()), float(np.square(estimated - true).sum())).value


def _inner_products(tracks: Tracks) -> Real:
    return _products(tracks.signals, tracks.signals)


def _products(left: Sequence[Signal], right: Sequence[Signal]) -> Real:
    """Return the inner product of every left signal with every right one."""
    total = np.zeros((len(left), len(right)))
    for first in range(0, len(left[0]), _BLOCK):
        block = slice(first, first + _BLOCK)
        ours, theirs = (
            np.stack([signal[block] for signal in signals]).astype(np.float64)
            for signals in (left, right)
        )
        total += ours @ theirs.T
    return total


def _why_singular(inner: Real) -> str | None:
    """Return the reason why inner products of sources have no inverse, or None."""
    energies = np.diag(inner)
    if not np.isfinite(inner).all():
        return "non_finite"
    if not energies.all():
        return "silent_source"
    scales = np.sqrt(energies)
    least = np.linalg.eigvalsh(inner / np.outer(scales, scales))[0]
    return "dependent_sources" if least <= _DEPENDENT else None
